#include "replication/partition/session_loader.h"

#include "replication/partition/rows.h"

#include <utility>

namespace weft::replication {

namespace {

// One row. The floor's is the first; nothing of what it ended came behind its entry.
bool take_row(const storage::ScannedRow& row, Sessions& sessions, LogIndex applied,
              std::int64_t stamp_ms) {
    const auto name = decode_session_key(row.key);
    if (row.state != storage::FetchedRow::State::Found || !name) return false;
    if (is_floor_key(*name)) {
        const auto floor = decode_floor_row(row.value.view());
        // What an entry in the base raised is not above the base's stamp; what comes behind it is
        // compared with its entry.
        if (!floor || (floor->applied <= applied && floor->start_ms > stamp_ms)) return false;
        sessions.load_floor(*floor);
        return true;
    }
    Session session;
    if (!decode_session_row(row.value.view(), session)) return false;
    const SessionFloor& floor = sessions.floor();
    if (name->start_ms < floor.start_ms && session.applied > floor.applied) return false;
    sessions.load(*name, std::move(session));
    return true;
}

}  // namespace

bool SessionLoader::take(const Fetched& fetched, Sessions& sessions, LogIndex applied,
                         std::int64_t stamp_ms) {
    if (fetched.id != fetch_) return true;  // asked before a snapshot replaced them
    fetch_ = {};
    const auto* result = std::get_if<Result<storage::FetchedRows>>(&fetched.result);
    if (result == nullptr || !result->has_value()) return true;  // asked again with the next step
    for (const storage::ScannedRow& row : (*result)->rows) {
        if (!take_row(row, sessions, applied, stamp_ms)) return false;
        after_ = row.key;
    }
    if (!(*result)->last) return true;
    done_ = true;
    sessions.loaded(stamp_ms, applied);
    return true;
}

void SessionLoader::begin_anew(PersistSeq rows_with) {
    done_ = false;
    fetch_ = {};
    after_.clear();
    rows_with_ = rows_with;
}

}  // namespace weft::replication
