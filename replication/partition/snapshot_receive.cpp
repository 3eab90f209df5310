// The follower's side of a snapshot transfer (S19): rows are staged under a slot of their own, and
// one record switches over; a crash at any point leaves the old state or the new one. A slot number
// is never used twice, since the store may still be erasing what was there: the staging row
// remembers the last one over a restart, `last_slot` while that row is on its way to the disk.

#include "core/byte_io.h"
#include "core/hash.h"
#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/partition_state.h"
#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"

#include <algorithm>

namespace weft::replication {

void Partition::State::on_snapshot_chunk(const Step& step, NodeId from, SnapshotChunk chunk) {
    if (chunk.receiver_since != options.replica.since) return;  // S17: the replica has counted it
    SnapshotReceiving told;  // what an answer without a transfer says
    told.from = from;
    told.term = chunk.term;
    told.at = chunk.at;
    told.transfer = chunk.transfer;
    if (chunk.term != replica.term() || replica.role() != Role::Follower ||
        replica.leader() != from) {
        answer_chunk(from, told, true, step.out);
        return;
    }
    if (!receiving && needs_none_at(chunk.at)) {
        told.complete = true;
        answer_chunk(from, told, false, step.out);
        return;
    }
    // Left under way by a transfer that its leader has given up for this one.
    if (receiving && receiving->from == from && receiving->term == chunk.term &&
        chunk.transfer < receiving->transfer)
        return;
    if (is_of_transfer(from, chunk) && !begins_anew(step.now, chunk)) {
        receiving->give_up_at = step.now.mono + options.limits.snapshot_receive_patience;
        if (!receiving->slot_known && chunk.sequence == 0) receiving->first = std::move(chunk);
        if (!receiving->slot_known || receiving->persist_seq != PersistSeq{})
            return;  // answered then
        if (chunk.sequence == receiving->next) {
            take_chunk(step, chunk);
        } else {
            answer_chunk(from, *receiving, false, step.out);
        }
        return;
    }
    if (chunk.sequence != 0) {
        answer_chunk(from, told, false, step.out);  // from the beginning, please
        return;
    }
    auto base = decode_snapshot_base(chunk.base.view());
    // A leader names its commit with every beat, and sends this chunk again until it is answered.
    if (base && chunk.at.index > replica.named_commit()) {
        log.info("partition.snapshot_unnamed",
                 {{"group", group()}, {"from", from}, {"at", chunk.at.index}});
        return;
    }
    const std::string_view fault = base ? fault_of(*base, chunk.at) : "it does not decode";
    if (!fault.empty()) {
        log.warn("partition.snapshot_refused",
                 {{"group", group()}, {"from", from}, {"at", chunk.at.index}, {"why", fault}});
        answer_chunk(from, told, true, step.out);
        return;
    }
    if (receiving) abort_receiving(step.out);
    WEFT_PROBE("partition.snapshot_receiving");
    log.info("partition.snapshot_receiving", {{"group", group()}, {"at", chunk.at.index}});
    receiving = std::move(told);
    receiving->base = std::move(*base);
    receiving->first = std::move(chunk);
    receiving->give_up_at = step.now.mono + options.limits.snapshot_receive_patience;
    replica.forbid_campaign(Replica::Ban::Installing);
    receiving->fetch =
        fetch({FetchPurpose::Kind::StagingRow, {}},
              storage::RowRead{storage::Table::Meta, staging_row_key(group())}, step.out);
}

// A base that its leader has named committed replaces what is held here. Its stamp may be ahead of
// the clock: a quorum took it, before their clocks were set back.
std::string_view Partition::State::fault_of(const storage::LogBase& base, LogPosition at) const {
    if (base.index != at.index || base.term != at.term) return "it is another base";
    if (base.term > replica.term()) return "it is of a later term";
    if (base.stamp_ms < 0) return "its stamp is no time";
    return {};
}

// The pages of two transfers of one base may differ: rows change, and end at other places. What has
// been taken as a whole serves every transfer of its base.
bool Partition::State::is_of_transfer(NodeId from, const SnapshotChunk& chunk) const {
    if (!receiving || receiving->from != from || receiving->at != chunk.at) return false;
    return receiving->complete ||
           (receiving->term == chunk.term && receiving->transfer == chunk.transfer);
}

// Of a leader that numbers no transfers (an older weft): one under way sends its first chunk again
// as it was, only until the second was taken, and never after a pause.
bool Partition::State::begins_anew(Now now, const SnapshotChunk& chunk) const {
    if (chunk.sequence != 0 || chunk.transfer != TransferId{}) return false;
    if (receiving->next == 1) return receiving->first_page != xxh3_64(chunk.rows.view());
    return receiving->next > 1 &&
           now.mono >= receiving->progress_at + 3 * options.limits.snapshot_resend;
}

void Partition::State::on_staging_row(const Step& step, Fetched& fetched) {
    if (!receiving || receiving->slot_known || receiving->fetch != fetched.id) return;
    const auto* result = std::get_if<Result<storage::FetchedRow>>(&fetched.result);
    const bool readable = result != nullptr && result->has_value() &&
                          (*result)->state != storage::FetchedRow::State::Corrupt;
    if (!readable) {
        answer_chunk(receiving->from, *receiving, true, step.out);
        abort_receiving(step.out);
        return;
    }
    const std::uint32_t current = replica.base().slot;
    std::uint32_t slot = WEFT_MUTANT(SnapshotSlotAgain) ? current : std::max(current, last_slot);
    if ((*result)->state == storage::FetchedRow::State::Found) {
        const std::uint32_t staged = ByteReader((*result)->value.view()).get<std::uint32_t>();
        // Left behind by an attempt before the last restart; later ones have erased their own.
        if (staged > slot) erase_slot(staged, step.out);
        slot = std::max(slot, staged);
    }
    last_slot = slot + 1;
    receiving->base.slot = last_slot;
    receiving->slot_known = true;
    std::string value;
    ByteWriter(value).put(receiving->base.slot);
    step.out.batch.put_row(storage::Table::Meta, staging_row_key(group()), value);
    const SnapshotChunk first = std::move(receiving->first);
    receiving->first = {};
    take_chunk(step, first);
}

void Partition::State::take_chunk(const Step& step, const SnapshotChunk& chunk) {
    const auto rows = decode_snapshot_rows(chunk.rows.view());
    if (!rows) {
        log.warn("partition.snapshot_refused", {{"group", group()}, {"from", receiving->from}});
        answer_chunk(receiving->from, *receiving, true, step.out);
        abort_receiving(step.out);
        return;
    }
    const std::string at = rows_prefix(group(), receiving->base.slot);
    for (const SnapshotRowOut& row : *rows) {
        std::string key = at;
        key.append(row.key);
        step.out.batch.put_row(row.table, key, row.value);
    }
    if (chunk.sequence == 0) receiving->first_page = xxh3_64(chunk.rows.view());
    receiving->next = chunk.sequence + 1;
    receiving->progress_at = step.now.mono;
    if (chunk.last) install_snapshot(step);
    receiving->persist_seq = replica.persist_mark(step.out);
}

void Partition::State::install_snapshot(const Step& step) {
    const std::uint32_t old_slot = replica.base().slot;
    const storage::LogBase& base = receiving->base;
    receiving->complete = true;
    replica.allow_campaign(Replica::Ban::Installing);
    replica.install(step.now, base, step.out);
    if (replica.base().slot != base.slot) {  // the log has gone past it, or holds what it lacks
        receiving->useless = replica.lacks_data() || replica.commit() < base.index;
        erase_slot(base.slot, step.out);
        return;
    }
    WEFT_PROBE("partition.snapshot_installed");
    log.info("partition.snapshot_installed", {{"group", group()}, {"at", base.index}});
    erase_slot(old_slot, step.out);
    host.clear();
    if (!WEFT_MUTANT(SnapshotKeepsSessions)) sessions.clear();
    log_feed.forget();
    stamps.clear();
    sweep.reset();
    applied = base.index;
    stamp_ms = base.stamp_ms;
    blocked = false;
    replica.allow_campaign(Replica::Ban::Blocked);
    rows_written = true;
    // Rows are read again once they are on disk.
    session_loader.begin_anew({replica.last_persist_seq().value + 1});
}

// What is there up to that base is whole: it is committed, or the log on disk holds the very entry,
// and with it all before.
bool Partition::State::needs_none_at(LogPosition at) const {
    const bool held = at.index <= replica.durable_index() && replica.term_at(at.index) == at.term;
    return (held || at.index <= replica.commit()) && !replica.lacks_data();
}

// The log has gone past it meanwhile: nobody may go on with it, and it would keep this replica,
// which may be the only one that can, from leading.
bool Partition::State::receives_in_vain() const {
    return !receiving->complete && needs_none_at(receiving->at);
}

void Partition::State::erase_slot(std::uint32_t slot, Effects& out) const {
    const std::string at = rows_prefix(group(), slot);
    for (const auto table :
         {storage::Table::Entity, storage::Table::Journal, storage::Table::Session})
        out.batch.erase_prefix(table, at);
}

void Partition::State::abort_receiving(Effects& out) {
    WEFT_PROBE("partition.snapshot_aborted");
    if (receiving->slot_known && !receiving->complete) {
        erase_slot(receiving->base.slot, out);
        replica.persist_mark(out);
    }
    replica.allow_campaign(Replica::Ban::Installing);
    receiving.reset();
}

void Partition::State::answer_chunk(NodeId to, const SnapshotReceiving& in, bool refused,
                                    Effects& out) const {
    SnapshotAnswer answer;
    answer.group = group();
    answer.term = replica.term();
    answer.at = in.at;
    answer.next = in.complete ? kSnapshotWhole : in.next;
    answer.refused = refused;
    answer.transfer = in.transfer;
    answer.sender_since = options.replica.since;
    out.list.push_back(Send{to, answer});
}

}  // namespace weft::replication
