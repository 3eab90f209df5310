#pragma once
// Our outgoing links: one DEALER per peer, which only sends. Watches them, looks for crash evidence
// when one goes down, and bounds what waits for a slow peer.

#include "core/log.h"
#include "core/time.h"
#include "flatbuffers/wire_frame.h"
#include "node/events.h"
#include "node/runtime/frame_queue.h"
#include "node/runtime/rejects.h"
#include "routing/genesis.h"
#include "transport/sockets.h"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace weft::node {

class PeerLinks {
public:
    // Links to all founders but `self`.
    static Result<PeerLinks> open(transport::Context& context, const routing::Genesis& genesis,
                                  NodeId self, Log log);

    bool knows(NodeId node) const { return links_.contains(node); }
    // Adds to the round's frame to that peer; a full frame is sent at once. LimitExceeded (4001):
    // the message fits no frame and is not sent.
    [[nodiscard]] Result<void> write(NodeId to, const MeshMessage& message,
                                     const wire::FrameHeader& header);
    // Sends what the round has written.
    void flush(const wire::FrameHeader& header, Rejects& rejects);
    // A checked frame of the peer has arrived: it lives, so a link that waits to reconnect is made
    // anew at once.
    void heard_from(NodeId node, Instant now);
    // Link changes since the last call become events.
    void look(Instant now, std::deque<Event>& events);
    // True while look() should be called often: evidence is sought or frames wait.
    bool restless() const;
    void descriptors(std::vector<int>& out) const;

private:
    struct Link {
        explicit Link(routing::NodeRecord peer) : record(std::move(peer)) {}
        routing::NodeRecord record;
        std::optional<transport::Dealer> dealer;
        wire::FrameWriter frame;
        FrameQueue waiting{kPeerBytesMax};
        bool up = false;
        bool probing = false;  // down, and its port still takes connections
        Instant down_since;
        Instant next_probe;
        Instant made = Instant::long_ago();
    };
    // DESIGN 10: bytes that may wait for one peer.
    static constexpr std::size_t kPeerBytesMax = std::size_t{8} << 20;

    PeerLinks(transport::Context& context, Log log) : context_(&context), log_(log) {}
    Result<void> connect(Link& link);
    void send(Link& link, const wire::FrameHeader& header);
    bool drain(Link& link);
    void down(Link& link, Instant now, std::deque<Event>& events);
    void probe(Link& link, Instant now, std::deque<Event>& events);

    transport::Context* context_;
    Log log_;
    std::map<NodeId, Link> links_;
    std::vector<Link*> written_;  // have a frame in this round
    std::uint64_t dropped_ = 0;   // frames of this round
};

}  // namespace weft::node
