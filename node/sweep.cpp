// Sweeps and the way out: what the two rules want is carried to groups, members and disk.

#include "membership/dropped.h"
#include "node/state.h"

#include <algorithm>
#include <optional>

namespace weft::node {

using replication::Role;

void Node::State::sweep_round(const Step& step) {
    if (!sweeper.begin_slice(step.now.mono, rounds.persisted())) return;
    while (const std::size_t rows = sweeper.rows_left()) {
        LocalPartition* local = hosted.from(sweeper.next_group());
        if (local == nullptr) break;
        sweeper.begin_group(local->id);
        step_partition(step, *local, replication::Sweep{rows});
    }
    std::optional<RoundSeq> written_with;
    if (!effects.batch.empty()) written_with = rounds.at_hand();
    sweeper.end_slice(step.now.mono, written_with, hosted.from(sweeper.next_group()) != nullptr);
}

// ---- drain --------------------------------------------------------------------------------------

void Node::State::on(const Step& step, const Drain&) {
    if (!draining.begin(step.now.mono)) return;
    log.info("drain.begun", {{"leads", std::uint64_t{groups_to_hand_over()}}});
    step_members(step, membership::Leave{});
    step_members(step, membership::Tick{});  // the word leaves with this round: none may follow
}

void Node::State::on(const Step& step, const DiskLost&) {
    if (!draining.lose_disk(step.now.mono)) return;
    log.error("disk.lost", {{"leads", std::uint64_t{groups_to_hand_over()}}});
    disk.on_lost();
}

// Groups led here that somebody reachable could lead instead.
std::size_t Node::State::groups_to_hand_over() const {
    const auto greeted = [](const Peer* peer) { return peer->greeting().greeted(); };
    std::size_t count = 0;
    for (const LocalPartition& local : hosted.all()) {
        if (local.role != Role::Leader) continue;
        if (std::ranges::any_of(local.members, greeted)) ++count;
    }
    return count;
}

void Node::State::drain_round(const Step& step) {
    using Next = Draining::Next;
    if (!draining.under_way()) return;
    const Draining::Seen seen{groups_to_hand_over() > 0, sweeper.finished(),
                              sweeper.on_disk(rounds.persisted())};
    Next next = draining.next(step.now.mono, seen);
    if (next == Next::Sweep) {
        sweeper.begin();
        next = draining.next(step.now.mono, seen);
    }
    if (next == Next::HandOver) hand_over_all(step);
    if (next == Next::EndLost) step.out.list.push_back(Stop{kExitDiskLost, "its disk was lost"});
    if (next == Next::EndSwept) end_drain(step, true);
    if (next == Next::EndLate) end_drain(step, false);
}

void Node::State::end_drain(const Step& step, bool swept) {
    for (const auto& [reason, count] : membership::dropped(mesh_members.swim().counts()))
        if (count != 0) log.info("gossip.dropped_total", {{"reason", reason}, {"count", count}});
    log.info("drain.ended", {{"swept", swept}});
    step.out.list.push_back(
        Stop{0, swept ? "drained" : "drained, not everything was swept in time"});
}

}  // namespace weft::node
