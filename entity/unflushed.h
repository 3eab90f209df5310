#pragma once
// Event-sourced: the committed events of one entity that rows do not hold yet, and the newest
// snapshot among them. There is one for every entity with a change since the last sweep, so it is
// kept small: one block of memory, in which numbers take only the bytes they need.

#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::entity {

struct EventRecord {
    LogIndex index;
    std::int64_t stamp_ms = 0;
    std::string_view bytes;
};

// Event records as journal rows hold them, one after the other: {log index u64, stamp i64, length
// u32, bytes}. Takes the first one off `records`; nothing when they do not parse.
std::optional<EventRecord> take_event_record(std::string_view& records);

class Unflushed {
public:
    struct Snapshot {
        Version version;
        std::string state;
    };
    Unflushed() = default;
    Unflushed(Unflushed&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    Unflushed& operator=(Unflushed&& other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~Unflushed() { clear(); }

    // True while it holds nothing.
    bool empty() const { return block_ == nullptr; }
    // Of the first event; zero when empty.
    Version first() const { return block_ == nullptr ? Version{} : block_->first; }
    // The next event; its bytes are copied. `version` is that of the event, and counts only for the
    // first one: the others follow without a gap.
    void append(Version version, const EventRecord& record);
    // All events as journal rows hold them.
    std::string records() const;
    // Replaces the one before; there must be an event.
    void set_snapshot(Version version, std::string_view state);
    const Snapshot* snapshot() const { return block_ == nullptr ? nullptr : block_->snapshot; }
    Version snapshot_version() const { return snapshot() ? snapshot()->version : Version{}; }
    // Memory it takes.
    std::size_t bytes() const;
    void clear();

private:
    // `capacity` characters follow, `size` of them in use.
    struct Block {
        Version first;
        Snapshot* snapshot = nullptr;
        std::uint32_t size = 0;
        std::uint32_t capacity = 0;
    };
    static char* characters(Block* block);
    void make_room(std::size_t bytes);
    Block* block_ = nullptr;
};

}  // namespace weft::entity
