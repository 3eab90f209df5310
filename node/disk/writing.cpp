// The way to the disk: what is handed to it, and what follows from what it tells.

#include "node/state.h"

#include <utility>

namespace weft::node {

using replication::Role;

// The whole round is one transaction under one number.
void Node::State::close_batch(const Step& step) {
    while (rounds.wanted() || !effects.batch.empty()) {
        if (!effects.batch.empty())  // what is written anyway records positions of disks along
            for (const auto& [node, row] :
                 peers.take_positions(rounds.persisted(), rounds.at_hand()))
                write_past(node, row);
        const auto seq = rounds.close(step.now.mono, effects.batch.bytes());
        if (seq) {
            step.out.persist_seq = *seq;
            std::swap(step.out.batch, effects.batch);
            effects.batch.clear();
            return;
        }
        step_durable(step);
    }
}

void Node::State::step_durable(const Step& step) {
    while (const auto marks = rounds.take_durable())
        for (const auto& [group, seq] : *marks)
            step_partition(step, *hosted.find(group), replication::Persisted{seq});
}

void Node::State::on(const Step& step, const Persisted& event) {
    rounds.on_persisted(event.seq);
    // Others may lead meanwhile.
    if (disk.on_stats(step.now.mono, event.stats)) hand_over_all(step);
    step_durable(step);
    for (Peer& peer : peers.all())
        carry_out(step, peer, peer.handshake.on_persisted(step.now.mono, rounds.persisted()));
    judge_disk(step);
    sweeper.on_log_bytes(event.stats.log_bytes);
}

void Node::State::on(const Step& step, const StorageFull&) {
    if (disk.on_full(step.now.mono)) hand_over_all(step);
}

// A row that does not exist.
void Node::State::look_for_room(const Step& step) {
    if (disk.look_for_room(step.now.mono, !draining.active() && !rounds.waiting()))
        effects.batch.erase_row(storage::Table::Meta, "room");
}

void Node::State::hand_over_all(const Step& step) {
    for (LocalPartition& local : hosted.all())
        if (local.role == Role::Leader)
            step_partition(step, local, replication::TransferLeadership{std::nullopt});
}

void Node::State::judge_disk(const Step& step) {
    const Duration age = rounds.age(step.now.mono);
    if (!disk.judge(age)) return;
    for (LocalPartition& local : hosted.all())
        step_partition(step, local, replication::DiskAge{age});
}

}  // namespace weft::node
