// Write-back (docs/design.md, "Storage"): dirty rows go out in key order, a bounded number per
// round, and when all that was dirty at the start is written, the log before it is compacted (S25,
// S26).

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/partition_state.h"
#include "replication/partition/rows.h"

#include <algorithm>

namespace weft::replication {

void Partition::State::on(const Step& step, const Sweep& event) {
    if (!session_loader.done() || replica.lacks_data()) {
        step.out.list.push_back(Swept{group(), 0, true});  // nothing that could be written
        return;
    }
    if (!sweep || sweep->own) begin_sweep(false);
    const std::size_t rows = sweep_some(step, event.rows);
    step.out.list.push_back(Swept{group(), rows, !sweep.has_value()});
}

// Takes over a sweep that runs: what it wrote is clean and costs nothing.
void Partition::State::begin_sweep(bool own) {
    sweep = SweepRun{};
    sweep->upto = applied;
    sweep->stamp_ms = stamp_ms;
    sweep->own = own;
    host.begin_sweep();
}

// Returns the number of rows written; the sweep is over when `sweep` is empty. A row of entry k
// never precedes the log record of k: that was written into this or an earlier batch, and batches
// reach the disk in order.
std::size_t Partition::State::sweep_some(const Step& step, std::size_t rows) {
    std::size_t written = 0;
    std::vector<entity::Entity*> entities;
    if (sweep->phase == SweepRun::Phase::Entities) {
        while (written < rows) {
            entity::Entity* entity = host.next_to_sweep();
            if (entity == nullptr) {
                sweep->phase = SweepRun::Phase::Sessions;
                break;
            }
            written += write_rows_of(*entity, step.out);
            entities.push_back(entity);
        }
    }
    if (WEFT_MUTANT(CompactBeforeSessions) && sweep->phase == SweepRun::Phase::Sessions)
        sweep->phase = SweepRun::Phase::Ended;
    if (sweep->phase == SweepRun::Phase::Sessions)
        written += sweep_sessions(rows - std::min(rows, written), step.out);
    if (sweep->phase == SweepRun::Phase::Ended) {
        const std::string at = prefix();
        const std::size_t most = rows - std::min(rows, written);
        for (const SessionName& name : sessions.erasable(replica.base().index, most)) {
            step.out.batch.erase_row(storage::Table::Session, session_row_key(at, name));
            sessions.erased(name);
            ++written;
        }
    }
    if (written != 0) {
        rows_written = true;
        const PersistSeq seq = replica.persist_mark(step.out);
        for (entity::Entity* entity : entities) {
            if (entity->loading && !WEFT_MUTANT(StaleActivation))
                mailboxes.find(entity->key())->stale = true;
            host.flushed(*entity, seq);
        }
    }
    if (sweep->phase == SweepRun::Phase::Ended &&
        sessions.erasable(replica.base().index, 1).empty())
        finish_sweep(step);
    return written;
}

// Only those behind the last one written: active sessions become dirty again all the time.
std::size_t Partition::State::sweep_sessions(std::size_t rows, Effects& out) {
    const std::string at = prefix();
    std::vector<Sessions::RowOrder> done;
    auto row = sweep->after_session ? sessions.dirty().upper_bound(*sweep->after_session)
                                    : sessions.dirty().begin();
    for (; row != sessions.dirty().end() && done.size() < rows; ++row) {
        const SessionName name{row->second, row->first};
        out.batch.put_row(storage::Table::Session, session_row_key(at, name),
                          encode_session_row(*sessions.find(name)));
        done.push_back(*row);
    }
    const bool ends = row == sessions.dirty().end();
    if (!done.empty()) sweep->after_session = done.back();
    for (const Sessions::RowOrder& item : done) sessions.flushed(item);
    if (!ends) return done.size();
    sweep->phase = SweepRun::Phase::Ended;
    if (!sessions.floor_dirty()) return done.size();
    // Behind the sessions' rows: what it ended before this sweep came to it was not written, and
    // replay up to it knows less.
    out.batch.put_row(storage::Table::Session, floor_row_key(at),
                      encode_floor_row(sessions.floor()));
    sessions.floor_flushed();
    return done.size() + 1;
}

// Header, newest snapshot and journal blocks of one entity; returns the number of rows.
std::size_t Partition::State::write_rows_of(const entity::Entity& entity, Effects& out) const {
    const std::string at = prefix();
    const entity::Image& image = entity.committed;
    const LogIndex last{image.revision.value};
    const std::string key = entity_row_key(at, entity.key());
    if (!image.exists()) {
        out.batch.erase_row(storage::Table::Entity, key);
        return 1;
    }
    std::size_t rows = 1;
    const bool value = entity.kind == entity::Kind::Value;
    out.batch.put_row(
        storage::Table::Entity, key,
        encode_entity_row({.applied = last,
                           .revision = image.revision,
                           .version = image.version,
                           .generation = image.generation,
                           .kind = entity.kind,
                           .value = value ? std::string_view(image.state) : std::string_view{}}));
    if (const auto* snapshot = entity.unflushed.snapshot()) {
        out.batch.put_row(
            storage::Table::Entity, snapshot_row_key(at, entity.key()),
            encode_snapshot_row(
                {.applied = last, .version = snapshot->version, .state = snapshot->state}));
        ++rows;
    }
    cut_journal_blocks(entity.unflushed, [&](Version first, std::string_view records) {
        out.batch.put_row(
            storage::Table::Journal, journal_row_key(at, entity.key(), first),
            encode_journal_row({.first = first, .applied = last, .records = records}));
        ++rows;
    });
    return rows;
}

void Partition::State::finish_sweep(const Step& step) {
    const auto [index, stamp] = compaction_target(step.now);
    sweep.reset();
    if (index <= replica.base().index) return;
    replica.compact(index, stamp, step.out);
    while (stamps.size() > 1 && stamps[1].first <= replica.base().index) stamps.pop_front();
    log.debug("partition.compacted", {{"group", group()}, {"base", replica.base().index}});
}

// How far the log may go (S25): rows hold it, it is on disk, and voters in contact have it, unless
// they are too far behind to wait for. Only entries whose stamp is known can be a base.
std::pair<LogIndex, std::int64_t> Partition::State::compaction_target(Now now) const {
    LogIndex bound = std::min(sweep->upto, replica.durable_index());
    const LogIndex voters = replica.compaction_limit(now);
    const bool wait = voters.value + options.limits.laggard_entries >= applied.value &&
                      replica.log_bytes(voters, applied) <= options.limits.laggard_bytes;
    // The peer that gets a snapshot cannot hold back the base it is to get.
    if (wait && !sender.busy()) bound = std::min(bound, voters);
    if (const auto held = sender.holds_base()) bound = std::min(bound, *held);
    if (bound == sweep->upto) return {sweep->upto, sweep->stamp_ms};
    std::pair<LogIndex, std::int64_t> best;
    for (const auto& known : stamps) {
        if (known.first > bound) break;
        best = known;
    }
    return best;
}

}  // namespace weft::replication
