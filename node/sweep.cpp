// Sweeps and the way out: what the two rules want is carried to partitions, members and disk.

#include "membership/dropped.h"
#include "node/state.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace weft::node {

namespace {

std::uint64_t leads_to_hand_over(const LocalPartitions& hosted) {
    const auto count = std::ranges::count_if(hosted.all(), &LocalPartition::has_successor);
    return static_cast<std::uint64_t>(count);
}

}  // namespace

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
    log.info("drain.begun", {{"leads", leads_to_hand_over(hosted)}});
    step_members(step, membership::Leave{});
    step_members(step, membership::Tick{});  // the word leaves with this round: none may follow
}

void Node::State::on(const Step& step, const DiskLost&) {
    if (!draining.lose_disk(step.now.mono)) return;
    log.error("disk.lost", {{"leads", leads_to_hand_over(hosted)}});
    disk.on_lost();
}

void Node::State::drain_round(const Step& step) {
    using Next = Draining::Next;
    if (!draining.under_way()) return;
    const Draining::Seen seen{std::ranges::any_of(hosted.all(), &LocalPartition::has_successor),
                              sweeper.finished(), sweeper.on_disk(rounds.persisted())};
    Next next = draining.next(step.now.mono, seen);
    if (next == Next::Sweep) {
        sweeper.begin();
        next = draining.next(step.now.mono, seen);
    }
    if (next == Next::HandOver) hand_over_all(step);
    auto stop = Draining::stop(next);
    if (!stop) return;
    if (next != Next::EndLost) tell_drained(next == Next::EndSwept);
    step.out.list.push_back(*std::move(stop));
}

void Node::State::tell_drained(bool swept) const {
    for (const auto& [reason, count] : membership::dropped(mesh_members.swim().counts()))
        if (count != 0) log.info("gossip.dropped_total", {{"reason", reason}, {"count", count}});
    log.info("drain.ended", {{"swept", swept}});
}

}  // namespace weft::node
