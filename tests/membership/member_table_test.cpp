#include "membership/member_table.h"

#include "tests/membership/names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace weft::membership {
namespace {

MemberTable table_of(std::size_t members) {
    MemberTable table;
    std::vector<NodeId> roster;
    for (std::size_t i = 0; i < members; ++i) roster.push_back(node_of(i));
    table.set_roster(roster);
    return table;
}

Judgement hear(MemberTable& table, const Claim& claim) {
    const auto index = table.find(claim.subject);
    if (!index) return Judgement::Older;
    const Judgement judgement = table.judge(*index, claim);
    if (judgement == Judgement::Newer) table.take(*index, claim, Instant{});
    return judgement;
}

// SWIM 4.2 and the two faults of those who store less than they have heard.
TEST(MemberTable, TheHighestIncarnationThenTheLaterStateWins) {
    struct Case {
        const char* why;
        Claim held, said;
        Judgement judgement;
    };
    const Case cases[] = {
        {"alive needs a higher one", suspect(1, incarnation_of(1, 4), 2),
         alive(1, incarnation_of(1, 4)), Judgement::Older},
        {"a refutation", suspect(1, incarnation_of(1, 4), 2), alive(1, incarnation_of(1, 5)),
         Judgement::Newer},
        {"an accusation needs the same", alive(1, incarnation_of(1, 4)),
         suspect(1, incarnation_of(1, 4), 2), Judgement::Newer},
        {"a late accusation", alive(1, incarnation_of(1, 4)), suspect(1, incarnation_of(1, 3), 2),
         Judgement::Older},
        {"death after suspicion", suspect(1, incarnation_of(1), 2), dead(1, incarnation_of(1), 2),
         Judgement::Newer},
        {"no suspicion of the dead", dead(1, incarnation_of(1), 2),
         suspect(1, incarnation_of(1), 3), Judgement::Older},
        {"dead again, of a later life", dead(1, incarnation_of(1), 2),
         dead(1, incarnation_of(10), 2), Judgement::Newer},
        {"a restart outranks all counters", dead(1, incarnation_of(1, 1000), 2),
         alive(1, incarnation_of(2)), Judgement::Newer},
        {"who left has left", left(1, incarnation_of(1)), dead(1, incarnation_of(1), 2),
         Judgement::Older},
        {"said before", alive(1, incarnation_of(1)), alive(1, incarnation_of(1)), Judgement::Same},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        MemberTable table = table_of(4);
        hear(table, c.held);
        EXPECT_EQ(hear(table, c.said), c.judgement);
        table.check();
    }
}

// The fault: Dead at 10 leaves 1 stored, and a late Alive at 2 raises the dead.
TEST(MemberTable, EvidenceThatChangesNoStateStillRaisesTheIncarnation) {
    MemberTable table = table_of(4);
    hear(table, dead(1, incarnation_of(1, 1), 2));
    hear(table, dead(1, incarnation_of(1, 10), 2));
    EXPECT_EQ(hear(table, alive(1, incarnation_of(1, 2))), Judgement::Older);
    EXPECT_EQ(table.at(*table.find(node_of(1))).state, MemberState::Dead);
}

TEST(MemberTable, AddsNobodyWhomTheRosterDoesNotList) {
    MemberTable table = table_of(4);
    EXPECT_EQ(table.find(node_of(9)), std::nullopt);
    EXPECT_EQ(table.size(), 4U);
    EXPECT_EQ(table.live(), 0U);
}

TEST(MemberTable, AChangedRosterKeepsWhatIsKnownOfThoseWhoStay) {
    MemberTable table = table_of(3);
    hear(table, alive(2, incarnation_of(7)));
    table.at(*table.find(node_of(0))).sent = Sequence{41};
    const auto moved = table.set_roster({node_of(2), node_of(5), node_of(1), node_of(5)});
    EXPECT_EQ(table.size(), 3U);
    EXPECT_EQ(moved[0], std::nullopt);
    EXPECT_EQ(moved[1], MemberIndex{0});
    EXPECT_EQ(moved[2], MemberIndex{1});
    EXPECT_EQ(table.at({1}).incarnation, incarnation_of(7));
    EXPECT_EQ(table.live(), 1U);
    // Numbers that a member has seen are not used again when it is listed anew.
    EXPECT_EQ(table.at({2}).sent, Sequence{41});
    table.check();
}

TEST(MemberTable, StepsFromOutsideAreSmall) {
    MemberTable table = table_of(3);
    hear(table, alive(1, incarnation_of(5, 5)));
    const MemberIndex index = *table.find(node_of(1));
    EXPECT_TRUE(table.is_plausible(index, incarnation_of(6)));
    EXPECT_TRUE(table.is_plausible(index, incarnation_of(5, 1000)));
    EXPECT_FALSE(table.is_plausible(index, incarnation_of(std::uint64_t{1} << 40)));
    EXPECT_FALSE(table.is_plausible(index, incarnation_of(5, std::uint64_t{1} << 40)));
}

Claim any_claim() {
    const auto subject = *rc::gen::inRange<std::size_t>(0, 20);
    const auto incarnation = incarnation_of(*rc::gen::inRange<std::uint64_t>(1, 4),
                                            *rc::gen::inRange<std::uint64_t>(0, 3));
    switch (*rc::gen::inRange(0, 4)) {
        case 0:
            return alive(subject, incarnation);
        case 1:
            return suspect(subject, incarnation, 30);
        case 2:
            return dead(subject, incarnation, 30);
        default:
            return left(subject, incarnation);
    }
}

RC_GTEST_PROP(MemberTable, TheSameClaimsInAnyOrderGiveTheSameView, ()) {
    std::vector<Claim> claims;
    const auto count = *rc::gen::inRange<std::size_t>(0, 40);
    for (std::size_t i = 0; i < count; ++i) claims.push_back(any_claim());
    MemberTable one = table_of(20), other = table_of(20);
    for (const Claim& claim : claims) hear(one, claim);
    std::ranges::reverse(claims);
    for (const Claim& claim : claims) hear(other, claim);
    for (const Claim& claim : claims) hear(other, claim);
    one.check();
    RC_ASSERT(one.digest() == other.digest());
    RC_ASSERT(one.live() == other.live());
}

RC_GTEST_PROP(MemberTable, NoIncarnationEverFalls, ()) {
    MemberTable table = table_of(20);
    const auto count = *rc::gen::inRange<std::size_t>(0, 60);
    for (std::size_t i = 0; i < count; ++i) {
        const Claim claim = any_claim();
        const MemberIndex index = *table.find(claim.subject);
        const Incarnation before = table.at(index).incarnation;
        const MemberState state = table.at(index).state;
        hear(table, claim);
        RC_ASSERT(table.at(index).incarnation >= before);
        // Nobody returns from the dead without a higher one.
        if (state == MemberState::Dead && is_live(table.at(index).state))
            RC_ASSERT(table.at(index).incarnation > before);
    }
}

TEST(MemberTable, SumsOfBucketsFindTheMemberThatDiffers) {
    MemberTable one = table_of(300), other = table_of(300);
    for (std::size_t i = 0; i < 300; ++i) {
        hear(one, alive(i, incarnation_of(1)));
        hear(other, alive(i, incarnation_of(i == 217 ? 2 : 1)));
    }
    EXPECT_NE(one.digest(), other.digest());
    Bucket bucket;
    while (bucket.depth < 3) {
        const BucketSums ours = one.sums(bucket), theirs = other.sums(bucket);
        std::vector<std::size_t> differ;
        for (std::size_t i = 0; i < kBucketParts; ++i)
            if (ours.sums[i] != theirs.sums[i]) differ.push_back(i);
        ASSERT_EQ(differ.size(), 1U);
        bucket = part_of(bucket, differ[0]);
        EXPECT_TRUE(contains(bucket, node_of(217)));
        EXPECT_FALSE(contains(bucket, node_of(299)));
    }
    const MemberTable::Range range = one.range(bucket);
    EXPECT_EQ(range.end - range.first, 1U);
    EXPECT_EQ(one.node({range.first}), node_of(217));
    EXPECT_EQ(one.seen_in(bucket), 1U);
    EXPECT_EQ(one.seen_in({}), 300U);
}

}  // namespace
}  // namespace weft::membership
