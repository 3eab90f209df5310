#include "replication/partition/snapshot_sender.h"

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"

#include <algorithm>
#include <string_view>
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

// ---- one peer after the other -------------------------------------------------------------------

void SnapshotSender::follow(std::optional<Term> leads) {
    if (sending_ && leads != sending_->term) sending_.reset();
}

std::optional<NodeId> SnapshotSender::to() const {
    if (!sending_) return std::nullopt;
    return sending_->to.node;
}

bool SnapshotSender::wants_peer(Instant now, bool gone) const {
    return sending_ ? gone : now >= not_before_;
}

void SnapshotSender::begin(Instant now, const Member& to, Term term) {
    WEFT_PROBE("partition.snapshot_sending");
    last_peer_ = to.node;
    sending_ = Sending{};
    sending_->to = to;
    sending_->term = term;
    sending_->resend_at = now;
}

void SnapshotSender::stop(Instant now) {
    sending_.reset();
    not_before_ = now + limits_.snapshot_pause;
}

// ---- rows: swept, on disk, read -----------------------------------------------------------------

bool SnapshotSender::wants_sweep(Instant now) {
    if (!sending_ || sending_->phase != Phase::Sweep || now < sending_->resend_at) return false;
    sending_->resend_at = now + kSweepPause;
    return true;
}

void SnapshotSender::drive(const Step& step, bool swept, const Rows& rows) {
    if (!sending_) return;
    const Instant now = step.now.mono;
    if (sending_->phase == Phase::Sweep && !swept) {
        // Our own work: not the peer's silence.
        sending_->give_up_at = now + limits_.snapshot_patience;
    } else if (sending_->phase == Phase::Sweep || sending_->phase == Phase::Flush) {
        await_rows(now, rows);
    } else if (now >= sending_->give_up_at) {
        stop(now);
    } else if (sending_->phase == Phase::Wait && now >= sending_->resend_at) {
        send_chunk(step);
    }
}

// The base in memory promises rows that may still be on their way to the disk; what is read before
// they are there would lack effects that the base claims. The first call says which Persist covers
// them, every later one asks whether it has come.
void SnapshotSender::await_rows(Instant now, const Rows& rows) {
    if (sending_->phase != Phase::Flush) {
        sending_->phase = Phase::Flush;
        sending_->rows_with = rows.written;
        sending_->resend_at = Instant::never();
    }
    // Our own disk: not the peer's silence.
    sending_->give_up_at = now + limits_.snapshot_patience;
    if (rows.persisted >= sending_->rows_with || WEFT_MUTANT(SnapshotBeforeSync))
        begin_reading(now, rows.base);
}

void SnapshotSender::begin_reading(Instant now, const storage::LogBase& base) {
    if (base.index == LogIndex{}) return stop(now);  // nothing compacted: the log itself will do
    sending_->at = {base.term, base.index};
    sending_->table = storage::Table::Entity;
    sending_->after.clear();
    sending_->chunk = SnapshotChunk{};
    sending_->chunk.group = group_;
    sending_->chunk.term = sending_->term;
    sending_->chunk.at = sending_->at;
    sending_->chunk.transfer = next_number(transfers_);
    sending_->chunk.receiver_since = sending_->to.since;
    sending_->chunk.base = Bytes::adopt(encode_snapshot_base(base));
    sending_->give_up_at = now + limits_.snapshot_patience;
    read_page();
}

void SnapshotSender::read_page() {
    sending_->phase = Phase::Read;
    sending_->fetch = {};
}

bool SnapshotSender::take(const Step& step, const Fetched& fetched) {
    // An answer to a transfer that was given up would shift every page of this one by one.
    if (!sending_ || sending_->phase != Phase::Read) return true;
    if (sending_->fetch != fetched.id && !WEFT_MUTANT(SnapshotPagesMixed)) return true;
    const auto* result = std::get_if<Result<storage::FetchedRows>>(&fetched.result);
    if (result == nullptr || !result->has_value()) {
        stop(step.now.mono);
        return true;
    }
    std::string rows;
    for (const storage::ScannedRow& row : (*result)->rows) {
        if (row.state != storage::FetchedRow::State::Found || row.key.size() <= kRowPrefixBytes) {
            stop(step.now.mono);
            return false;
        }
        append_snapshot_row(rows, {.table = sending_->table,
                                   .key = std::string_view(row.key).substr(kRowPrefixBytes),
                                   .value = row.value.view()});
        sending_->after = row.key;
    }
    sending_->chunk.rows = Bytes::adopt(std::move(rows));
    if ((*result)->last) {
        sending_->after.clear();
        const auto table = table_after(sending_->table);
        sending_->chunk.last = !table;
        sending_->table = table.value_or(sending_->table);
    }
    send_chunk(step);
    return true;
}

// ---- chunks and their answers -------------------------------------------------------------------

void SnapshotSender::send_chunk(const Step& step) {
    sending_->phase = Phase::Wait;
    sending_->resend_at = step.now.mono + limits_.snapshot_resend;
    step.out.list.push_back(Send{sending_->to.node, sending_->chunk});
}

bool SnapshotSender::is_of_transfer(NodeId from, const SnapshotAnswer& answer) const {
    if (!sending_ || sending_->phase != Phase::Wait) return false;
    if (sending_->to != Member{from, answer.sender_since}) return false;
    if (answer.at != sending_->at || answer.term != sending_->term) return false;
    // What is told late of a transfer that was given up says nothing of this one's pages. An older
    // weft repeats no number.
    return answer.transfer == sending_->chunk.transfer || answer.transfer == TransferId{};
}

std::optional<SnapshotSender::Sent> SnapshotSender::answered(const Step& step, NodeId from,
                                                             const SnapshotAnswer& answer,
                                                             const Rows& rows) {
    if (!is_of_transfer(from, answer)) return std::nullopt;
    SnapshotChunk& chunk = sending_->chunk;
    if (answer.refused) {
        stop(step.now.mono);
    } else if (answer.next == kSnapshotWhole) {
        WEFT_PROBE("partition.snapshot_sent");
        log_.info("partition.snapshot_sent", {{"group", group_}, {"to", from}});
        const Sent sent{sending_->to, sending_->at};
        sending_.reset();
        return sent;
    } else if (answer.next == chunk.sequence + 1 && !chunk.last) {
        chunk.sequence += 1;
        chunk.base = {};
        sending_->give_up_at = step.now.mono + limits_.snapshot_patience;
        read_page();
    } else if (answer.next == 0 && chunk.sequence != 0) {
        await_rows(step.now.mono, rows);  // the receiver began anew
    }
    return std::nullopt;
}

// ---- what others ask ----------------------------------------------------------------------------

std::optional<LogIndex> SnapshotSender::holds_base() const {
    if (!sending_ || sending_->phase == Phase::Sweep) return std::nullopt;
    return sending_->at.index;
}

Instant SnapshotSender::deadline() const {
    if (!sending_) return Instant::never();
    if (sending_->phase == Phase::Read) return sending_->give_up_at;
    return std::min(sending_->give_up_at, sending_->resend_at);
}

void SnapshotSender::check(std::optional<Term> leads, LogIndex base) const {
    if (!sending_) return;
    WEFT_INVARIANT(leads == sending_->term,
                   "a snapshot is sent in term {}, this replica leads in {}", sending_->term.value,
                   leads.value_or(Term{}).value);
    if (sending_->phase != Phase::Read && sending_->phase != Phase::Wait) return;
    WEFT_INVARIANT(sending_->at.index == base,
                   "the snapshot of base {} is sent, the rows are of {}", sending_->at.index.value,
                   base.value);
}

}  // namespace weft::replication
