#pragma once
// Our outgoing links: one DEALER per peer, which only sends. Watches them, proves them and the
// connections that claim to be a peer's, looks for crash evidence when one goes down, and bounds
// what waits for a slow peer.

#include "core/log.h"
#include "core/time.h"
#include "flatbuffers/wire_frame.h"
#include "node/events.h"
#include "node/runtime/frame_queue.h"
#include "node/runtime/link_faults.h"
#include "node/runtime/link_proof.h"
#include "node/runtime/rejects.h"
#include "routing/genesis.h"
#include "transport/sockets.h"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::node {

class PeerLinks {
public:
    PeerLinks(transport::Context& context, Log log) : context_(&context), log_(log) {}

    // As of LinkPeer; that a link which was up has gone becomes an event. On an error there is
    // none to that node: configuration (1003, 1005) as of Dealer::connect().
    [[nodiscard]] Result<void> link(const routing::NodeRecord& record, std::deque<Event>& events);
    // As of UnlinkPeer. What the round had for it counts as not delivered.
    void unlink(NodeId node);

    // From now on they happen to what is sent. Outlives this.
    void put_under(LinkFaults& faults) { faults_ = &faults; }
    bool knows(NodeId node) const { return links_.contains(node); }
    // Where the link to it leads, or led last, as a number; empty: not known yet.
    std::string_view number_of(NodeId node) const;
    // Adds to the round's frame to that peer; a full frame is sent at once. LimitExceeded (4001):
    // the message fits no frame and is not sent.
    [[nodiscard]] Result<void> write(NodeId to, const MeshMessage& message,
                                     const wire::FrameHeader& header);
    // Sends what the round has written.
    void flush(const wire::FrameHeader& header, Rejects& rejects);
    // A checked frame of the peer has arrived: it lives, so a link that waits to reconnect is made
    // anew at once.
    void heard_from(NodeId node, Instant now);
    // What `from`, an accepted connection, may say in the name of header.sender, which knows()
    // holds of.
    Standing standing(ClientRef from, const wire::FrameHeader& header) const;
    // `from` has proven nothing and says that it is that node: it shall, if it can.
    void claimed(NodeId node);
    // Takes what `from` sent in the name of header.sender; true: it has proven itself by that.
    bool take(ClientRef from, const wire::FrameHeader& header, const wire::LinkMessage& message);
    // Link changes since the last call become events, and what proves links is sent. A link is up
    // when it has sent the peer what proves it, so that nothing else is there before.
    void look(Instant now, const wire::FrameHeader& header, std::deque<Event>& events);
    // True while look() should be called often: evidence is sought, frames wait, or a link is not
    // proven yet.
    bool restless() const;
    void descriptors(std::vector<int>& out) const;

private:
    struct Link {
        Link(routing::NodeRecord peer, Random random) : record(std::move(peer)), proof(random) {}
        routing::NodeRecord record;
        LinkProof proof;
        std::optional<transport::Dealer> dealer;
        wire::FrameWriter frame;
        FrameQueue waiting{kPeerBytesMax};
        std::string reached;     // the number that was connected to last
        std::string unresolved;  // why its name led nowhere, as it was logged last
        Instant unresolved_told = Instant::long_ago();
        bool connected = false;
        bool up = false;       // connected, and proven to the peer
        bool probing = false;  // down, and its port still takes connections
        Instant down_since;
        Instant next_probe;
        std::optional<transport::ConnectTrial> trial;  // while a probe has no answer
        Instant tried;
        Instant made = Instant::long_ago();
    };
    // Bytes that may wait for one peer.
    static constexpr std::size_t kPeerBytesMax = std::size_t{8} << 20;

    Result<void> connect(Link& link);
    void send(Link& link, const wire::FrameHeader& header);
    // Every frame asks, once. False: a fault has it.
    bool leaves(const Link& link, std::string_view frame) const;
    // Those that a fault has kept until now.
    void send_late();
    // False: there is no room, neither with the connection nor here.
    static bool deliver(Link& link, std::string_view frame);
    static bool drain(Link& link);
    bool send_alone(Link& link, const wire::LinkMessage& message, const wire::FrameHeader& header);
    // Sends the challenge and the answer that are due.
    void prove(Link& link, Instant now, const wire::FrameHeader& header, std::deque<Event>& events);
    void down(Link& link, Instant now, std::deque<Event>& events);
    void note_name(Link& link, Instant now);
    void probe(Link& link, Instant now, std::deque<Event>& events);

    transport::Context* context_;
    Log log_;
    LinkFaults* faults_ = nullptr;  // null: none are possible
    std::map<NodeId, Link> links_;
    std::vector<Link*> written_;  // have a frame in this round
    std::uint64_t dropped_ = 0;   // frames of this round
};

}  // namespace weft::node
