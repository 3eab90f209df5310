// The way out: leaders first, then a sweep, then the end, within 5 s.

#include "node/draining.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weft::node::test {
namespace {

using Next = Draining::Next;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Instant kStart = Instant{} + seconds(1);
constexpr Draining::Seen kLeads{true, 7, true};
constexpr Draining::Seen kLeadsNothing{false, 7, true};

TEST(DrainingTest, HandsOverUntilNothingIsLedAndThenSweeps) {
    Draining draining;
    EXPECT_EQ(draining.next(kStart, kLeads), Next::Wait) << "it has not begun";
    EXPECT_EQ(draining.deadline(), Instant::never());
    EXPECT_TRUE(draining.begin(kStart));
    EXPECT_FALSE(draining.begin(kStart));
    EXPECT_EQ(draining.next(kStart, kLeads), Next::HandOver);
    EXPECT_EQ(draining.next(kStart, kLeads), Next::Wait);
    EXPECT_EQ(draining.deadline(), kStart + milliseconds(100));
    EXPECT_EQ(draining.next(draining.deadline(), kLeads), Next::HandOver);
    EXPECT_EQ(draining.next(kStart + milliseconds(150), kLeadsNothing), Next::Sweep);
    EXPECT_EQ(draining.next(kStart + milliseconds(150), kLeadsNothing), Next::Wait)
        << "the sweeps before do not count";
    EXPECT_EQ(draining.next(kStart + milliseconds(200), {false, 8, false}), Next::Wait);
    EXPECT_EQ(draining.next(kStart + milliseconds(200), {false, 8, true}), Next::EndSwept);
    EXPECT_FALSE(draining.under_way());
    EXPECT_TRUE(draining.active());
    EXPECT_EQ(draining.deadline(), Instant::never());
}

TEST(DrainingTest, WhatIsNotHandedOverInTwoSecondsIsLeftToAnElection) {
    Draining draining;
    draining.begin(kStart);
    EXPECT_EQ(draining.next(kStart + milliseconds(1999), kLeads), Next::HandOver);
    EXPECT_EQ(draining.next(kStart + seconds(2), kLeads), Next::Sweep);
    EXPECT_EQ(draining.deadline(), kStart + seconds(5));
    EXPECT_EQ(draining.next(kStart + milliseconds(4999), kLeads), Next::Wait);
    EXPECT_EQ(draining.next(kStart + seconds(5), kLeads), Next::EndLate);
}

TEST(DrainingTest, ALostDiskHasNothingToSweep) {
    Draining draining;
    EXPECT_TRUE(draining.lose_disk(kStart));
    EXPECT_FALSE(draining.lose_disk(kStart));
    EXPECT_FALSE(draining.begin(kStart)) << "it is on its way already";
    EXPECT_EQ(draining.next(kStart, kLeads), Next::HandOver);
    EXPECT_EQ(draining.next(kStart + milliseconds(1), kLeadsNothing), Next::EndLost);
    EXPECT_FALSE(draining.lose_disk(kStart + seconds(1))) << "it has stopped";
}

TEST(DrainingTest, ALostDiskWaitsTwoSecondsForOthersToLead) {
    Draining draining;
    draining.begin(kStart);
    EXPECT_TRUE(draining.lose_disk(kStart + seconds(1)));
    EXPECT_EQ(draining.next(kStart + milliseconds(2999), kLeads), Next::HandOver);
    EXPECT_EQ(draining.next(kStart + seconds(3), kLeads), Next::EndLost);
}

// Whoever looks after the process starts it again by this.
TEST(DrainingTest, OnlyALostDiskIsAFailureOfTheProcess) {
    for (const Next next : {Next::Wait, Next::HandOver, Next::Sweep})
        EXPECT_FALSE(Draining::stop(next));
    ASSERT_TRUE(Draining::stop(Next::EndLost));
    EXPECT_EQ(Draining::stop(Next::EndLost)->exit_code, kExitDiskLost);
    EXPECT_EQ(Draining::stop(Next::EndSwept)->exit_code, 0);
    EXPECT_EQ(Draining::stop(Next::EndLate)->exit_code, 0);
    EXPECT_NE(Draining::stop(Next::EndLate)->reason, Draining::stop(Next::EndSwept)->reason);
}

}  // namespace
}  // namespace weft::node::test
