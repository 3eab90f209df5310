// Leadership handed over by plan, and what makes a leader give it away (thesis 3.10, S9).

#include "replication/raft/replica.h"

#include <algorithm>
#include <utility>

namespace weft::replication {

void Replica::on(const Step& step, const TransferLeadership& wish) {
    if (role_ == Role::Leader && !transfer_.under_way()) start_transfer(step, wish.to);
}

std::size_t Replica::transfer_target(std::optional<NodeId> to) const {
    std::size_t best = kNoSlot;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        if (i == self_slot_ || !config_.is_voter(i)) continue;
        if (to && config_.members[i].node != *to) continue;
        if (streams_.needs_snapshot(i) || peers_.is_gone(i) || !peers_.can_stand(i)) continue;
        if (best == kNoSlot || streams_.match(i) > streams_.match(best)) best = i;
    }
    return best;
}

void Replica::start_transfer(const Step& step, std::optional<NodeId> to) {
    const std::size_t target = transfer_target(to);
    if (target == kNoSlot) return;
    transfer_.begin(config_.members[target].node, step.now.mono + options_.timings.election_max);
    streams_.send_more(step, leading(), target);
    drive_transfer(step.out);
}

void Replica::drive_transfer(Effects& out) {
    const auto target = transfer_.untold();
    if (!target || match(*target) != window_.last()) return;
    transfer_.told();
    out.list.push_back(Send{*target, TimeoutNow{options_.group, hard_.term}});
}

void Replica::on_timeout_now(const Step& step, NodeId from, const TimeoutNow& order) {
    if (order.term != hard_.term || role_ != Role::Follower || leader_ != from) return;
    if (may_campaign()) start_election(step, true);
}

// ---- reasons ------------------------------------------------------------------------------------

void Replica::on(const Step&, const PeerStands& peer) {
    if (const auto slot = config_.slot(peer.node)) peers_.stands(*slot, peer.stands);
}

// A leadership is tried to be given away at once, and by the node again later.
void Replica::on(const Step& step, const OwnClock& clock) {
    stamps_back_ms_ = clock.stamps_back_ms;
    if (!clock.ahead) return allow_campaign(Ban::ClockAhead);
    const bool known = (bans_ & std::to_underlying(Ban::ClockAhead)) != 0;
    forbid_campaign(Ban::ClockAhead);
    if (!known && role_ == Role::Leader && !transfer_.under_way())
        start_transfer(step, std::nullopt);
}

// Every quorum of voters has one who refuses our stamps.
bool Replica::stamps_blocked() const { return !config_.quorum(streams_.takes_stamps()); }

// What is behind this index was never committed, or is so without our copy (ADR 6): what no refuser
// can hold when every quorum has one; else what no leader can have counted here. As a leader we
// counted our own up to the commit. (While joint, a quorum of one half may be untouched.)
LogIndex Replica::others_may_need() const {
    if (stamps_blocked() && config_.outgoing.empty())
        return std::max(commit_, streams_.refusers_may_hold());
    return std::max(commit_, follower_.counted());
}

// True when that ends the leadership. Where those who refuse do not suffice, the next Tick judges.
bool Replica::on_stamp_refused(const Step& step) {
    stamps_due_ = !stamps_blocked();
    if (!stamps_due_) give_up_stamps(step);
    return !stamps_due_;
}

// At a Tick, when it is known who answers: those who refuse our stamps and those who are silent
// leave no quorum, and with what we keep one of those who refuse can win instead.
bool Replica::judge_stamps(const Step& step) {
    stamps_due_ = false;
    PeerSet heard;
    for (std::size_t i = 0; i < streams_.size(); ++i)
        if (step.now.mono - contacted(i) <= options_.timings.election_max) heard.add(i);
    const PeerSet open = self_only() | (heard & streams_.takes_stamps());
    const LogIndex needed = others_may_need();
    const bool useful = needed <= streams_.refusers_may_hold() && configs_.newest_index() <= needed;
    if (config_.quorum(open) || !useful) return false;
    give_up_stamps(step);
    return true;
}

// Kept, the entries would win elections by their length until the time of their stamps has come.
void Replica::give_up_stamps(const Step& step) {
    const LogIndex needed = others_may_need();
    step_down(step, "no quorum takes its stamps");
    if (needed < window_.last() && configs_.newest_index() <= needed)
        truncate(next(needed), step.out);
}

// Stalled disk: give leadership away while others can still take it, then stop.
void Replica::on(const Step& step, const DiskAge& age) {
    disk_age_ = age.age;
    if (role_ != Role::Leader) return;
    if (disk_age_ > options_.timings.election_min * 2) {
        step_down(step, "stalled disk");
    } else if (disk_age_ * 2 > options_.timings.election_min && !transfer_.under_way()) {
        start_transfer(step, std::nullopt);
    }
}

}  // namespace weft::replication
