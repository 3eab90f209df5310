#include "node/runtime/client_port.h"

#include "flatbuffers/wire_client.h"

namespace weft::node {

void ClientPort::write(ClientRef to, const routing::ToClient& message,
                       const wire::FrameHeader& header) {
    const auto [place, fresh] = written_.try_emplace(to, written_.size());
    if (fresh && writers_.size() < written_.size()) writers_.emplace_back();
    wire::FrameWriter& frame = writers_[place->second];
    wire::write(frame, message);
    if (frame.bytes() >= wire::kFrameCloseBytes) send(to, frame, header);
}

void ClientPort::flush(const wire::FrameHeader& header, Rejects& rejects,
                       std::deque<Event>& events) {
    drain();
    for (const auto& [to, place] : written_)
        if (!writers_[place].empty()) send(to, writers_[place], header);
    written_.clear();
    if (writers_.size() > kWritersKept) {
        writers_.resize(kWritersKept);
        writers_.shrink_to_fit();
    }
    for (const ClientRef client : gone_) events.push_back(ClientGone{client});
    gone_.clear();
    for (; dropped_ > 0; --dropped_) rejects.add(Reject::NotDelivered);
}

void ClientPort::send(ClientRef to, wire::FrameWriter& frame, const wire::FrameHeader& header) {
    const std::string_view bytes = frame.seal(header);
    auto queue = waiting_.find(to);
    transport::SendResult result = transport::SendResult::Full;
    if (queue == waiting_.end()) result = router_.send(to, bytes);
    if (result == transport::SendResult::Gone) {
        gone_.push_back(to);
        ++dropped_;
    }
    if (result != transport::SendResult::Full) return;
    if (queue == waiting_.end()) queue = waiting_.try_emplace(to, kClientBytesMax).first;
    if (!queue->second.push(bytes)) ++dropped_;
}

void ClientPort::drain() {
    for (auto entry = waiting_.begin(); entry != waiting_.end();) {
        FrameQueue& queue = entry->second;
        transport::SendResult result = transport::SendResult::Sent;
        while (!queue.empty() && result == transport::SendResult::Sent) {
            result = router_.send(entry->first, queue.front());
            if (result == transport::SendResult::Sent) queue.pop();
        }
        if (result == transport::SendResult::Gone) gone_.push_back(entry->first);
        entry = result == transport::SendResult::Full ? std::next(entry) : waiting_.erase(entry);
    }
}

}  // namespace weft::node
