#pragma once
// Which other nodes there are for this one: it follows the roster, says which links the driver
// shall have, and holds what each is told until the round ends. Others hold a Peer by its address,
// which stays the same until it has left the roster.

#include "core/time.h"
#include "node/peer.h"
#include "routing/genesis.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <ranges>
#include <vector>

namespace weft::node {

class Peers {
public:
    // `nonce`: of this process. `first_round`: see PeerContact.
    Peers(std::uint64_t nonce, ContactRound first_round)
        : first_round_(first_round), tokens_(nonce) {}

    Peer* find(NodeId node);
    const Peer* find(NodeId node) const;
    auto all() { return std::views::values(peers_); }
    const std::map<NodeId, Peer>& by_id() const { return peers_; }
    bool empty() const { return peers_.empty(); }
    std::size_t links_up() const;

    // ---- what follows from the roster
    // Those of whom there is no record; `records` rise by id.
    std::vector<Peer*> not_in(const std::vector<routing::NodeRecord>& records);
    // True: it is new here. Another address is another link.
    bool meet(const routing::NodeRecord& record);
    void part_with(NodeId node);
    // What the driver was not told yet.
    void take_link_changes(std::vector<Effect>& out);

    HelloTokens& tokens() { return tokens_; }
    // Of hellos and of evidence.
    Instant deadline() const;

    struct Recorded {
        NodeId node;
        Past row;
    };
    // Positions of disks that the round `at_hand` shall record. One round with such is on its way
    // at a time: rounds that wait for the disk become one transaction, in which only the last would
    // count.
    std::vector<Recorded> take_positions(RoundSeq persisted, RoundSeq at_hand);
    // The end of a round. `durable`: of our own disk, which each frame tells.
    void flush(std::size_t batch_bytes, Lsn durable, std::vector<Effect>& out);

    // `at_hand`: the round that is written now.
    void check(RoundSeq at_hand) const;

private:
    ContactRound first_round_;
    HelloTokens tokens_;
    std::map<NodeId, Peer> peers_;
    std::vector<Effect> link_changes_;
    RoundSeq positions_with_;  // the newest round that carries positions
};

}  // namespace weft::node
