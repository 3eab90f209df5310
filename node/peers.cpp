#include "node/peers.h"

#include "core/invariant.h"

#include <algorithm>
#include <iterator>

namespace weft::node {

Peer* Peers::find(NodeId node) {
    const auto found = peers_.find(node);
    return found == peers_.end() ? nullptr : &found->second;
}

const Peer* Peers::find(NodeId node) const {
    const auto found = peers_.find(node);
    return found == peers_.end() ? nullptr : &found->second;
}

std::size_t Peers::links_up() const {
    const auto up = [](const Peer& peer) { return peer.greeting().up(); };
    return static_cast<std::size_t>(std::ranges::count_if(std::views::values(peers_), up));
}

std::vector<Peer*> Peers::not_in(const std::vector<routing::NodeRecord>& records) {
    std::vector<Peer*> gone;
    for (Peer& peer : all())
        if (!std::ranges::binary_search(records, peer.record.node, {}, &routing::NodeRecord::node))
            gone.push_back(&peer);
    return gone;
}

bool Peers::meet(const routing::NodeRecord& record) {
    const auto [known, is_new] = peers_.try_emplace(record.node, record, first_round_);
    Peer& peer = known->second;
    if (is_new || peer.record.mesh_address != record.mesh_address)
        link_changes_.emplace_back(LinkPeer{record});
    peer.record = record;
    return is_new;
}

void Peers::part_with(NodeId node) {
    link_changes_.emplace_back(UnlinkPeer{node});
    peers_.erase(node);
}

void Peers::take_link_changes(std::vector<Effect>& out) {
    std::ranges::move(link_changes_, std::back_inserter(out));
    link_changes_.clear();
}

Instant Peers::deadline() const {
    Instant next = Instant::never();
    for (const Peer& peer : std::views::values(peers_))
        next = std::min({next, peer.greeting().deadline(), peer.evidence.deadline()});
    return next;
}

std::vector<Peers::Recorded> Peers::take_positions(RoundSeq persisted, RoundSeq at_hand) {
    std::vector<Recorded> rows;
    if (persisted < positions_with_) return rows;
    for (Peer& peer : all())
        if (const auto row = peer.handshake.take_position())
            rows.push_back({peer.record.node, *row});
    if (!rows.empty()) positions_with_ = at_hand;
    return rows;
}

void Peers::flush(std::size_t batch_bytes, Lsn durable, std::vector<Effect>& out) {
    for (Peer& peer : all()) {
        if (peer.outbox.empty()) continue;
        // A process that its peer does not vouch for yet must not be able to say anything (S18).
        if (!peer.greeting().greeted())
            peer.outbox.keep_only_hellos();
        else
            peer.told = durable;
        peer.outbox.flush(peer.record.node, batch_bytes, out);
    }
}

void Peers::check(RoundSeq at_hand) const {
    WEFT_INVARIANT(positions_with_ <= at_hand, "positions wait for round {}, at hand is {}",
                   positions_with_.value, at_hand.value);
    for (const Peer& peer : std::views::values(peers_)) {
        peer.contact.check(peer.shared);
        peer.handshake.check(at_hand);
        peer.requests.check();
        const HelloToken token = peer.greeting().token();
        WEFT_INVARIANT(token == HelloToken{} || tokens_.gave(token),
                       "hellos to node {} have a token that was not given out",
                       peer.record.node.hex());
    }
}

}  // namespace weft::node
