// The leader's side of a snapshot transfer (Raft paper 7; S19): rows are swept, then streamed as
// they are, one chunk at a time. Rows hold every effect up to the base and may hold later ones: the
// log from the base on is replayed over them, as at a restart.

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/partition_state.h"
#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"

#include <utility>

namespace weft::replication {

namespace {

constexpr Duration kSweepPause = std::chrono::milliseconds(2);

std::optional<storage::Table> table_after(storage::Table table) {
    if (table == storage::Table::Entity) return storage::Table::Journal;
    if (table == storage::Table::Journal) return storage::Table::Session;
    return std::nullopt;
}

}  // namespace

void Partition::State::drive_sending(const Step& step) {
    // Serving is not asked for: a quorum may need the snapshot before the no-op can commit.
    if (replica.role() != Role::Leader || (sending && sending->term != replica.term()))
        sending.reset();
    if (replica.role() != Role::Leader || !session_loader.done()) return;
    // One that is gone keeps nobody from his turn: a quorum may need the next one.
    if (sending && !replica.in_contact(step.now, sending->to.node) &&
        replica.needs_snapshot(step.now, sending->to.node))
        sending.reset();
    if (!sending) {
        if (step.now.mono < sending_at) return;
        const auto to = replica.needs_snapshot(step.now, sent_last);
        if (!to) return;
        sent_last = to->node;
        WEFT_PROBE("partition.snapshot_sending");
        sending = SnapshotSending{};
        sending->to = *to;
        sending->term = replica.term();
        sending->resend_at = step.now.mono;
    }
    using Phase = SnapshotSending::Phase;
    if (sending->phase == Phase::Sweep) {
        sending->give_up_at =
            step.now.mono +
            options.limits.snapshot_patience;  // our own work: not the peer's silence
        if (!sweep && sending->swept) {
            await_rows(step);
            return;
        }
        if (!sweep) begin_sweep(true);  // else it helps the one that runs
        sending->swept = true;
        if (step.now.mono < sending->resend_at) return;
        sending->resend_at = step.now.mono + kSweepPause;
        sweep_some(step, options.limits.snapshot_sweep_rows);
        if (!sweep) await_rows(step);
        return;
    }
    if (sending->phase == Phase::Flush) {
        await_rows(step);
        return;
    }
    if (step.now.mono >= sending->give_up_at) {
        stop_sending(step.now);
    } else if (sending->phase == Phase::Wait && step.now.mono >= sending->resend_at) {
        send_chunk(step);
    }
}

void Partition::State::stop_sending(Now now) {
    sending.reset();
    sending_at = now.mono + options.limits.snapshot_pause;
}

// The base in memory promises rows that may still be on their way to the disk; what is read before
// they are there would lack effects that the base claims. The first call says which Persist covers
// them, every later one asks whether it has come.
void Partition::State::await_rows(const Step& step) {
    if (sending->phase != SnapshotSending::Phase::Flush) {
        sending->phase = SnapshotSending::Phase::Flush;
        sending->rows_with = replica.last_persist_seq();
        sending->resend_at = Instant::never();
    }
    sending->give_up_at =
        step.now.mono + options.limits.snapshot_patience;  // our own disk: not the peer's silence
    if (persisted >= sending->rows_with || WEFT_MUTANT(SnapshotBeforeSync)) begin_reading(step);
}

void Partition::State::begin_reading(const Step& step) {
    const storage::LogBase& base = replica.base();
    if (base.index == LogIndex{}) {  // nothing compacted: the log itself will do
        stop_sending(step.now);
        return;
    }
    sending->at = {base.term, base.index};
    sending->table = storage::Table::Entity;
    sending->after.clear();
    sending->chunk = SnapshotChunk{};
    sending->chunk.group = group();
    sending->chunk.term = sending->term;
    sending->chunk.at = sending->at;
    sending->chunk.transfer = next_number(transfers);
    sending->chunk.receiver_since = sending->to.since;
    sending->chunk.base = Bytes::adopt(encode_snapshot_base(base));
    sending->give_up_at = step.now.mono + options.limits.snapshot_patience;
    read_rows(step.out);
}

void Partition::State::read_rows(Effects& out) {
    sending->phase = SnapshotSending::Phase::Read;
    storage::RowScan scan;
    scan.table = sending->table;
    scan.prefix = prefix();
    scan.after = sending->after;
    scan.bytes_max = options.limits.page_bytes;
    scan.rows_max = options.limits.page_rows;
    sending->fetch = fetch({FetchPurpose::Kind::SnapshotRows, {}}, std::move(scan), out);
}

void Partition::State::on_snapshot_rows(const Step& step, Fetched& fetched) {
    // An answer to a transfer that was given up would shift every page of this one by one.
    if (!sending || sending->phase != SnapshotSending::Phase::Read) return;
    if (sending->fetch != fetched.id && !WEFT_MUTANT(SnapshotPagesMixed)) return;
    const auto* result = std::get_if<Result<storage::FetchedRows>>(&fetched.result);
    if (result == nullptr || !result->has_value()) {
        stop_sending(step.now);
        return;
    }
    std::string rows;
    for (const storage::ScannedRow& row : (*result)->rows) {
        if (row.state != storage::FetchedRow::State::Found || row.key.size() <= kRowPrefixBytes) {
            log.error("partition.row_damaged", {{"group", group()}});
            stop_sending(step.now);
            replica.mark_damaged(LogIndex{});
            return;
        }
        append_snapshot_row(rows, {.table = sending->table,
                                   .key = std::string_view(row.key).substr(kRowPrefixBytes),
                                   .value = row.value.view()});
        sending->after = row.key;
    }
    sending->chunk.rows = Bytes::adopt(std::move(rows));
    if ((*result)->last) {
        sending->after.clear();
        const auto table = table_after(sending->table);
        sending->chunk.last = !table;
        sending->table = table.value_or(sending->table);
    }
    send_chunk(step);
}

void Partition::State::send_chunk(const Step& step) {
    sending->phase = SnapshotSending::Phase::Wait;
    sending->resend_at = step.now.mono + options.limits.snapshot_resend;
    step.out.list.push_back(Send{sending->to.node, sending->chunk});
}

void Partition::State::on_snapshot_answer(const Step& step, NodeId from,
                                          const SnapshotAnswer& answer) {
    if (!sending || sending->phase != SnapshotSending::Phase::Wait) return;
    if (sending->to != Member{from, answer.sender_since}) return;
    if (answer.at != sending->at || answer.term != sending->term) return;
    // What is told late of a transfer that was given up says nothing of this one's pages. An older
    // weft repeats no number.
    if (answer.transfer != sending->chunk.transfer && answer.transfer != TransferId{}) return;
    if (answer.refused) {
        stop_sending(step.now);
        return;
    }
    SnapshotChunk& chunk = sending->chunk;
    if (answer.next == kSnapshotWhole) {
        WEFT_PROBE("partition.snapshot_sent");
        log.info("partition.snapshot_sent", {{"group", group()}, {"to", from}});
        replica.snapshot_sent(sending->to, sending->at);
        sending.reset();
        return;
    }
    if (answer.next == chunk.sequence + 1 && !chunk.last) {
        chunk.sequence += 1;
        chunk.base = {};
        sending->give_up_at = step.now.mono + options.limits.snapshot_patience;
        read_rows(step.out);
    } else if (answer.next == 0 && chunk.sequence != 0) {
        await_rows(step);  // the receiver began anew
    }
}

}  // namespace weft::replication
