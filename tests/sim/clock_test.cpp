// The world's time: what happens in which order, and clocks that run as they like.

#include "sim/clock.h"

#include "sim/event_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace weft::sim {
namespace {

using std::chrono::milliseconds;

Instant at_ms(std::int64_t ms) { return Instant{} + milliseconds(ms); }

TEST(EventQueue, OrdersByTimeThenBySequence) {
    EventQueue queue;
    std::string order;
    queue.at(at_ms(2), [&] { order += 'c'; });
    queue.at(at_ms(1), [&] {
        order += 'a';
        queue.at(at_ms(0), [&] { order += 'b'; });  // in the past: runs next
    });
    queue.at(at_ms(2), [&] { order += 'd'; });
    queue.at(at_ms(9), [&] { order += 'e'; });
    while (queue.run_one(at_ms(5))) {
    }
    EXPECT_EQ(order, "abcd");
    EXPECT_EQ(queue.now(), at_ms(5));
    EXPECT_EQ(queue.executed(), 4U);
}

TEST(MachineClock, RatesLeapsAndFreezes) {
    MachineClock clock;
    clock.set_rate(at_ms(1000), 10'000);
    EXPECT_EQ(clock.to_local(at_ms(2000)), at_ms(2010));
    EXPECT_LE(clock.to_local(clock.to_world(at_ms(2010))), at_ms(2010) + milliseconds(1));
    clock.set_rate(at_ms(2000), 0);
    clock.leap(at_ms(2000), milliseconds(500));
    EXPECT_EQ(clock.to_local(at_ms(2000)), at_ms(2510));
    clock.freeze(at_ms(3000));
    EXPECT_EQ(clock.to_local(at_ms(9000)), at_ms(3510));
    EXPECT_EQ(clock.to_world(at_ms(4000)), Instant::never());
    // A fault on a clock that stands still leaves it standing.
    clock.set_rate(at_ms(5000), 100);
    EXPECT_EQ(clock.to_local(at_ms(9000)), at_ms(3510));
    clock.thaw(at_ms(9000));
    EXPECT_EQ(clock.to_local(at_ms(9000)), at_ms(3510));
    clock.set_right(at_ms(9000));
    EXPECT_EQ(clock.read(at_ms(9500)).wall.ms, MachineClock::kWallStartMs + 9500);
}

// Deadlines never come early and never later than a moment after their time, whatever the rate.
TEST(MachineClock, WorldTimeOfADeadlineIsReached) {
    for (const std::int64_t ppm : {-900'000, -10'000, -1, 0, 1, 10'000, 900'000}) {
        MachineClock clock;
        clock.set_rate(at_ms(777), ppm);
        for (std::int64_t ms : {778, 1000, 5000, 60'000}) {
            const Instant world = clock.to_world(at_ms(ms));
            EXPECT_GE(clock.to_local(world), at_ms(ms)) << ppm;
            EXPECT_LT(clock.to_local(world), at_ms(ms) + milliseconds(1)) << ppm;
        }
    }
}

}  // namespace
}  // namespace weft::sim
