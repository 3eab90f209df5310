#pragma once
// What a replica keeps of its log in memory: a short description of every entry after the base, and
// the bytes of the newest ones. Indexes are checked by invariants; nothing here decides anything.

#include "core/entry.h"
#include "core/term_runs.h"
#include "storage/contracts.h"
#include "weft/bytes.h"
#include "weft/types.h"

#include <cstdint>
#include <deque>
#include <optional>

namespace weft::replication {

struct EntryInfo {
    Chain chain;
    Term term;
    std::int64_t stamp_ms = 0;
    std::uint64_t end = 0;  // bytes of the log up to and with this entry
    EntryKind kind = EntryKind::NoOp;
    bool readable = true;  // false: only the index is known
    bool damaged = false;  // must be written again before it counts as held (S22)
};

class LogWindow {
public:
    // Forgets everything; the log now begins after `base`, of which only the index is known when it
    // is not `readable`.
    void reset(const storage::LogBase& base, bool readable = true);
    // An entry found at start: known, not in the cache.
    void recover(const storage::RecoveredEntry& entry);
    void append(const EntryHeader& header, Bytes encoded);
    // The entry at header.index is whole again.
    void repair(const EntryHeader& header);
    void mark_damaged(LogIndex index);
    void truncate(LogIndex from);
    // Entries up to `index` leave; what it says of that index becomes the base.
    void move_base(LogIndex index);
    // What is known of the entry at base() is taken from `base`, of that index.
    void set_base(const storage::LogBase& base);

    LogIndex base() const { return base_; }
    LogIndex last() const { return LogIndex{base_.value + infos_.size()}; }
    bool holds(LogIndex index) const { return base_ < index && index <= last(); }
    // `index` in [base, last].
    EntryInfo at(LogIndex index) const;
    EntryInfo back() const { return at(last()); }
    // What is known of an entry in [base, last]; nothing when its record is unreadable, and of any
    // other.
    std::optional<EntryInfo> find(LogIndex index) const;
    // Bytes of the entries in (after, to], both in [base, last].
    std::uint64_t bytes_between(LogIndex after, LogIndex to) const;
    // The newest index in [base, from] whose term is at most `term`; base when there is none.
    LogIndex newest_up_to(LogIndex from, Term term) const;
    // The first damaged entry, and how many there are.
    std::optional<LogIndex> first_damaged() const;
    // The end of what is before it.
    LogIndex last_intact() const;
    std::size_t damaged_count() const { return damaged_count_; }

    // First index whose bytes are in memory; last + 1 when there is none.
    LogIndex cache_first() const { return LogIndex{last().value + 1 - cache_.size()}; }
    const Bytes& cached(LogIndex index) const;
    std::uint64_t cached_bytes() const;
    void drop_first_cached();
    // Terms never fall, and what is in memory reaches down to what is on disk, up to `durable`.
    void check(LogIndex durable) const;

private:
    // An entry's description in few bytes: a node keeps one for each entry behind its groups'
    // bases.
    struct Packed {
        Chain chain;
        std::int64_t stamp_ms = 0;
        std::uint64_t word = 0;  // end, and in the low 8 bits kind, readable, damaged
    };
    static Packed pack(const EntryInfo& info);
    void push(const EntryInfo& info);
    void replace(LogIndex index, const EntryInfo& info);
    void trim_terms();

    LogIndex base_;
    EntryInfo front_;  // of the base
    std::deque<Packed> infos_;
    TermRuns terms_;           // of the entries
    std::deque<Bytes> cache_;  // of the last cache_.size() entries
    std::size_t damaged_count_ = 0;
};

}  // namespace weft::replication
