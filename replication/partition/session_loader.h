#pragma once
// Sessions of the base are read from their rows, page by page, before anything is applied: what
// they remember decides what has an effect.

#include "core/ids.h"
#include "replication/partition/sessions.h"
#include "replication/raft/events.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>

namespace weft::replication {

class SessionLoader {
public:
    // `rows`: there is a base, so there may be rows.
    explicit SessionLoader(bool rows) : done_(!rows) {}

    bool done() const { return done_; }
    // True when the next page is to be asked for: all before it came, and what was written of the
    // rows is on disk.
    bool wants_page(PersistSeq persisted) const {
        return !done_ && fetch_ == FetchId{} && rows_with_ <= persisted;
    }
    // The last row that was read; the next page begins behind it.
    const std::string& after() const { return after_; }
    void asked(FetchId fetch) { fetch_ = fetch; }
    // A page came. False: it holds a row that cannot be right, so the rows are damaged. `applied`
    // and `stamp_ms` are those of the base.
    bool take(const Fetched& fetched, Sessions& sessions, LogIndex applied, std::int64_t stamp_ms);
    // A snapshot replaced the rows; they are on disk with `rows_with`.
    void begin_anew(PersistSeq rows_with);

private:
    bool done_;
    FetchId fetch_;  // under way
    PersistSeq rows_with_;
    std::string after_;
};

}  // namespace weft::replication
