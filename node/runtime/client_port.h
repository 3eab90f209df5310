#pragma once
// The client port: replies of a round leave as one frame per connection. The port is always read,
// so that refusals are answers and not silence; what waits for slow clients is bounded by the
// router.

#include "core/command.h"
#include "flatbuffers/wire_frame.h"
#include "node/events.h"
#include "node/runtime/rejects.h"
#include "routing/messages.h"
#include "transport/sockets.h"

#include <cstddef>
#include <deque>
#include <unordered_map>
#include <vector>

namespace weft::node {

class ClientPort {
public:
    explicit ClientPort(transport::Router router) : router_(std::move(router)) {}

    transport::Router& router() { return router_; }
    // Adds to the round's frame to that connection; a full frame is sent at once. LimitExceeded
    // (4001): the message fits no frame, and the client gets a refusal in its place.
    [[nodiscard]] Result<void> write(ClientRef to, const routing::ToClient& message,
                                     const wire::FrameHeader& header);
    // Takes nothing further of that connection, and ends it when the round's frame to it was sent.
    void finish(ClientRef client);
    // Sends what the round has written. Connections that have ended become events.
    void flush(const wire::FrameHeader& header, Rejects& rejects, std::deque<Event>& events);

private:
    static constexpr std::size_t kWritersKept = 64;

    wire::FrameWriter take_writer();
    void send(ClientRef to, wire::FrameWriter& frame, const wire::FrameHeader& header);

    transport::Router router_;
    std::vector<wire::FrameWriter> free_;  // the one used last is taken first: its memory is warm
    std::unordered_map<ClientRef, wire::FrameWriter> written_;  // this round's
    std::vector<ClientRef> gone_, finished_;
    std::uint64_t dropped_ = 0;
};

}  // namespace weft::node
