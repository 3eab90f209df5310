// S18: what one node says of its disk is judged by what it said before.

#include "node/witness.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace weft::node {
namespace {

using Finding = Witness::Finding;

// Boot 4 with nonce 7, whose disk had come to 100; its row went out with round 1.
Witness of_boot_4() {
    Witness witness;
    witness.judge({Boot{4}, 7, Lsn{100}}, RoundSeq{1});
    return witness;
}

TEST(Witness, JudgesAHelloByWhatWasSaidBefore) {
    struct Case {
        const char* why;
        Witness::Shown shown;
        Finding finding;
        Verdict verdict = Verdict::Sound;
        bool row = true;
    };
    const Case cases[] = {
        {"the same again", {Boot{4}, 7, Lsn{100}}, Finding::Known, Verdict::Sound, false},
        {"an older weft tells no nonce",
         {Boot{4}, 0, Lsn{100}},
         Finding::Known,
         Verdict::Sound,
         false},
        {"a restart", {Boot{5}, 8, Lsn{100}}, Finding::NewBoot},
        {"its disk was rolled back",
         {Boot{5}, 8, Lsn{99}},
         Finding::Condemned,
         Verdict::LowerPosition},
        {"a second life of one boot",
         {Boot{4}, 8, Lsn{200}},
         Finding::Condemned,
         Verdict::OtherNonce},
        {"late", {Boot{3}, 6, Lsn{50}}, Finding::Late, Verdict::Sound, false},
        {"the process that runs now",
         {Boot{3}, 6, Lsn{50}, true},
         Finding::Condemned,
         Verdict::MissingPast},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Witness witness = of_boot_4();
        const Witness::Judgement judged = witness.judge(c.shown, RoundSeq{2});
        EXPECT_EQ(judged.finding, c.finding);
        EXPECT_EQ(judged.verdict, c.verdict);
        EXPECT_EQ(witness.verdict(), c.verdict);
        EXPECT_EQ(judged.before.boot, Boot{4});
        EXPECT_EQ(judged.row.has_value(), c.row);
        if (judged.row) {
            EXPECT_EQ(judged.row->verdict, c.verdict);
            EXPECT_EQ(judged.row->boot, witness.boot());
        }
        witness.check(RoundSeq{2});
    }
}

TEST(Witness, AVerdictIsForGood) {
    Witness witness = of_boot_4();
    witness.judge({Boot{5}, 8, Lsn{1}}, RoundSeq{2});
    const Witness::Judgement judged = witness.judge({Boot{6}, 9, Lsn{900}}, RoundSeq{3});
    EXPECT_EQ(judged.finding, Finding::Refused);
    EXPECT_EQ(judged.verdict, Verdict::LowerPosition);
    EXPECT_FALSE(judged.row);
    EXPECT_EQ(witness.boot(), Boot{4});
}

TEST(Witness, VouchesWhenTheRowOfTheBootIsDurable) {
    Witness witness;
    EXPECT_FALSE(witness.vouched(RoundSeq{9})) << "nothing was heard of it";
    witness.judge({Boot{4}, 7, Lsn{100}}, RoundSeq{3});
    EXPECT_FALSE(witness.vouched(RoundSeq{2}));
    EXPECT_TRUE(witness.vouched(RoundSeq{3}));
    Witness next;
    next.recall({Boot{4}, 7, Lsn{100}});
    EXPECT_FALSE(next.vouched(RoundSeq{3})) << "this process has not heard it";
    EXPECT_EQ(next.judge({Boot{4}, 7, Lsn{100}}, RoundSeq{4}).finding, Finding::Known);
    EXPECT_TRUE(next.vouched(RoundSeq{0})) << "the row of its boot is there";
}

TEST(Witness, LearnsTheNonceOfABootThatToldNone) {
    Witness witness;
    witness.recall({Boot{4}, 0, Lsn{100}});
    const Witness::Judgement judged = witness.judge({Boot{4}, 7, Lsn{150}}, RoundSeq{2});
    ASSERT_TRUE(judged.row);
    EXPECT_EQ(*judged.row, (Past{Boot{4}, 7, Lsn{100}}));
    EXPECT_EQ(witness.durable(), Lsn{150});
}

TEST(Witness, RecordsAPositionOnceAndNoneOfWhoIsRefused) {
    Witness witness = of_boot_4();
    EXPECT_FALSE(witness.take_position());
    witness.tells(Lsn{200});
    witness.tells(Lsn{150});  // overtaken
    ASSERT_EQ(witness.take_position(), (Past{Boot{4}, 7, Lsn{200}}));
    EXPECT_FALSE(witness.take_position());
    witness.judge({Boot{4}, 8, Lsn{200}}, RoundSeq{2});
    witness.tells(Lsn{300});
    EXPECT_FALSE(witness.take_position());
}

// Whatever sets a position, what was recorded was told: what is recorded rises with every step.
TEST(Witness, RecordsNothingThatWasNotTold) {
    constexpr Lsn kMost{~std::uint64_t{0}};
    Witness witness;
    witness.recall({Boot{4}, 7, Lsn{100}});
    EXPECT_FALSE(witness.take_position()) << "as it was";
    witness.tells(Lsn{50});
    EXPECT_FALSE(witness.take_position()) << "it told more before";
    ASSERT_TRUE(witness.judge({Boot{5}, 8, Lsn{100}}, RoundSeq{2}).row);
    EXPECT_FALSE(witness.take_position()) << "the row of the boot has it";
    witness.tells(kMost);
    ASSERT_EQ(witness.take_position(), (Past{Boot{5}, 8, kMost}));
    witness.tells(Lsn{1});
    EXPECT_EQ(witness.durable(), kMost);
    EXPECT_FALSE(witness.take_position());
}

// Else nothing that the peer says would ever count.
TEST(WitnessDeathTest, ARowThatNoRoundCarriesIsAFault) {
    Witness witness;
    witness.judge({Boot{4}, 7, Lsn{100}}, RoundSeq{3});
    witness.check(RoundSeq{3});
    EXPECT_DEATH(witness.check(RoundSeq{2}), "waits for round 3, at hand is 2");
}

}  // namespace
}  // namespace weft::node
