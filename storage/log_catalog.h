#pragma once
// Where every entry of every group lies: (group, index) -> LSN. One thread writes: it stages the
// changes of a transaction, sees them at once, and makes them visible to the readers by commit()
// after the transaction is on disk, or forgets them by rollback(). Readers hold lock().

#include "core/term_runs.h"
#include "storage/contracts.h"
#include "storage/log_record.h"
#include "weft/types.h"

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace weft::storage {

// Where a record lies. `lsn` zero: it was not found, only that there is to be one.
struct RecordPlace {
    Lsn lsn;
    Term term;
    std::uint32_t bytes = 0;  // of all its chunks, headers included
    bool known() const { return lsn.value != 0; }
    // All chunks but the last are full.
    std::uint32_t chunks() const {
        return static_cast<std::uint32_t>((bytes + kLogChunkBytesMax - 1) / kLogChunkBytesMax);
    }
    std::size_t payload_bytes() const { return bytes - chunks() * kLogHeaderBytes; }
};

class LogCatalog {
public:
    struct Base {
        LogIndex index;
        Term term;
    };

    // ---- the writing thread ---------------------------------------------------------------------
    LogIndex staged_last(PartitionId group);
    Base staged_base(PartitionId group);
    std::optional<RecordPlace> staged(PartitionId group, LogIndex index);
    bool staged_present(PartitionId group);
    // Index one above the last, or one that exists.
    void append(PartitionId group, LogIndex index, const RecordPlace& place);
    void truncate(PartitionId group, LogIndex from);
    // Entries up to base.index leave the log; the others stay.
    void move_base(PartitionId group, const Base& base);
    // The whole log leaves; the next entry is base.index + 1.
    void drop(PartitionId group, const Base& base);
    void remove(PartitionId group);
    void commit();
    void rollback();
    // The owner of a record by its LSN: a search, for records whose header is damaged.
    struct Owner {
        std::pair<PartitionId, LogIndex> record;
        RecordPlace place;
    };
    std::optional<Owner> staged_owner(Lsn lsn);

    // ---- any thread that holds lock()
    std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }
    // Places of [from, to] as far as they exist; nothing when `from` does not. Stops when they hold
    // `bytes_max` of payload.
    void read(const LogRange& range, std::vector<RecordPlace>& out) const;
    // Every place of the group, from its base to its last index.
    void read_all(PartitionId group, std::vector<RecordPlace>& out) const;
    std::vector<PartitionId> groups() const;
    Base base(PartitionId group) const;
    LogIndex last(PartitionId group) const;
    std::uint64_t live_bytes() const { return live_bytes_; }

    // What was committed adds up, and what is staged keeps no more than that. Looks at every entry;
    // by the writing thread.
    void check() const;

    // ---- opening, once per group
    void load(PartitionId group, const Base& base, const std::deque<RecordPlace>& places);

private:
    // The places of one group's entries from `base` + 1 on, in few bytes: there is one for every
    // entry behind its group's base.
    class Places {
    public:
        explicit Places(LogIndex base = {}) : base_(base) {}
        LogIndex base() const { return base_; }
        LogIndex last() const { return LogIndex{base_.value + packed_.size()}; }
        bool empty() const { return packed_.empty(); }
        bool holds(LogIndex index) const { return base_ < index && index <= last(); }
        RecordPlace at(LogIndex index) const;
        void push_back(const RecordPlace& place);
        void replace(LogIndex index, const RecordPlace& place);
        void pop_back();
        // The base moves up by one.
        void pop_front();
        // Only when empty.
        void set_base(LogIndex base) { base_ = base; }

    private:
        struct Packed {
            std::uint32_t lsn_low = 0, lsn_high = 0;
            std::uint32_t bytes = 0;
        };
        static Packed pack(const RecordPlace& place);
        void trim_terms();
        LogIndex base_;
        std::deque<Packed> packed_;
        TermRuns terms_;
    };
    struct Group {
        Places places;
        Term base_term;

        // Staged: of `places`, those in (new_base.index, keep_to] stay; `appended` follows.
        bool touched = false;
        bool removed = false;
        Base new_base;
        LogIndex keep_to;
        std::vector<RecordPlace> appended;
        std::vector<std::pair<LogIndex, RecordPlace>> replaced;

        Base base() const { return {places.base(), base_term}; }
        LogIndex last() const { return places.last(); }
        LogIndex kept_last() const { return keep_to > new_base.index ? keep_to : new_base.index; }
        LogIndex staged_last() const { return LogIndex{kept_last().value + appended.size()}; }
        std::optional<RecordPlace> staged(LogIndex index) const;
    };
    Group& touch(PartitionId id);
    void commit(Group& group);
    const Group* find(PartitionId id) const;

    mutable std::mutex mutex_;
    std::map<PartitionId, Group> groups_;
    std::vector<PartitionId> touched_;
    std::uint64_t live_bytes_ = 0;
};

}  // namespace weft::storage
