#pragma once
// The deadlines of all partitions of a node: one live entry per partition in a heap. Lazy: a
// deadline that moved later stays where it is and is looked at again when it comes.

#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace weft::node {

class Deadlines {
public:
    explicit Deadlines(std::size_t count) : queued_(count, Instant::never()) {}

    // `who` wants to be asked again at `at`, or earlier if it said so before.
    void set(std::uint32_t who, Instant at) {
        if (at >= queued_[who]) return;
        queued_[who] = at;
        heap_.emplace(at, who);
    }
    Instant next() const { return heap_.empty() ? Instant::never() : heap_.top().first; }
    // One whose time has come; its entry is gone.
    std::optional<std::uint32_t> pop_due(Instant now) {
        if (heap_.empty() || heap_.top().first > now) return std::nullopt;
        const std::uint32_t who = heap_.top().second;
        queued_[who] = Instant::never();
        heap_.pop();
        drop_stale();
        return who;
    }

private:
    using Entry = std::pair<Instant, std::uint32_t>;

    // Entries that an earlier one of the same partition has replaced.
    void drop_stale() {
        while (!heap_.empty() && queued_[heap_.top().second] != heap_.top().first) heap_.pop();
    }

    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
    std::vector<Instant> queued_;
};

}  // namespace weft::node
