// Which peer needs a snapshot: those in contact, in turn.

#include "replication/raft/replica.h"

namespace weft::replication {

// In turn, or a peer that takes none would keep it from all behind it.
std::optional<Member> Replica::needs_snapshot(Now now, std::optional<NodeId> after) const {
    if (role_ != Role::Leader) return std::nullopt;
    PeerSet waiting = streams_.needing_snapshot().without(peers_.gone());
    if (waiting.empty()) return std::nullopt;  // asked in every step
    waiting = waiting & quorum_.reached(config_, streams_.contacts(), now.mono);
    const auto last = after ? config_.seat(*after) : std::nullopt;
    for (const Seat seat : waiting)
        if (last && *last < seat) return config_.at(seat);
    if (waiting.empty()) return std::nullopt;
    return config_.at(*waiting.begin());
}

bool Replica::in_contact(Now now, NodeId peer) const {
    const auto seat = config_.seat(peer);
    if (role_ != Role::Leader || !seat || peers_.is_gone(*seat)) return false;
    return quorum_.reached(config_, streams_.contacts(), now.mono).has(*seat);
}

void Replica::snapshot_sent(const Member& to, LogPosition at) {
    const auto seat = config_.seat(to);
    if (role_ != Role::Leader || !seat || seat == self_) return;
    streams_.has_snapshot(*seat, at);
}

}  // namespace weft::replication
