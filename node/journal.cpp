// The way to the disk: what is handed to it, and what follows from what it tells.

#include "node/state.h"

#include <algorithm>
#include <utility>

namespace weft::node {

using replication::Role;

// The whole round is one transaction under one number.
void Node::State::close_batch() {
    while (rounds.wanted() || !effects.batch.empty()) {
        if (!effects.batch.empty()) record_positions();
        const auto seq = rounds.close(now.mono, effects.batch.bytes());
        if (seq) return hand_to_disk(*seq);
        step_durable();
    }
}

void Node::State::hand_to_disk(RoundSeq seq) {
    out->persist_seq = seq;
    std::swap(out->batch, effects.batch);
    effects.batch.clear();
}

void Node::State::step_durable() {
    while (const auto marks = rounds.take_durable())
        for (const auto& [group, seq] : *marks)
            step_partition(*find(group), replication::Persisted{seq});
}

void Node::State::on(const Persisted& event) {
    rounds.on_persisted(event.seq);
    // Others may lead meanwhile.
    if (disk.on_stats(now.mono, event.stats)) hand_over_all();
    step_durable();
    pasts_persisted();
    judge_disk();
    sweeper.on_log_bytes(event.stats.log_bytes);
}

void Node::State::on(const StorageFull&) {
    if (disk.on_full(now.mono)) hand_over_all();
}

// A row that does not exist.
void Node::State::look_for_room() {
    if (disk.look_for_room(now.mono, !draining.active() && !rounds.waiting()))
        effects.batch.erase_row(storage::Table::Meta, "room");
}

void Node::State::hand_over_all() {
    for (LocalPartition& local : hosted.all())
        if (local.role == Role::Leader)
            step_partition(local, replication::TransferLeadership{std::nullopt});
}

void Node::State::judge_disk() {
    const Duration age = rounds.age(now.mono);
    if (disk.judge(age)) step_all(replication::DiskAge{age});
}

std::uint32_t Node::State::disk_age_ms() const {
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(rounds.age(now.mono)).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(age, 0, UINT32_MAX));
}

}  // namespace weft::node
