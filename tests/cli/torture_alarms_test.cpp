// Who was held for dead without a fault that explains it.

#include "cli/torture_alarms.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace weft::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kA = 0, kB = 1, kC = 2;

SteadyMoment at(std::chrono::seconds seconds) { return SteadyMoment(1000s + seconds); }

// a suspects b at 100 s, and holds it for dead at 110 s.
TEST(Alarms, AreDeathsThatNoFaultOfTheTwoExplains) {
    struct Case {
        const char* why;
        std::vector<Silence> silences;
        bool alarm;
    };
    const Case cases[] = {
        {"no fault at all", {}, true},
        {"the dead was down all the time", {{kB, kB, at(98s)}}, false},
        {"it was stopped in the middle", {{kB, kB, at(105s), at(106s)}}, false},
        {"it came back shortly before", {{kB, kB, at(60s), at(86s)}}, false},
        {"it had been back for long", {{kB, kB, at(60s), at(84s)}}, true},
        {"it fell silent only afterwards", {{kB, kB, at(111s), at(120s)}}, true},
        {"who says so was stopped", {{kA, kA, at(98s), at(101s)}}, false},
        {"a link between them was cut", {{kB, kA, at(98s), at(101s)}}, false},
        {"another was silent", {{kC, kC, at(98s), at(111s)}}, true},
        {"others answer for a link that is cut", {{kA, kC, at(98s)}, {kC, kB, at(98s)}}, true},
        {"the second of two explains it",
         {{kC, kC, at(98s), at(111s)}, {kB, kB, at(98s), at(101s)}},
         false},
    };
    const HeldForDead death{kA, kB, at(100s), at(110s)};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.why);
        EXPECT_EQ(false_alarms({death}, c.silences).size(), c.alarm ? 1U : 0U);
    }
}

TEST(Alarms, AreCountedOneByOne) {
    const HeldForDead ours{kA, kB, at(100s), at(110s)}, theirs{kC, kA, at(100s), at(110s)};
    EXPECT_EQ(false_alarms({ours, theirs}, {{kB, kB, at(100s)}}), std::vector{theirs});
}

class Words : public ::testing::Test {
protected:
    void say(std::size_t by, std::chrono::seconds when, const std::string& event,
             const std::string& node) {
        words_.read(
            by,
            "2026-11-28T09:43:52.567Z info " + event + " node=" + node + " boot=3 by=2728c18f\n",
            at(when));
    }
    const std::vector<HeldForDead>& deaths() const { return words_.deaths(); }

    MemberWords words_{{"aaaa0000", "bbbb0000", "cccc0000"}};
};

TEST_F(Words, ADeathHasItsSuspicion) {
    say(kA, 1s, "member.suspected", "bbbb0000");
    say(kC, 2s, "member.suspected", "bbbb0000");
    say(kA, 9s, "member.dead", "bbbb0000");
    EXPECT_EQ(deaths(), (std::vector{HeldForDead{kA, kB, at(1s), at(9s)}}));
}

TEST_F(Words, AnEarlierSuspicionIsNotThatOfADeath) {
    for (const char* over : {"member.refuted", "member.returned", "member.dead"}) {
        say(kA, 1s, "member.suspected", "bbbb0000");
        say(kA, 2s, over, "bbbb0000");
    }
    say(kA, 5s, "member.dead", "bbbb0000");  // refused a connection
    ASSERT_EQ(deaths().size(), 2U);
    EXPECT_EQ(deaths().back(), (HeldForDead{kA, kB, at(5s), at(5s)}));
}

TEST_F(Words, AStartForgetsWhatWasSuspected) {
    say(kA, 1s, "member.suspected", "bbbb0000");
    say(kC, 1s, "member.suspected", "bbbb0000");
    say(kA, 2s, "node.started", "aaaa0000");
    say(kA, 5s, "member.dead", "bbbb0000");
    say(kC, 5s, "member.dead", "bbbb0000");
    EXPECT_EQ(deaths(), (std::vector{HeldForDead{kA, kB, at(5s), at(5s)},
                                     HeldForDead{kC, kB, at(1s), at(5s)}}));
}

TEST_F(Words, OtherLinesSayNothing) {
    words_.read(kA,
                "\nmember.dead\n2026-11-28T09:43:52.567Z info member.dead\n"
                "2026-11-28T09:43:52.567Z info member.dead node=dddd0000 boot=1\n"
                "2026-11-28T09:43:52.567Z info peer.dead node=bbbb0000 boot=1",
                at(1s));
    EXPECT_EQ(deaths(), std::vector<HeldForDead>{});
}

}  // namespace
}  // namespace weft::cli
