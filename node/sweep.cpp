// Writing dirty rows group after group (docs/design.md, "Storage"), and the way out of a node.

#include "membership/dropped.h"
#include "node/state.h"

namespace weft::node {

using replication::Role;

namespace {

constexpr Duration kDrainLimit = std::chrono::seconds(5);
constexpr Duration kHandOverLimit = std::chrono::seconds(2);
constexpr Duration kHandOverRetry = std::chrono::milliseconds(100);
// Groups without dirty rows cost next to nothing; still, one round looks at so many at most.
constexpr std::size_t kGroupsPerRound = 256;
constexpr Duration kSweepPause = std::chrono::milliseconds(1);

}  // namespace

void Node::State::begin_sweep() {
    if (sweeping.active) return;
    sweeping.active = true;
    sweeping.next = {};
    sweeping.again_at = Instant::never();
    log.info("sweep.begun", {{"log_bytes", disk.stats().log_bytes}});
}

// At most sweep_rows rows a round, and no further slice before the last one is on disk: the sweep
// must not push the commands' records into a queue.
void Node::State::sweep_round() {
    if (!sweeping.active || rounds.persisted() < sweeping.written_with) return;
    if (sweeping.again_at != Instant::never() && sweeping.again_at > now.mono) return;
    sweeping.again_at = Instant::never();
    sweeping.rows = 0;
    for (std::size_t looked = 0; looked < kGroupsPerRound; ++looked) {
        Hosted* group = hosted.from(sweeping.next);
        if (group == nullptr || sweeping.rows >= options.sweep_rows) break;
        sweeping.next = group->group;
        sweeping.group_done = true;  // a partition that is not able to now is passed by
        step_partition(*group, replication::Sweep{options.sweep_rows - sweeping.rows});
        if (!sweeping.group_done) break;
        ++sweeping.next.value;
    }
    if (!effects.batch.empty())
        sweeping.written_with = rounds.at_hand();
    else
        sweeping.again_at = now.mono + kSweepPause;
    if (hosted.from(sweeping.next) != nullptr) return;
    sweeping.active = false;
    sweeping.again_at = Instant::never();
    sweeping.log_bytes_then = disk.stats().log_bytes;
    ++sweeping.finished;
    log.info("sweep.ended", {{"log_bytes", disk.stats().log_bytes}});
}

// ---- drain --------------------------------------------------------------------------------------

void Node::State::on(const Drain&) {
    if (draining.active()) return;
    log.info("drain.begun", {{"leads", std::uint64_t{groups_to_hand_over()}}});
    draining.until = now.mono + kDrainLimit;
    draining.hand_over_at = now.mono;
    step_members(membership::Leave{});
    step_members(membership::Tick{});  // the word leaves with this round: none may follow
}

// Without Persisted no promise of this disk leaves any more; others can lead at once.
void Node::State::on(const DiskLost&) {
    if (draining.disk_lost || draining.stopped) return;
    log.error("disk.lost", {{"leads", std::uint64_t{groups_to_hand_over()}}});
    disk.on_lost();
    draining.disk_lost = true;
    draining.until = now.mono + kHandOverLimit;
    draining.hand_over_at = now.mono;
}

void Node::State::leave_lost_disk() {
    if (groups_to_hand_over() > 0 && now.mono < draining.until) {
        if (draining.hand_over_at > now.mono) return;
        draining.hand_over_at = now.mono + kHandOverRetry;
        return hand_over_all();
    }
    draining.stopped = true;
    out->list.push_back(Stop{kExitDiskLost, "its disk was lost"});
}

// Groups led here that somebody reachable could lead instead.
std::size_t Node::State::groups_to_hand_over() const {
    std::size_t count = 0;
    for (const Hosted& group : hosted.all()) {
        if (group.role != Role::Leader) continue;
        if (std::ranges::any_of(group.members, &Peer::greeted)) ++count;
    }
    return count;
}

// Leaders first, then what memory holds, then the end. What is not handed over in time is left to
// an election; what is not swept is in the log.
void Node::State::drain_round() {
    if (!draining.active() || draining.stopped) return;
    if (draining.disk_lost) return leave_lost_disk();
    if (!draining.sweeping) {
        const bool late = now.mono >= draining.until - (kDrainLimit - kHandOverLimit);
        if (groups_to_hand_over() > 0 && !late) {
            if (draining.hand_over_at > now.mono) return;
            draining.hand_over_at = now.mono + kHandOverRetry;
            return hand_over_all();
        }
        draining.sweeping = true;
        sweeping.active = false;
        begin_sweep();
        draining.sweeps_before = sweeping.finished;
    }
    const bool swept =
        sweeping.finished > draining.sweeps_before && rounds.persisted() >= sweeping.written_with;
    if (!swept && now.mono < draining.until) return;
    draining.stopped = true;
    for (const auto& [reason, count] : membership::dropped(swim.counts()))
        if (count != 0) log.info("gossip.dropped_total", {{"reason", reason}, {"count", count}});
    log.info("drain.ended", {{"swept", swept}});
    out->list.push_back(Stop{0, swept ? "drained" : "drained, not everything was swept in time"});
}

}  // namespace weft::node
