#pragma once
// The client port: replies of a round leave as one frame per connection, and what waits for a slow
// client is bounded. The port is always read, so that refusals are answers and not silence.

#include "core/command.h"
#include "flatbuffers/wire_frame.h"
#include "node/events.h"
#include "node/runtime/frame_queue.h"
#include "node/runtime/rejects.h"
#include "routing/messages.h"
#include "transport/sockets.h"

#include <cstddef>
#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

namespace weft::node {

class ClientPort {
public:
    explicit ClientPort(transport::Router router) : router_(std::move(router)) {}

    transport::Router& router() { return router_; }
    // Adds to the round's frame to that connection; a full frame is sent at once.
    void write(ClientRef to, const routing::ToClient& message, const wire::FrameHeader& header);
    // Sends what the round has written and what waits. Connections that have ended become events.
    void flush(const wire::FrameHeader& header, Rejects& rejects, std::deque<Event>& events);
    // True while frames wait for slow clients.
    bool restless() const { return !waiting_.empty(); }

private:
    // DESIGN 10: bytes that may wait for one client. The session knows a reply that is dropped.
    static constexpr std::size_t kClientBytesMax = std::size_t{4} << 20;
    static constexpr std::size_t kWritersKept = 64;

    void send(ClientRef to, wire::FrameWriter& frame, const wire::FrameHeader& header);
    void drain();

    transport::Router router_;
    std::vector<wire::FrameWriter> writers_;              // reused from round to round
    std::unordered_map<ClientRef, std::size_t> written_;  // this round's, by place in writers_
    std::map<ClientRef, FrameQueue> waiting_;             // slow ones only
    std::vector<ClientRef> gone_;
    std::uint64_t dropped_ = 0;
};

}  // namespace weft::node
