#include "replication/partition/row_sweep.h"

#include "core/invariant.h"
#include "core/mutant.h"
#include "entity/kind.h"
#include "replication/partition/rows.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace weft::replication {

namespace {

constexpr std::uint64_t kStampEvery = 64;  // entries between remembered stamps

// Header, newest snapshot and journal blocks of one entity; returns the number of rows.
std::size_t write_rows_of(const entity::Entity& entity, const std::string& at,
                          storage::WriteBatch& batch) {
    const entity::Image& image = entity.committed;
    const LogIndex last{image.standing.revision.value};
    const std::string key = entity_row_key(at, entity.key());
    if (!image.exists()) {
        batch.erase_row(storage::Table::Entity, key);
        return 1;
    }
    std::size_t rows = 1;
    const bool value = entity::rules_of(entity.kind).state_on_all;
    batch.put_row(
        storage::Table::Entity, key,
        encode_entity_row({.applied = last,
                           .standing = image.standing,
                           .kind = entity.kind,
                           .value = value ? std::string_view(image.state) : std::string_view{}}));
    if (const auto* snapshot = entity.unflushed.snapshot()) {
        batch.put_row(
            storage::Table::Entity, snapshot_row_key(at, entity.key()),
            encode_snapshot_row(
                {.applied = last, .version = snapshot->version, .state = snapshot->state}));
        ++rows;
    }
    cut_journal_blocks(entity.unflushed, [&](Version first, std::string_view records) {
        batch.put_row(storage::Table::Journal, journal_row_key(at, entity.key(), first),
                      encode_journal_row({.first = first, .applied = last, .records = records}));
        ++rows;
    });
    return rows;
}

}  // namespace

void RowSweep::begin(const Stamped& upto, bool own, entity::Host& host) {
    run_ = Run{};
    run_->upto = upto;
    run_->own = own;
    host.begin_sweep();
}

RowSweep::Written RowSweep::write(std::size_t rows, const Rows& to) {
    Written written;
    const auto left = [&] { return rows - std::min(rows, written.rows); };
    if (run_->phase == Phase::Entities) {
        while (written.rows < rows) {
            entity::Entity* entity = to.host.next_to_sweep();
            if (entity == nullptr) {
                run_->phase = Phase::Sessions;
                break;
            }
            written.rows += write_rows_of(*entity, to.prefix, to.batch);
            written.entities.push_back(entity);
        }
    }
    if (WEFT_MUTANT(CompactBeforeSessions) && run_->phase == Phase::Sessions)
        run_->phase = Phase::Ended;
    if (run_->phase == Phase::Sessions) written.rows += write_sessions(left(), to);
    if (run_->phase == Phase::Ended) {
        for (const SessionName& name : to.sessions.erasable(to.base, left())) {
            to.batch.erase_row(storage::Table::Session, session_row_key(to.prefix, name));
            to.sessions.erased(name);
            ++written.rows;
        }
    }
    return written;
}

// Only those behind the last one written: active sessions become dirty again all the time.
std::size_t RowSweep::write_sessions(std::size_t rows, const Rows& to) {
    std::vector<Sessions::RowOrder> done;
    const auto& dirty = to.sessions.dirty();
    auto row = run_->after_session ? dirty.upper_bound(*run_->after_session) : dirty.begin();
    for (; row != dirty.end() && done.size() < rows; ++row) {
        const SessionName name{row->second, row->first};
        to.batch.put_row(storage::Table::Session, session_row_key(to.prefix, name),
                         encode_session_row(*to.sessions.find(name)));
        done.push_back(*row);
    }
    const bool ends = row == dirty.end();
    if (!done.empty()) run_->after_session = done.back();
    for (const Sessions::RowOrder& item : done) to.sessions.flushed(item);
    if (!ends) return done.size();
    run_->phase = Phase::Ended;
    if (!to.sessions.floor_dirty()) return done.size();
    // Behind the sessions' rows: what it ended before this sweep came to it was not written, and
    // replay up to it knows less.
    to.batch.put_row(storage::Table::Session, floor_row_key(to.prefix),
                     encode_floor_row(to.sessions.floor()));
    to.sessions.floor_flushed();
    return done.size() + 1;
}

bool RowSweep::all_written(const Sessions& sessions, LogIndex base) const {
    return run_->phase == Phase::Ended && sessions.erasable(base, 1).empty();
}

// Rows hold it, it is on disk, and voters in contact have it, unless they are too far behind to
// wait for (S25).
Stamped RowSweep::end(const LogEnds& log) {
    const Stamped upto = run_->upto;
    run_.reset();
    LogIndex bound = std::min(upto.index, log.durable);
    const bool wait = log.voters.value + limits_.laggard_entries >= log.applied.value &&
                      log.behind_bytes <= limits_.laggard_bytes;
    // The peer that gets a snapshot cannot hold back the base it is to get.
    if (wait && !log.sends_snapshot) bound = std::min(bound, log.voters);
    if (log.held) bound = std::min(bound, *log.held);
    if (bound == upto.index) return upto;
    Stamped best;
    for (const Stamped& known : stamps_) {
        if (known.index > bound) break;
        best = known;
    }
    return best;
}

void RowSweep::applied(const Stamped& entry) {
    if (stamps_.empty() || entry.index.value >= stamps_.back().index.value + kStampEvery)
        stamps_.push_back(entry);
}

void RowSweep::base_moved(LogIndex base) {
    while (stamps_.size() > 1 && stamps_[1].index <= base) stamps_.pop_front();
}

void RowSweep::forget() {
    run_.reset();
    stamps_.clear();
}

void RowSweep::check(LogIndex applied) const {
    WEFT_INVARIANT(!run_ || run_->upto.index <= applied, "a sweep up to {}, applied is {}",
                   run_->upto.index.value, applied.value);
    WEFT_INVARIANT(stamps_.empty() || stamps_.back().index <= applied,
                   "the stamp of {} is known, applied is {}", stamps_.back().index.value,
                   applied.value);
}

}  // namespace weft::replication
