#include "core/timer_heap.h"

#include "weft/types.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace weft {
namespace {

enum class Kind : std::uint8_t { First, Second };
using Key = TimerKey<Kind, 2>;

enum class Act : std::uint8_t { Set, SetEarlier, Erase };

// Held against a plain map from key to moment.
RC_GTEST_PROP(TimerHeap, GivesTheDueKeysInOrder, ()) {
    TimerHeap<Key> heap;
    std::map<Key, std::int64_t> plain;
    const auto steps = *rc::gen::container<std::vector<std::tuple<Act, Key, std::int64_t>>>(
        rc::gen::tuple(rc::gen::element(Act::Set, Act::SetEarlier, Act::Erase),
                       rc::gen::map(rc::gen::pair(rc::gen::element(Kind::First, Kind::Second),
                                                  rc::gen::inRange<std::uint32_t>(0, 8)),
                                    [](const auto& pair) { return Key{pair.first, pair.second}; }),
                       rc::gen::inRange<std::int64_t>(0, 40)));
    for (const auto& [act, key, at] : steps) {
        if (act == Act::Erase) {
            heap.erase(key);
            plain.erase(key);
        } else if (act == Act::SetEarlier) {
            heap.set_earlier(key, Instant{at});
            const auto [known, fresh] = plain.try_emplace(key, at);
            known->second = std::min(known->second, at);
        } else {
            heap.set(key, Instant{at});
            plain[key] = at;
        }
    }
    std::vector<std::pair<std::int64_t, Key>> expected, got;
    for (const auto& [key, at] : plain) expected.emplace_back(at, key);
    std::ranges::sort(expected);
    for (const auto& [at, key] : expected) RC_ASSERT(heap.of(key) == Instant{at});
    for (;;) {
        const Instant next = heap.next();
        const auto key = heap.pop_due(Instant{100});
        if (!key) break;
        got.emplace_back(next.ns, *key);
    }
    RC_ASSERT(got == expected);
    RC_ASSERT(heap.next() == Instant::never());
}

TEST(TimerHeap, GivesNothingBeforeItsTime) {
    TimerHeap<PartitionId> heap;
    heap.set(PartitionId{0}, Instant{5});
    EXPECT_EQ(heap.pop_due(Instant{4}), std::nullopt);
    EXPECT_EQ(heap.pop_due(Instant{5}), PartitionId{0});
}

TEST(TimerHeap, KeepsOneMomentPerKeyAndTheEarliestWinsWhereThatIsAsked) {
    TimerHeap<PartitionId> heap;
    EXPECT_EQ(heap.next(), Instant::never());
    heap.set_earlier(PartitionId{1}, Instant{50});
    heap.set_earlier(PartitionId{1}, Instant{20});
    heap.set_earlier(PartitionId{1}, Instant{70});  // later: looked at again when 20 comes
    heap.set_earlier(PartitionId{2}, Instant{30});
    EXPECT_EQ(heap.next(), Instant{20});
    EXPECT_EQ(heap.pop_due(Instant{60}), PartitionId{1});
    EXPECT_EQ(heap.pop_due(Instant{60}), PartitionId{2});
    EXPECT_EQ(heap.pop_due(Instant{60}), std::nullopt);
    EXPECT_EQ(heap.next(), Instant::never());
    heap.set_earlier(PartitionId{1}, Instant{90});
    EXPECT_EQ(heap.next(), Instant{90});
}

}  // namespace
}  // namespace weft
