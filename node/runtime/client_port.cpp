#include "node/runtime/client_port.h"

#include "flatbuffers/wire_client.h"

namespace weft::node {

Result<void> ClientPort::write(ClientRef to, const routing::ToClient& message,
                               const wire::FrameHeader& header) {
    const auto [place, fresh] = written_.try_emplace(to, written_.size());
    if (fresh && writers_.size() < written_.size()) writers_.emplace_back();
    wire::FrameWriter& frame = writers_[place->second];
    const auto send_now = [&] { send(to, frame, header); };
    auto added =
        wire::add_or_begin_anew(frame, [&] { return wire::write(frame, message); }, send_now);
    if (!added) {
        const routing::ToClient refusal = wire::too_large(message, added.error());
        // Of fixed size, and the frame is empty: it fits.
        static_cast<void>(wire::write(frame, refusal));
    }
    if (frame.bytes() >= wire::kFrameCloseBytes) send_now();
    return added;
}

void ClientPort::flush(const wire::FrameHeader& header, Rejects& rejects,
                       std::deque<Event>& events) {
    for (const auto& [to, place] : written_)
        if (!writers_[place].empty()) send(to, writers_[place], header);
    written_.clear();
    for (const ClientRef client : finished_) {
        router_.finish(client);
        gone_.push_back(client);
    }
    finished_.clear();
    if (writers_.size() > kWritersKept) {
        writers_.resize(kWritersKept);
        writers_.shrink_to_fit();
    }
    for (const ClientRef client : gone_) events.push_back(ClientGone{client});
    gone_.clear();
    for (; dropped_ > 0; --dropped_) rejects.add(Reject::NotDelivered);
}

void ClientPort::finish(ClientRef client) {
    router_.ignore(client);
    finished_.push_back(client);
}

// The session knows a reply that is dropped.
void ClientPort::send(ClientRef to, wire::FrameWriter& frame, const wire::FrameHeader& header) {
    const transport::SendResult result = router_.send(to, frame.seal(header));
    if (result == transport::SendResult::Gone) gone_.push_back(to);
    if (result != transport::SendResult::Sent) ++dropped_;
}

}  // namespace weft::node
