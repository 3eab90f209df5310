#pragma once
// Where every entry of every group lies: (group, index) -> LSN. One thread writes: it stages the
// changes of a transaction, sees them at once, and makes them visible to the readers by commit()
// after the transaction is on disk, or forgets them by rollback(). Readers hold lock().

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

class LogCatalog {
public:
    // `lsn` zero: the record was not found, only its place is known.
    struct Slot {
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
    struct Base {
        LogIndex index;
        Term term;
    };

    // ---- the writing thread ---------------------------------------------------------------------
    LogIndex staged_last(GroupId group);
    Base staged_base(GroupId group);
    std::optional<Slot> staged(GroupId group, LogIndex index);
    bool staged_present(GroupId group);
    // Index one above the last, or one that exists.
    void append(GroupId group, LogIndex index, const Slot& slot);
    void truncate(GroupId group, LogIndex from);
    // Entries up to base.index leave the log; the others stay.
    void rebase(GroupId group, const Base& base);
    // The whole log leaves; the next entry is base.index + 1.
    void drop(GroupId group, const Base& base);
    void remove(GroupId group);
    void commit();
    void rollback();
    // The owner of a record by its LSN: a search, for records whose header is damaged.
    struct Owner {
        std::pair<GroupId, LogIndex> place;
        Slot slot;
    };
    std::optional<Owner> staged_owner(Lsn lsn);

    // ---- any thread that holds lock()
    std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }
    // Slots of [from, to] as far as they exist; nothing when `from` does not. Stops when they hold
    // `bytes_max` of payload.
    void read(const LogRange& range, std::vector<Slot>& out) const;
    std::vector<GroupId> groups() const;
    Base base(GroupId group) const;
    LogIndex last(GroupId group) const;
    std::uint64_t live_bytes() const { return live_bytes_; }

    // ---- opening
    void load(GroupId group, const Base& base, std::deque<Slot> slots);

private:
    struct Group {
        Base base;
        std::deque<Slot> slots;  // slots[i] is index base.index + 1 + i

        // Staged: of `slots`, those in (new_base.index, keep_to] stay; `appended` follows.
        bool touched = false;
        bool removed = false;
        Base new_base;
        LogIndex keep_to;
        std::vector<Slot> appended;
        std::vector<std::pair<LogIndex, Slot>> replaced;

        LogIndex last() const { return LogIndex{base.index.value + slots.size()}; }
        LogIndex kept_last() const { return keep_to > new_base.index ? keep_to : new_base.index; }
        LogIndex staged_last() const { return LogIndex{kept_last().value + appended.size()}; }
        std::optional<Slot> staged(LogIndex index) const;
    };
    Group& touch(GroupId id);
    void commit(Group& group);
    const Group* find(GroupId id) const;

    mutable std::mutex mutex_;
    std::map<GroupId, Group> groups_;
    std::vector<GroupId> touched_;
    std::uint64_t live_bytes_ = 0;
};

}  // namespace weft::storage
