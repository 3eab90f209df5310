#include "node/runtime/client_port.h"

#include "flatbuffers/wire_client.h"

namespace weft::node {

Result<void> ClientPort::write(ClientRef to, routing::ToClient message,
                               const wire::FrameHeader& header) {
    auto* reply = std::get_if<Reply>(&message);
    const std::size_t bytes = reply == nullptr ? 0 : reply->payload.size();
    if (bytes <= kLargeReplyBytes) return put(to, message, header);
    if (large_bytes_ + bytes > kLargeWaitingMax) return send_large({to, std::move(*reply)}, header);
    large_bytes_ += bytes;
    hold(to);
    large_.push_back({to, std::move(*reply)});
    return {};
}

Result<void> ClientPort::write_large(const wire::FrameHeader& header, std::size_t& bytes) {
    const Large large = std::move(large_.front());
    large_.pop_front();
    large_bytes_ -= large.reply.payload.size();
    bytes += large.reply.payload.size();
    return send_large(large, header);
}

Result<void> ClientPort::send_large(const Large& large, const wire::FrameHeader& header) {
    auto frame = wire::shared_frame(large.reply, header);
    if (!frame) return put(large.to, large.reply, header);  // which refuses it
    count(large.to, router_.send(large.to, {.begin = frame->begin,
                                            .shared = std::move(frame->shared),
                                            .end = frame->end}));
    return {};
}

Result<void> ClientPort::put(ClientRef to, const routing::ToClient& message,
                             const wire::FrameHeader& header) {
    auto place = written_.find(to);
    if (place == written_.end()) place = written_.emplace(to, take_writer()).first;
    wire::FrameWriter& frame = place->second;
    const auto send_now = [&] { send(to, frame, header); };
    auto added =
        wire::add_or_begin_anew(frame, [&] { return wire::write(frame, message); }, send_now);
    if (!added) {
        const routing::ToClient refusal = wire::too_large(message, added.error());
        // Of fixed size, and the frame is empty: it fits.
        static_cast<void>(wire::write(frame, refusal));
    }
    if (frame.bytes() >= wire::kFrameCloseBytes) {
        send_now();
        free_.push_back(std::move(frame));
        written_.erase(place);
    }
    return added;
}

wire::FrameWriter ClientPort::take_writer() {
    if (free_.empty()) return {};
    wire::FrameWriter writer = std::move(free_.back());
    free_.pop_back();
    return writer;
}

void ClientPort::flush(const wire::FrameHeader& header, Rejects& rejects,
                       std::deque<Event>& events) {
    for (auto& [to, frame] : written_) {
        if (!frame.empty()) send(to, frame, header);
        free_.push_back(std::move(frame));
    }
    written_.clear();
    for (const ClientRef client : finished_) {
        router_.finish(client);
        gone_.push_back(client);
    }
    finished_.clear();
    if (free_.size() > kWritersKept) {
        free_.erase(free_.begin(), free_.end() - kWritersKept);
        free_.shrink_to_fit();
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
    count(to, router_.send(to, frame.seal(header)));
}

void ClientPort::count(ClientRef to, transport::SendResult result) {
    if (result == transport::SendResult::Gone) gone_.push_back(to);
    if (result != transport::SendResult::Sent) ++dropped_;
}

}  // namespace weft::node
