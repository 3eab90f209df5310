// Leadership handed over by plan, and what makes a leader give it away (thesis 3.10, S9).

#include "replication/replica.h"

#include <algorithm>

namespace weft::replication {

void Replica::on(Now now, const TransferLeadership& wish, Effects& out) {
    if (role_ == Role::Leader && !transfer_) start_transfer(now, wish.to, out);
}

std::size_t Replica::transfer_target(std::optional<NodeId> to) const {
    std::size_t best = kNoSlot;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (i == self_slot_ || !config_.is_voter(i)) continue;
        if (to && config_.nodes[i] != *to) continue;
        if (peers_[i].state == Peer::State::Snapshot || (evidence_ >> i & 1) != 0) continue;
        if (!can_stand(i)) continue;
        if (best == kNoSlot || peers_[i].match > peers_[best].match) best = i;
    }
    return best;
}

void Replica::start_transfer(Now now, std::optional<NodeId> to, Effects& out) {
    const std::size_t target = transfer_target(to);
    if (target == kNoSlot) return;
    const Instant until = now.mono + options_.timings.election_max;
    transfer_ = Transfer{target, false, until, until};
    send_more(now, target, out);
    drive_transfer(out);
}

void Replica::drive_transfer(Effects& out) {
    if (!transfer_ || transfer_->sent) return;
    if (peers_[transfer_->target].match != window_.last()) return;
    transfer_->sent = true;
    out.list.push_back(
        Send{config_.nodes[transfer_->target], TimeoutNow{options_.group, hard_.term}});
}

void Replica::on_timeout_now(Now now, NodeId from, const TimeoutNow& order, Effects& out) {
    if (order.term != hard_.term || role_ != Role::Follower || leader_ != from) return;
    if (may_campaign()) start_election(now, true, out);
}

// ---- reasons ------------------------------------------------------------------------------------

void Replica::on(Now, const PeerStands& peer, Effects&) {
    const PeerSet bit = bit_of(peer.node);
    cannot_stand_ = static_cast<PeerSet>(peer.stands ? cannot_stand_ & ~bit : cannot_stand_ | bit);
}

// Proposals already refused hold a transfer up; then the refusals end the leadership.
void Replica::on(Now now, const ClockAhead& clock, Effects& out) {
    if (!clock.ahead) return allow_campaign(Ban::ClockAhead);
    forbid_campaign(Ban::ClockAhead);
    if (role_ == Role::Leader && !transfer_) start_transfer(now, std::nullopt, out);
}

// Those who refuse our stamps, and those who are silent, leave no quorum: nothing of ours can be
// committed until the clocks have come to where ours is.
bool Replica::stamps_stand_alone(Now now) const {
    PeerSet open = self_bit();
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        const bool heard = now.mono - contacted(i) <= options_.timings.election_max;
        if (heard && !peers_[i].stamp_refused) open = static_cast<PeerSet>(open | 1U << i);
    }
    return !config_.quorum(open);
}

// What is behind this index was never committed, or holds without our copy (ADR 6). Who refuses an
// entry does not hold it, nor any behind it (damaged entries are asked for, not refused): where
// those who refuse meet every quorum, the last that one of them may hold. Else the last of our own
// that a leader may have counted; as a leader we counted them up to the commit.
LogIndex Replica::others_may_need() const {
    PeerSet open = 0;
    LogIndex held = commit_;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (peers_[i].stamp_refused)
            held = std::max(held, peers_[i].lacks_behind);
        else
            open = static_cast<PeerSet>(open | 1U << i);
    }
    return config_.quorum(open) ? std::max(held, counted_) : held;
}

// Kept, the entries would win elections by their length until the time of their stamps has come.
void Replica::give_up_stamps(Now now, Effects& out) {
    const LogIndex needed = others_may_need();
    step_down(now, "no quorum takes its stamps", out);
    if (needed < window_.last() && configs_.back().index <= needed) truncate(next(needed), out);
}

// Stalled disk (DESIGN 5): give leadership away while others can still take it, then stop.
void Replica::on(Now now, const DiskAge& age, Effects& out) {
    disk_age_ = age.age;
    if (role_ != Role::Leader) return;
    if (disk_age_ > options_.timings.election_min * 2) {
        step_down(now, "stalled disk", out);
    } else if (disk_age_ * 2 > options_.timings.election_min && !transfer_) {
        start_transfer(now, std::nullopt, out);
    }
}

}  // namespace weft::replication
