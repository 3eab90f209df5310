#include "replication/partition/snapshot_receiver.h"

#include "core/byte_io.h"
#include "core/hash.h"
#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"

#include <algorithm>
#include <string>
#include <utility>

namespace weft::replication {

namespace {

// A base that its leader has named committed replaces what is held here. Its stamp may be ahead of
// the clock: a quorum took it, before their clocks were set back.
std::string_view fault_of(const storage::LogBase& base, LogPosition at, Term term) {
    if (base.index != at.index || base.term != at.term) return "it is another base";
    if (base.term > term) return "it is of a later term";
    if (base.stamp_ms < 0) return "its stamp is no time";
    return {};
}

}  // namespace

void erase_space(PartitionId group, RowSpace space, storage::WriteBatch& batch) {
    const std::string at = rows_prefix(group, space);
    for (const auto table :
         {storage::Table::Entity, storage::Table::Journal, storage::Table::Session})
        batch.erase_prefix(table, at);
}

SnapshotReceiver::Wants SnapshotReceiver::on_chunk(const Step& step, NodeId from,
                                                   SnapshotChunk chunk, const Follower& here) {
    if (chunk.receiver_since != since_) return {};  // S17: the replica has counted it
    Receiving told;                                 // what an answer without a transfer says
    told.from = from;
    told.term = chunk.term;
    told.at = chunk.at;
    told.transfer = chunk.transfer;
    if (chunk.term != here.term || here.leader != from) {
        answer(told, here.term, true, step.out);
        return {};
    }
    if (!receiving_ && here.has_all) {
        told.complete = true;
        answer(told, here.term, false, step.out);
        return {};
    }
    // Left under way by a transfer that its leader has given up for this one.
    if (receiving_ && receiving_->from == from && receiving_->term == chunk.term &&
        chunk.transfer < receiving_->transfer)
        return {};
    if (is_of_transfer(from, chunk) && !begins_anew(step.now, chunk))
        return go_on(step, std::move(chunk), here.term);
    if (chunk.sequence != 0) {
        answer(told, here.term, false, step.out);  // from the beginning, please
        return {};
    }
    return begin(step, std::move(told), std::move(chunk), here);
}

SnapshotReceiver::Wants SnapshotReceiver::begin(const Step& step, Receiving anew,
                                                SnapshotChunk chunk, const Follower& here) {
    auto base = decode_snapshot_base(chunk.base.view());
    // A leader names its commit with every beat, and sends this chunk again until it is answered.
    if (base && chunk.at.index > here.named_commit) {
        log_.info("partition.snapshot_unnamed",
                  {{"group", group_}, {"from", anew.from}, {"at", chunk.at.index}});
        return {};
    }
    const std::string_view fault =
        base ? fault_of(*base, chunk.at, here.term) : "it does not decode";
    if (!fault.empty()) {
        log_.warn("partition.snapshot_refused",
                  {{"group", group_}, {"from", anew.from}, {"at", chunk.at.index}, {"why", fault}});
        answer(anew, here.term, true, step.out);
        return {};
    }
    Wants wants;
    if (receiving_) wants = abort(step.out);
    WEFT_PROBE("partition.snapshot_receiving");
    log_.info("partition.snapshot_receiving", {{"group", group_}, {"at", chunk.at.index}});
    receiving_ = std::move(anew);
    receiving_->base = std::move(*base);
    receiving_->first = std::move(chunk);
    receiving_->give_up_at = step.now.mono + limits_.snapshot_receive_patience;
    wants.staging_row = true;
    return wants;
}

SnapshotReceiver::Wants SnapshotReceiver::go_on(const Step& step, SnapshotChunk chunk, Term term) {
    receiving_->give_up_at = step.now.mono + limits_.snapshot_receive_patience;
    if (!receiving_->space_known && chunk.sequence == 0) receiving_->first = std::move(chunk);
    // Answered when the row is read or the chunk is on disk.
    if (!receiving_->space_known || receiving_->persist_seq != PersistSeq{}) return {};
    if (chunk.sequence == receiving_->next) return take_chunk(step, chunk, term);
    answer(*receiving_, term, false, step.out);
    return {};
}

// The pages of two transfers of one base may differ: rows change, and end at other places. What has
// been taken as a whole serves every transfer of its base.
bool SnapshotReceiver::is_of_transfer(NodeId from, const SnapshotChunk& chunk) const {
    if (!receiving_ || receiving_->from != from || receiving_->at != chunk.at) return false;
    return receiving_->complete ||
           (receiving_->term == chunk.term && receiving_->transfer == chunk.transfer);
}

// Of a leader that numbers no transfers (an older weft): one under way sends its first chunk again
// as it was, only until the second was taken, and never after a pause.
bool SnapshotReceiver::begins_anew(Now now, const SnapshotChunk& chunk) const {
    if (chunk.sequence != 0 || chunk.transfer != TransferId{}) return false;
    if (receiving_->next == 1) return receiving_->first_page != xxh3_64(chunk.rows.view());
    return receiving_->next > 1 &&
           now.mono >= receiving_->progress_at + 3 * limits_.snapshot_resend;
}

SnapshotReceiver::Wants SnapshotReceiver::on_staging_row(const Step& step, const Fetched& fetched,
                                                         Term term, RowSpace space) {
    if (!receiving_ || receiving_->space_known || receiving_->fetch != fetched.id) return {};
    const auto* result = std::get_if<Result<storage::FetchedRow>>(&fetched.result);
    const bool readable = result != nullptr && result->has_value() &&
                          (*result)->state != storage::FetchedRow::State::Corrupt;
    if (!readable) {
        answer(*receiving_, term, true, step.out);
        return abort(step.out);
    }
    if (!WEFT_MUTANT(SnapshotSpaceAgain)) space = std::max(space, last_space_);
    if ((*result)->state == storage::FetchedRow::State::Found) {
        const RowSpace staged{ByteReader((*result)->value.view()).get<std::uint32_t>()};
        // Left behind by an attempt before the last restart; later ones have erased their own.
        if (staged > space) erase_space(group_, staged, step.out.batch);
        space = std::max(space, staged);
    }
    last_space_ = {space.value + 1};
    receiving_->base.space = last_space_;
    receiving_->space_known = true;
    std::string value;
    ByteWriter(value).put(receiving_->base.space.value);
    step.out.batch.put_row(storage::Table::Meta, staging_row_key(group_), value);
    return take_chunk(step, std::exchange(receiving_->first, {}), term);
}

SnapshotReceiver::Wants SnapshotReceiver::take_chunk(const Step& step, const SnapshotChunk& chunk,
                                                     Term term) {
    const auto rows = decode_snapshot_rows(chunk.rows.view());
    if (!rows) {
        log_.warn("partition.snapshot_refused", {{"group", group_}, {"from", receiving_->from}});
        answer(*receiving_, term, true, step.out);
        return abort(step.out);
    }
    const std::string at = rows_prefix(group_, receiving_->base.space);
    for (const SnapshotRowOut& row : *rows) {
        std::string key = at;
        key.append(row.key);
        step.out.batch.put_row(row.table, key, row.value);
    }
    if (chunk.sequence == 0) receiving_->first_page = xxh3_64(chunk.rows.view());
    receiving_->next = chunk.sequence + 1;
    receiving_->progress_at = step.now.mono;
    receiving_->complete = chunk.last;
    return {.install = chunk.last, .persist = true};
}

void SnapshotReceiver::marked(PersistSeq seq) {
    if (receiving_ && receiving_->space_known) receiving_->persist_seq = seq;
}

void SnapshotReceiver::persisted(PersistSeq seq, Term term, Effects& out) {
    if (!receiving_ || receiving_->persist_seq == PersistSeq{} || receiving_->persist_seq > seq)
        return;
    receiving_->persist_seq = {};
    answer(*receiving_, term, receiving_->useless, out);
    if (receiving_->complete) receiving_.reset();
}

SnapshotReceiver::Wants SnapshotReceiver::drive(const Step& step, bool has_all) {
    if (!receiving_) return {};
    const bool in_vain = !receiving_->complete && has_all;
    if (step.now.mono < receiving_->give_up_at && !in_vain) return {};
    return abort(step.out);
}

SnapshotReceiver::Wants SnapshotReceiver::abort(Effects& out) {
    WEFT_PROBE("partition.snapshot_aborted");
    const bool staged = receiving_->space_known && !receiving_->complete;
    if (staged) erase_space(group_, receiving_->base.space, out.batch);
    receiving_.reset();
    return {.persist = staged};
}

void SnapshotReceiver::answer(const Receiving& in, Term term, bool refused, Effects& out) const {
    SnapshotAnswer answer;
    answer.group = group_;
    answer.term = term;
    answer.at = in.at;
    answer.next = in.complete ? kSnapshotWhole : in.next;
    answer.refused = refused;
    answer.transfer = in.transfer;
    answer.sender_since = since_;
    out.list.push_back(Send{in.from, answer});
}

std::optional<LogPosition> SnapshotReceiver::at() const {
    if (!receiving_) return std::nullopt;
    return receiving_->at;
}

void SnapshotReceiver::check(RowSpace space) const {
    if (!receiving_ || !receiving_->space_known) return;
    WEFT_INVARIANT(receiving_->complete || receiving_->base.space > space,
                   "rows are staged in space {}, those in force are in {}",
                   receiving_->base.space.value, space.value);
    WEFT_INVARIANT(!receiving_->complete || receiving_->persist_seq != PersistSeq{},
                   "a snapshot of {} is whole and waits for no Persist",
                   receiving_->at.index.value);
}

}  // namespace weft::replication
