#include "client/core/timer_heap.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace weft::client {
namespace {

// Held against a plain map from id to moment.
RC_GTEST_PROP(TimerHeap, GivesTheDueIdsInOrder, ()) {
    TimerHeap heap;
    heap.grow(16);
    std::map<std::uint32_t, std::int64_t> plain;
    const auto steps =
        *rc::gen::container<std::vector<std::pair<std::uint32_t, std::int64_t>>>(rc::gen::pair(
            rc::gen::inRange<std::uint32_t>(0, 16), rc::gen::inRange<std::int64_t>(-10, 40)));
    for (const auto& [id, at] : steps) {
        if (at < 0) {
            heap.erase(id);
            plain.erase(id);
        } else {
            heap.set(id, Instant{at});
            plain[id] = at;
        }
    }
    std::vector<std::pair<std::int64_t, std::uint32_t>> expected, got;
    for (const auto& [id, at] : plain) expected.emplace_back(at, id);
    std::ranges::sort(expected);
    for (;;) {
        const Instant next = heap.next();
        const auto id = heap.pop_due(Instant{100});
        if (!id) break;
        got.emplace_back(next.ns, *id);
    }
    RC_ASSERT(got == expected);
    RC_ASSERT(heap.next() == Instant::never());
}

TEST(TimerHeap, GivesNothingBeforeItsTime) {
    TimerHeap heap;
    heap.grow(1);
    heap.set(0, Instant{5});
    EXPECT_FALSE(heap.pop_due(Instant{4}).has_value());
    EXPECT_EQ(heap.pop_due(Instant{5}), 0u);
}

}  // namespace
}  // namespace weft::client
