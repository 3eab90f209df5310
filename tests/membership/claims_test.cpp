// What a member makes of what it hears, above all where others made the wrong thing of it.

#include "tests/membership/lone_member.h"

#include <gtest/gtest.h>

namespace weft::membership {
namespace {

constexpr std::size_t kMany = 40;

// The fault of merges that sign what they pass on: many views with one suspicion confirm nothing.
TEST(Claims, AViewsSuspicionKeepsItsAccuser) {
    LoneMember member(kMany);
    member.say(1, {Rumour{suspect(9, incarnation_of(1), 2)}});
    const Instant deadline = member.suspicion(9)->deadline();
    for (std::size_t from = 3; from < 20; ++from)
        member.say(from, {Fact{suspect(9, incarnation_of(1), 2)}});
    EXPECT_EQ(member.suspicion(9)->deadline(), deadline);
    EXPECT_EQ(member.suspicion(9)->accusers().size(), 1U);
    member.say(3, {Fact{suspect(9, incarnation_of(1), 3)}});
    EXPECT_LT(member.suspicion(9)->deadline(), deadline);
}

// The fault of timers that go on for another life: who refuted must have the whole time again.
TEST(Claims, AnAccusationOfALaterIncarnationIsANewSuspicion) {
    LoneMember member(kMany);
    for (std::size_t accuser = 2; accuser < 6; ++accuser)
        member.say(1, {Rumour{suspect(9, incarnation_of(1), accuser)}});
    const Instant old = member.suspicion(9)->deadline();
    member.run(4s);
    ASSERT_EQ(member.state(9), MemberState::Suspect);
    member.say(1, {Rumour{suspect(9, incarnation_of(1, 1), 2)}});
    EXPECT_EQ(member.suspicion(9)->accusers().size(), 1U);
    EXPECT_GT(member.suspicion(9)->deadline(), old + 10s);
    EXPECT_EQ(member.suspicion(9)->incarnation(), incarnation_of(1, 1));
}

// The fault of incarnations that losing evidence does not raise.
TEST(Claims, ALateAliveDoesNotRaiseTheDead) {
    LoneMember member(kMany);
    member.say(1, {Rumour{dead(9, incarnation_of(1), 2)}});
    member.say(1, {Rumour{dead(9, incarnation_of(1, 10), 2)}});
    member.say(1, {Rumour{alive(9, incarnation_of(1, 2))}});
    EXPECT_EQ(member.state(9), MemberState::Dead);
    member.say(1, {Rumour{alive(9, incarnation_of(1, 11))}});
    EXPECT_EQ(member.state(9), MemberState::Alive);
}

// The fault of accusations that are dropped because their subject was not heard of yet.
TEST(Claims, AnAccusationOfSomebodyUnseenIsKept) {
    LoneMember member(kMany, {}, false);
    member.say(1,
               {Rumour{suspect(9, incarnation_of(4), 2)}, Rumour{dead(8, incarnation_of(4), 2)}});
    EXPECT_EQ(member.state(9), MemberState::Suspect);
    EXPECT_EQ(member.state(8), MemberState::Dead);
    member.say(1, {Rumour{alive(8, incarnation_of(3))}});
    EXPECT_EQ(member.state(8), MemberState::Dead) << "a former life";
    member.say(1, {Rumour{alive(8, incarnation_of(5))}});
    EXPECT_EQ(member.state(8), MemberState::Alive) << "a restart always outranks";
}

// The fault of accusations of an older life that their subject does not answer.
TEST(Claims, AStaleAccusationIsAnsweredWithoutDoubtingOneself) {
    LoneMember member(kMany);
    member.say(1, {Rumour{suspect(0, incarnation_of(LoneMember::kBoot), 2)}});
    ASSERT_EQ(member.swim().incarnation(), incarnation_of(LoneMember::kBoot, 1));
    ASSERT_EQ(member.swim().health(), 1);
    while (member.swim().rumours() > 0) member.run(1s);
    member.forget();
    const std::uint8_t doubt = member.swim().health();
    member.say(3, {Rumour{suspect(0, incarnation_of(LoneMember::kBoot), 3)}});
    EXPECT_EQ(member.swim().health(), doubt);
    EXPECT_EQ(member.swim().incarnation(), incarnation_of(LoneMember::kBoot, 1));
    member.run(300ms);
    EXPECT_TRUE(member.told(alive(0, incarnation_of(LoneMember::kBoot, 1))));
}

TEST(Claims, ARefutationGoesPastTheAccusation) {
    LoneMember member(kMany);
    member.say(1, {Rumour{suspect(0, incarnation_of(LoneMember::kBoot, 7), 2)}});
    EXPECT_EQ(member.swim().incarnation(), incarnation_of(LoneMember::kBoot, 8));
    EXPECT_EQ(member.counts().refuted, 1U);
    member.run(300ms);
    EXPECT_TRUE(member.told(alive(0, incarnation_of(LoneMember::kBoot, 8))));
    member.say(1, {Rumour{dead(0, incarnation_of(LoneMember::kBoot, 8), 2)}});
    member.say(1, {Rumour{left(0, incarnation_of(LoneMember::kBoot, 9))}});
    EXPECT_EQ(member.swim().incarnation(), incarnation_of(LoneMember::kBoot, 10));
}

// A disk that was copied: two processes in one boot.
TEST(Claims, AWordOfOursThatWeDidNotSayIsCountedAndOutbid) {
    LoneMember member(kMany);
    member.say(1, {Rumour{alive(0, incarnation_of(LoneMember::kBoot, 5))}});
    EXPECT_EQ(member.counts().cloned, 1U);
    EXPECT_EQ(member.swim().incarnation(), incarnation_of(LoneMember::kBoot, 6));
    EXPECT_FALSE(member.superseded);
    member.say(1, {Rumour{alive(0, incarnation_of(LoneMember::kBoot + 1))}});
    EXPECT_TRUE(member.superseded);
    EXPECT_EQ(member.swim().incarnation(), incarnation_of(LoneMember::kBoot, 6));
}

// 44: a stale view must not kill.
TEST(Claims, ADeadOfAViewIsAnAccusationOnly) {
    LoneMember member(kMany);
    member.say(1, {Fact{dead(9, incarnation_of(1), 2)}});
    ASSERT_EQ(member.state(9), MemberState::Suspect);
    EXPECT_EQ(member.suspicion(9)->accusers()[0].node, node_of(2));
    member.say(1, {Rumour{dead(8, incarnation_of(1), 2)}});
    EXPECT_EQ(member.state(8), MemberState::Dead);
}

// 28
TEST(Claims, WhoAccusesEverybodyIsHeardAFewTimesOnly) {
    LoneMember member(kMany);
    for (std::size_t i = 2; i < kMany; ++i)
        member.say(1, {Rumour{suspect(i, incarnation_of(1), 1)}});
    std::size_t suspects = 0;
    for (std::size_t i = 2; i < kMany; ++i)
        if (member.state(i) == MemberState::Suspect) ++suspects;
    EXPECT_EQ(suspects, Options{}.accusations);
    EXPECT_EQ(member.counts().limited, kMany - 2 - suspects);
    member.say(3, {Rumour{suspect(kMany - 1, incarnation_of(1), 2)}});
    EXPECT_EQ(member.state(kMany - 1), MemberState::Suspect) << "another accuser is heard";
}

TEST(Claims, FirstAccusersArePassedOnByName) {
    LoneMember member(kMany);
    for (std::size_t accuser = 2; accuser < 9; ++accuser)
        member.say(1, {Rumour{suspect(9, incarnation_of(1), accuser)}});
    member.run(300ms);
    // The first and three that confirm it.
    for (std::size_t accuser = 2; accuser < 9; ++accuser)
        EXPECT_EQ(member.told(suspect(9, incarnation_of(1), accuser)), accuser < 6) << accuser;
}

TEST(Claims, OfStrangersNothingIsTaken) {
    LoneMember member(5);
    member.say(1,
               {Rumour{alive(77, incarnation_of(1))}, Rumour{suspect(2, incarnation_of(1), 77)}});
    EXPECT_EQ(member.counts().unknown, 2U);
    EXPECT_EQ(member.state(2), MemberState::Alive);
    EXPECT_EQ(member.swim().members().size(), 5U);
    member.say(77, {Rumour{suspect(2, incarnation_of(1), 3)}});
    EXPECT_EQ(member.counts().unknown, 3U);
    EXPECT_EQ(member.state(2), MemberState::Alive);
}

TEST(Claims, TooLargeAStepIsNotTaken) {
    LoneMember member(5);
    member.say(1, {Rumour{alive(2, incarnation_of(std::uint64_t{1} << 40))},
                   Rumour{suspect(3, incarnation_of(1, std::uint64_t{1} << 40), 4)},
                   Rumour{suspect(0, incarnation_of(3, std::uint64_t{1} << 40), 4)}});
    EXPECT_EQ(member.counts().implausible, 3U);
    EXPECT_EQ(member.state(3), MemberState::Alive);
    EXPECT_EQ(member.swim().incarnation(), incarnation_of(3));
}

TEST(Claims, ASuspicionThatNobodyAnswersIsDeath) {
    LoneMember member(kMany);
    for (std::size_t accuser = 2; accuser < 6; ++accuser)
        member.say(1, {Rumour{suspect(9, incarnation_of(1), accuser)}});
    const Duration left = member.suspicion(9)->deadline() - member.now();
    EXPECT_GT(left, 3s);
    member.run(left - 1ms);
    EXPECT_EQ(member.state(9), MemberState::Suspect);
    member.forget();
    member.run(2ms);
    EXPECT_EQ(member.state(9), MemberState::Dead);
    ASSERT_EQ(member.changes.size(), 1U);
    EXPECT_EQ(member.changes[0].accuser, node_of(0));
}

TEST(Claims, ARefusedConnectionOfTwoByNameIsDeath) {
    LoneMember member(kMany);
    Claim first = suspect(9, incarnation_of(1), 2), second = suspect(9, incarnation_of(1), 3);
    first.evidence = second.evidence = Evidence::Refused;
    member.say(1, {Rumour{first}});
    member.say(4, {Rumour{first}, Fact{first}});
    EXPECT_EQ(member.state(9), MemberState::Suspect) << "one name, however often";
    member.say(4, {Rumour{second}});
    EXPECT_EQ(member.state(9), MemberState::Dead);
}

// 40: nothing is forgotten of who is dead, so there is no tombstone whose end could be missed.
TEST(Claims, TheDeadStayKnownForAsLongAsTheyAreListed) {
    LoneMember member(5);
    member.say(1, {Rumour{dead(2, incarnation_of(6), 3)}});
    member.run(1h);
    member.say(2, {});
    EXPECT_EQ(member.counts().former_boot, 1U);
    EXPECT_EQ(member.state(2), MemberState::Dead);
}

// The fault of a leaver that spends its word on those who are gone.
TEST(Claims, WhatTheDeadAreToldOfALeaveIsNoSend) {
    LoneMember member(9);
    for (std::size_t i = 2; i < 9; ++i) member.say(1, {Rumour{dead(i, incarnation_of(1), 1)}});
    member.forget();
    member.step(Leave{});
    member.run(15s);
    const Claim word = left(0, member.swim().incarnation());
    std::size_t heard = 0, unheard = 0;
    for (const auto& [to, rumour] : member.all<Rumour>())
        if (rumour.claim == word) ++(to == node_of(1) ? heard : unheard);
    EXPECT_EQ(heard, rumour_sends(Options{}.send_factor, 1));
    EXPECT_GT(unheard, 0U);
}

TEST(Claims, APauseCondemnsNobody) {
    LoneMember member(kMany);
    for (std::size_t accuser = 2; accuser < 6; ++accuser)
        member.say(1, {Rumour{suspect(9, incarnation_of(1), accuser)}});
    member.stand_still(60s);
    member.tick();
    EXPECT_EQ(member.counts().pauses, 1U);
    EXPECT_EQ(member.state(9), MemberState::Suspect);
    member.say(9, {});
    EXPECT_EQ(member.state(9), MemberState::Suspect);
    Header header = member.header(9);
    header.incarnation = incarnation_of(1, 1);
    member.hear(LoneMember::bytes_of(header, {}));
    EXPECT_EQ(member.state(9), MemberState::Alive) << "its own word, on each of its datagrams";
}

// Plain SWIM knows of no pause.
TEST(Claims, WithoutThatRuleAPauseCondemns) {
    Options options;
    options.pauses = false;
    LoneMember member(kMany, options);
    member.say(1, {Rumour{suspect(9, incarnation_of(1), 2)}});
    member.stand_still(60s);
    member.tick();
    EXPECT_EQ(member.counts().pauses, 0U);
    EXPECT_EQ(member.state(9), MemberState::Dead);
}

}  // namespace
}  // namespace weft::membership
