// Rounds of records on their way to the disk, what their age says of it, and a full disk.

#include "core/invariant.h"
#include "node/state.h"

#include <algorithm>
#include <utility>

namespace weft::node {

using replication::Role;

namespace {

constexpr Duration kRoomPause = std::chrono::seconds(1);

}  // namespace

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
    stats = event.stats;
    rounds.on_persisted(event.seq);
    sweeping.log_bytes_then = std::min(sweeping.log_bytes_then, stats.log_bytes);
    if (stats.scarce) {
        WEFT_PROBE("node.scarce_room");
        stop_writing();
    } else if (disk_full) {
        disk_full = false;
        log.info("disk.has_room", {{"bytes", stats.file_bytes}});
    }
    step_durable();
    pasts_persisted();
    judge_disk();
    if (stats.log_bytes - sweeping.log_bytes_then > options.sweep_log_bytes) begin_sweep();
}

// Nothing was written and the driver tries again: until Persisted says that it worked, commands
// would only queue up. Others may lead meanwhile.
void Node::State::on(const StorageFull&) { stop_writing(); }

// Also while there is still some room: what makes more of it, and what peers replicate, must fit.
void Node::State::stop_writing() {
    if (disk_full) return;
    disk_full = true;
    room_due = now.mono + kRoomPause;
    WEFT_PROBE("node.disk_full");
    log.error("disk.full", {{"bytes", stats.file_bytes}, {"limit", stats.map_bytes}});
    hand_over_all();
}

// Only Persisted tells how much room there is, and with every command refused nobody writes: so
// this does, a row that does not exist.
void Node::State::look_for_room() {
    if (room_due > now.mono) return;
    room_due = disk_full ? now.mono + kRoomPause : Instant::never();
    if (!disk_full || draining.active() || rounds.waiting()) return;
    effects.batch.erase_row(storage::Table::Meta, "room");
}

void Node::State::hand_over_all() {
    for (Hosted& group : hosted.all())
        if (group.role == Role::Leader)
            step_partition(group, replication::TransferLeadership{std::nullopt});
}

// ---- a stalled disk leads nothing ---------------------------------------------------------------

std::uint32_t Node::State::disk_age_ms() const {
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(rounds.age(now.mono)).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(age, 0, UINT32_MAX));
}

void Node::State::judge_disk() {
    const Duration age = rounds.age(now.mono);
    DiskState found = DiskState::Well;
    if (age > options.timings.election_min / 2) found = DiskState::Slow;
    if (age > options.timings.election_min * 2) found = DiskState::Stalled;
    if (found == disk) return;
    disk = found;
    const auto ms = std::int64_t{disk_age_ms()};
    if (found == DiskState::Well)
        log.info("disk.recovered", {{"oldest_ms", ms}});
    else
        log.warn("disk.slow", {{"oldest_ms", ms}, {"stalled", found == DiskState::Stalled}});
    if (found != DiskState::Well) WEFT_PROBE("node.disk_slow");
    step_all(replication::DiskAge{age});
}

// When the oldest batch becomes too old for the next state.
Instant Node::State::disk_deadline() const {
    if (!rounds.oldest() || disk == DiskState::Stalled) return Instant::never();
    const Duration limit = disk == DiskState::Well ? options.timings.election_min / 2
                                                   : options.timings.election_min * 2;
    return *rounds.oldest() + limit + Duration{1};
}

}  // namespace weft::node
