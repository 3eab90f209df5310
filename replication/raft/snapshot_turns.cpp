// Which peer needs a snapshot: those in contact, in turn.

#include "replication/raft/replica.h"

namespace weft::replication {

// In turn, or a peer that takes none would keep it from all behind it.
std::optional<Member> Replica::needs_snapshot(Now now, std::optional<NodeId> after) const {
    if (role_ != Role::Leader) return std::nullopt;
    const std::size_t first = after ? config_.slot(*after).value_or(kNoSlot) + 1 : 0;
    for (std::size_t n = 0; n < streams_.size(); ++n) {
        const std::size_t i = (first + n) % streams_.size();
        if (streams_.needs_snapshot(i) && in_contact(now, config_.members[i].node))
            return config_.members[i];
    }
    return std::nullopt;
}

bool Replica::in_contact(Now now, NodeId peer) const {
    const auto slot = config_.slot(peer);
    if (role_ != Role::Leader || !slot || peers_.is_gone(*slot)) return false;
    return quorum_.reached(config_, streams_.contacts(), now.mono).has(*slot);
}

void Replica::snapshot_sent(const Member& to, LogPosition at) {
    const auto slot = config_.slot(to);
    if (role_ != Role::Leader || !slot || *slot == self_slot_) return;
    streams_.has_snapshot(*slot, at);
}

}  // namespace weft::replication
