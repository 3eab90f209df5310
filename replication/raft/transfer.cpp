// Leadership handed over by plan, and what makes a leader give it away (thesis 3.10, S9).

#include "replication/raft/replica.h"

namespace weft::replication {

void Replica::on(const Step& step, const TransferLeadership& wish) {
    if (role_ == Role::Leader && !transfer_.under_way()) start_transfer(step, wish.to);
}

std::optional<Seat> Replica::transfer_target(std::optional<NodeId> to) const {
    const PeerSet fit = (streams_.seats() & config_.voting())
                            .without(self_only() | streams_.needing_snapshot() | peers_.unfit());
    if (to) {
        const auto wanted = config_.seat(*to);
        if (!wanted || !fit.has(*wanted)) return std::nullopt;
        return wanted;
    }
    return streams_.most_caught_up(fit);
}

void Replica::start_transfer(const Step& step, std::optional<NodeId> to) {
    const auto target = transfer_target(to);
    if (!target) return;
    transfer_.begin(config_.at(*target).node, step.now.mono + options_.timings.election_max);
    streams_.send_more(step, leading(), *target);
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
    if (const auto seat = config_.seat(peer.node)) peers_.stands(*seat, peer.stands);
}

// A leadership is tried to be given away at once, and by the node again later.
void Replica::on(const Step& step, const OwnClock& clock) {
    stamps_.stay_back(clock.stamps_back_ms);
    if (!clock.ahead) return fitness_.allow(Ban::ClockAhead);
    const bool known = fitness_.is_forbidden(Ban::ClockAhead);
    fitness_.forbid(Ban::ClockAhead);
    if (!known && role_ == Role::Leader && !transfer_.under_way())
        start_transfer(step, std::nullopt);
}

LeaderStamps::Copies Replica::copies() const {
    const Streams::StampTakers stamps = streams_.stamp_takers();
    return {.config = config_,
            .takers = stamps.takers,
            .refusers_may_hold = stamps.refusers_may_hold,
            .commit = commit_,
            .counted = follower_.counted(),
            .newest_config = configs_.newest_index(),
            .last = window_.last()};
}

// At a Tick, when it is known who answers. True when that ends the leadership.
bool Replica::judge_stamps(const Step& step) {
    if (!stamps_.due()) return false;
    const PeerSet reached = quorum_.reached(config_, streams_.contacts(), step.now.mono);
    const auto kept = stamps_.judge(copies(), self_only() | reached);
    if (kept) give_up_stamps(step, *kept);
    return kept.has_value();
}

void Replica::give_up_stamps(const Step& step, LogIndex kept) {
    step_down(step, "no quorum takes its stamps");
    if (kept < window_.last()) truncate(next(kept), step.out);
}

// Stalled disk: give leadership away while others can still take it, then stop.
void Replica::on(const Step& step, const DiskAge& age) {
    fitness_.persist_waits(age.age);
    if (role_ != Role::Leader) return;
    if (fitness_.disk() == Fitness::Disk::Stalled) {
        step_down(step, "stalled disk");
    } else if (fitness_.disk() == Fitness::Disk::Slow && !transfer_.under_way()) {
        start_transfer(step, std::nullopt);
    }
}

}  // namespace weft::replication
