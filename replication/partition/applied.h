#pragma once
// How far this replica has applied its log, and log time with it: the stamp of the last applied
// entry, on every replica alike (S29). Entries follow without a gap (Raft paper 5.3). One that
// this build does not understand, of a later weft or by a writer that was wrong, blocks: whatever
// was made of it would be a guess, on this replica alone. Only a snapshot of what lies behind it
// goes on from there.

#include "core/entry.h"
#include "replication/partition/sections.h"
#include "storage/contracts.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <string_view>

namespace weft::replication {

// An entry and its stamp.
struct Stamped {
    LogIndex index;
    std::int64_t stamp_ms = 0;
    bool operator==(const Stamped&) const = default;
};

class Applied {
public:
    // Views point into the encoded entry.
    struct Entry {
        EntryHeader header;
        DecodedEntry parts;
    };
    explicit Applied(const storage::LogBase& base) : index_(base.index), stamp_ms_(base.stamp_ms) {}

    LogIndex index() const { return index_; }
    std::int64_t stamp_ms() const { return stamp_ms_; }
    Stamped last() const { return {index_, stamp_ms_}; }
    bool blocked() const { return blocked_; }
    // Something that is committed is still to be applied, and can be.
    bool is_behind(LogIndex commit) const { return !blocked_ && index_ < commit; }

    // The entry that follows. An error says why it cannot be applied; from then on it is blocked.
    Result<Entry> read_next(std::string_view encoded);
    // That entry has taken effect.
    void advance(const EntryHeader& header);
    // A snapshot replaced all that was applied.
    void install(const storage::LogBase& base) { *this = Applied(base); }
    void check(LogIndex commit, LogIndex base) const;

private:
    LogIndex index_;
    std::int64_t stamp_ms_ = 0;
    bool blocked_ = false;
};

}  // namespace weft::replication
