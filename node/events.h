#pragma once
// What happens to a node and what it asks of its driver. The simulator and node/runtime carry out
// the same effects.

#include "core/command.h"
#include "core/ids.h"
#include "replication/effects.h"
#include "replication/messages.h"
#include "routing/genesis.h"
#include "routing/messages.h"
#include "storage/contracts.h"
#include "weft/bytes.h"
#include "weft/types.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace weft::node {

// What a node holds of another one's disk (S18). Anything but Sound is for good.
enum class Verdict : std::uint8_t { Sound = 0, OtherNonce, LowerPosition, MissingPast };
inline constexpr Verdict kVerdictLast = Verdict::MissingPast;

// First message on every link, repeated until answered.
struct PeerHello {
    Digest genesis;  // must be equal
    std::string mesh_address;
    bool answer = false;             // this is the answer to the peer's hello
    std::vector<std::string> types;  // "name:kind" of every entity type this node has
    std::uint64_t nonce = 0;         // drawn by the sender at its start; 0: unknown (an older weft)
    HelloToken token{};              // of this question, or of the question that this answers
    Verdict refused = Verdict::Sound;  // an answer's: nothing of the receiver is taken, and why
    std::int64_t wall_ms = 0;          // the sender's clock; 0: not told (an older weft)
};
// What membership says over the link: its own codec reads it.
struct MemberMessage {
    Bytes content;
};
// What a node asks of a group on its own account (own_requests.h), and the answer: of the one that
// was asked, which sends nobody on.
struct NodeRequest {
    OwnTag tag;
    Request request;
};
struct NodeReply {
    OwnTag tag;
    Reply reply;
};
using MeshMessage =
    std::variant<PeerHello, replication::PeerMessage, MemberMessage, NodeRequest, NodeReply>;

// ---- events -----------------------------------------------------------------------------------
// A message of a frame whose header was checked: cluster, receiver, checksum.
struct FromPeer {
    NodeId from;
    Boot boot;
    Lsn durable;  // what the peer says of its disk
    MeshMessage message;
};
// A datagram of the membership protocol, opened: whose it is stands in it.
struct FromGossip {
    Bytes content;
};
struct FromClient {
    ClientRef from;
    routing::ToNode message;
};
struct ClientGone {
    ClientRef client;
};
struct Persisted {
    RoundSeq seq;
    storage::StoreStats stats;
};
struct Fetched {
    DiskFetchId id;
    replication::FetchResult result;
};
enum class LinkState : std::uint8_t { Up, Down, Refused };
// Our outbound link to a peer. Refused: our own connect was refused after the link went down.
struct PeerLink {
    NodeId peer;
    LinkState state{};
};
// The disk is full or over its quota: nothing of that batch was written. The driver keeps it and
// those behind it and tries again; Persisted says when that worked. Until then the node is
// read-only.
struct StorageFull {
    RoundSeq seq;
};
// What was written is gone and nothing more will be Persisted: hand leaderships over and end.
struct DiskLost {};
// In the last second connections could not be taken for want of a descriptor, or had to go for
// others: their number, or what they made the node hold.
struct ConnectionsShort {
    std::uint64_t no_descriptor = 0, displaced = 0, heavy = 0;
};
// What a test does to frames to and from other nodes, in words; empty: nothing, but it could.
struct LinksUnderFaults {
    std::string text;
};
// What was decided of a node of the mesh. Nobody decides such a thing yet but tests.
struct NodeAdmitted {  // or it has moved
    routing::NodeRecord record;
};
struct NodeDraining {
    NodeId node;
};
struct NodeRetired {
    NodeId node;
};
using RosterChanged = std::variant<NodeAdmitted, NodeDraining, NodeRetired>;
// A deadline of next_deadline() has come.
struct Timer {};
// SIGTERM: hand leaderships over, flush, stop.
struct Drain {};
// The last event of every round: batches messages per peer and closes the round's Persist.
struct RoundEnd {};

using Event = std::variant<FromPeer, FromGossip, FromClient, ClientGone, Persisted, Fetched,
                           PeerLink, StorageFull, DiskLost, ConnectionsShort, LinksUnderFaults,
                           RosterChanged, Timer, Drain, RoundEnd>;

// ---- effects ----------------------------------------------------------------------------------
// Keep a link to that node, at its mesh address; answered by PeerLink events. Of one that has a
// link: a link to another address is made anew. Never of this node itself.
struct LinkPeer {
    routing::NodeRecord record;
};
// No link any more: what waits for that node is dropped, and what it says is a stranger's. Without
// a link: nothing.
struct UnlinkPeer {
    NodeId peer;
};
struct SendPeer {
    NodeId to;
    MeshMessage message;
};
// A datagram: it may be lost, and waits behind nothing.
struct SendGossip {
    NodeId to;
    Bytes content;
};
struct SendClient {
    ClientRef to;
    routing::ToClient message;
};
// Nothing further is read of that client until something is sent to it: a large reply waits.
struct HoldClient {
    ClientRef client;
};
struct Fetch {
    DiskFetchId id;
    replication::FetchRequest what;
};
// The node wants to end: 0 after a drain, 74 after its disk was lost, 70 on a fault of its own.
inline constexpr int kExitDiskLost = 74;
struct Stop {
    int exit_code = 0;
    std::string reason;
};
using Effect =
    std::variant<LinkPeer, UnlinkPeer, SendPeer, SendGossip, SendClient, HoldClient, Fetch, Stop>;

// One round's effects. `batch` (when not empty) is one transaction; answered by Persisted{seq}.
struct Effects {
    std::vector<Effect> list;
    storage::WriteBatch batch;
    RoundSeq persist_seq;
    void clear() {
        list.clear();
        batch.clear();
        persist_seq = {};
    }
};

}  // namespace weft::node
