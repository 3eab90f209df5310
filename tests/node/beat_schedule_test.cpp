// When a node beats, and for whom (S18).
#include "node/contact/beat_schedule.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weft::node {
namespace {

using std::chrono::milliseconds;

constexpr Instant kStart{1'000'000'000};

TEST(BeatSchedule, BeatsFromTheFirstPeerOnOnceInAnInterval) {
    BeatSchedule beats{milliseconds(50)};
    EXPECT_EQ(beats.deadline(), Instant::never());
    EXPECT_FALSE(beats.begin_round(kStart)) << "it is alone";
    EXPECT_TRUE(beats.begin());
    EXPECT_EQ(beats.deadline(), Instant::long_ago());
    EXPECT_TRUE(beats.begin_round(kStart));
    EXPECT_FALSE(beats.begin()) << "they are not the first";
    EXPECT_EQ(beats.deadline(), kStart + milliseconds(50));
    EXPECT_FALSE(beats.begin_round(kStart + milliseconds(49)));
    // Beats that are late are not made up for.
    EXPECT_TRUE(beats.begin_round(kStart + milliseconds(170)));
    EXPECT_EQ(beats.deadline(), kStart + milliseconds(220));
}

TEST(BeatSchedule, OwesABeatToWhomItLeadsOrWhoDoesNotKnowItsPosition) {
    using Disk = BeatSchedule::Disk;
    using To = BeatSchedule::Receiver;
    const Disk well{DiskState::Well, Lsn{7}};
    struct Case {
        const char* why;
        Disk disk;
        To to;
        bool owes;
    };
    const Case cases[] = {
        {"it leads", well, To{true, true, true, Lsn{7}}, true},
        {"it leads, and the link is down", well, To{false, true, true, Lsn{7}}, false},
        {"it follows, and all is told", well, To{true, false, true, Lsn{7}}, false},
        {"it has written since", well, To{true, false, true, Lsn{6}}, true},
        {"they share nothing", well, To{true, false, false, Lsn{6}}, false},
        {"it has written, and the link is down", well, To{false, false, true, Lsn{6}}, false},
        {"its disk is slow", {DiskState::Slow, Lsn{7}}, To{true, true, true, Lsn{7}}, true},
        {"its disk stalls", {DiskState::Stalled, Lsn{7}}, To{true, true, true, Lsn{6}}, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        EXPECT_EQ(BeatSchedule::owes(c.disk, c.to), c.owes);
    }
}

TEST(BeatSchedule, FindsPeersThatNobodyBeatsFor) {
    BeatSchedule beats{milliseconds(50)};
    beats.check(false);
    EXPECT_EQ(test::said_by([&] { beats.check(true); }), "there are peers, and no beat is due");
    beats.begin();
    beats.check(true);
}

}  // namespace
}  // namespace weft::node
