#pragma once
// One session of a client as a group remembers it: how its commands ended, and on the leader which
// of them run. What may become of it is decided in sessions.h.

#include "core/command.h"
#include "core/standing.h"
#include "weft/types.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weft::replication {

struct SessionName {
    std::int64_t start_ms = 0;
    ClientId client;
    auto operator<=>(const SessionName&) const = default;  // oldest first: the order they end in
};

// How one command ended. `closed`: a resolve found nothing; it will never run.
struct Remembered {
    std::uint64_t seq = 0;
    Digest digest{};
    Outcome outcome = Outcome::Done;
    bool closed = false;
    std::uint16_t error_number = 0;
    LogIndex index{};
    Standing standing{};
    std::string text{};  // the reply, or why not
    std::size_t bytes() const { return text.size(); }
};

// A command proposed by this leader and not applied yet.
struct OpenCommand {
    std::uint64_t seq = 0;
    Digest digest{};
    LogIndex index{};
    bool resolve = false;
    std::size_t reply_bytes = 0;  // what will be remembered of it
};

// Items in the order of their `seq`: added near the end, dropped from the front.
template <class Item>
class SeqQueue {
public:
    auto begin() const { return items_.begin() + first_; }
    auto end() const { return items_.end(); }
    std::size_t size() const { return items_.size() - static_cast<std::size_t>(first_); }
    bool empty() const { return size() == 0; }
    const Item* find(std::uint64_t seq) const {
        const auto it = lower(seq);
        return it != items_.end() && it->seq == seq ? &*it : nullptr;
    }
    void insert(Item item) { items_.insert(lower(item.seq), std::move(item)); }
    void erase(std::uint64_t seq) {
        const auto it = lower(seq);
        if (it == items_.end() || it->seq != seq) return;
        if (it == items_.begin() + first_) {
            pop_front();
        } else {
            items_.erase(it);
        }
    }
    void pop_front() {
        items_[static_cast<std::size_t>(first_)] = Item{};
        ++first_;
        // Moves the rest down once per half, so that dropping stays cheap per item.
        if (first_ < 16 || static_cast<std::size_t>(first_) * 2 < items_.size()) {
            if (!empty()) return;
        }
        items_.erase(items_.begin(), items_.begin() + first_);
        first_ = 0;
    }
    void clear() {
        items_.clear();
        first_ = 0;
    }

private:
    auto lower(std::uint64_t seq) const {
        return std::ranges::lower_bound(items_.begin() + first_, items_.end(), seq, {}, &Item::seq);
    }
    auto lower(std::uint64_t seq) {
        return std::ranges::lower_bound(items_.begin() + first_, items_.end(), seq, {}, &Item::seq);
    }
    std::vector<Item> items_;
    std::ptrdiff_t first_ = 0;
};

struct Session {
    LogIndex applied;  // of the last entry it contains
    std::uint64_t lowest_open = 1;
    SeqQueue<Remembered> remembered;
    std::size_t reply_bytes = 0;
    bool committed = false;  // an applied entry made it
    bool dirty = false;      // its row is older
    bool stored = false;     // it has a row
    // Ahead of commit, on the leader.
    std::uint64_t lowest_open_ahead = 1;
    SeqQueue<OpenCommand> open;
    std::size_t open_reply_bytes = 0;  // of `open`
};

}  // namespace weft::replication
