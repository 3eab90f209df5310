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

// The whole round is one transaction under one number; which partition waits for what is kept here.
void Node::State::close_batch() {
    while (!marked.empty() || !effects.batch.empty()) {
        if (!effects.batch.empty()) record_positions();
        WaitingBatch batch;
        batch.since = now.mono;
        batch.bytes = effects.batch.bytes();
        for (const GroupId group : marked)
            batch.marks.emplace_back(group, std::exchange(find(group)->mark, {}));
        marked.clear();
        if (batch.bytes > 0) return hand_to_disk(std::move(batch));
        // Nothing to write: it is as durable as what was written before.
        if (!waiting.empty()) {
            auto& marks = waiting.back().marks;
            marks.insert(marks.end(), batch.marks.begin(), batch.marks.end());
            return;
        }
        for (const auto& [group, seq] : batch.marks)
            step_partition(*find(group), replication::Persisted{seq});
    }
}

void Node::State::hand_to_disk(WaitingBatch batch) {
    batch.seq = next_number(last_persist);
    out->persist_seq = batch.seq;
    std::swap(out->batch, effects.batch);
    effects.batch.clear();
    waiting_bytes += batch.bytes;
    waiting.push_back(std::move(batch));
}

void Node::State::on(const Persisted& event) {
    stats = event.stats;
    persisted = std::max(persisted, event.seq);
    sweeping.log_bytes_then = std::min(sweeping.log_bytes_then, stats.log_bytes);
    if (stats.scarce) {
        WEFT_PROBE("node.scarce_room");
        stop_writing();
    } else if (disk_full) {
        disk_full = false;
        log.info("disk.has_room", {{"bytes", stats.file_bytes}});
    }
    while (!waiting.empty() && waiting.front().seq <= event.seq) {
        const WaitingBatch batch = std::move(waiting.front());
        waiting.pop_front();
        waiting_bytes -= batch.bytes;
        for (const auto& [group, seq] : batch.marks)
            step_partition(*find(group), replication::Persisted{seq});
    }
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
    if (!disk_full || draining.active() || !waiting.empty()) return;
    effects.batch.erase_row(storage::Table::Meta, "room");
}

void Node::State::hand_over_all() {
    for (Hosted& group : hosted.all())
        if (group.role == Role::Leader)
            step_partition(group, replication::TransferLeadership{std::nullopt});
}

// ---- a stalled disk leads nothing ---------------------------------------------------------------

Duration Node::State::disk_age() const {
    return waiting.empty() ? Duration{} : now.mono - waiting.front().since;
}

std::uint32_t Node::State::disk_age_ms() const {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(disk_age()).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(age, 0, UINT32_MAX));
}

void Node::State::judge_disk() {
    const Duration age = disk_age();
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
    if (waiting.empty() || disk == DiskState::Stalled) return Instant::never();
    const Duration limit = disk == DiskState::Well ? options.timings.election_min / 2
                                                   : options.timings.election_min * 2;
    return waiting.front().since + limit + Duration{1};
}

}  // namespace weft::node
