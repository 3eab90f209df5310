// Contact is batched per peer but judged per group (docs/design.md, "Replication").

#include "node/contact/peer_contact.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <span>
#include <vector>

namespace weft::node {
namespace {

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = number;
    return id;
}
Instant at(std::int64_t ms) { return Instant{ms * 1'000'000}; }

// Groups that follow whoever claims a term at least as new as theirs.
struct Groups {
    std::map<PartitionId, Term> terms;
    std::set<PartitionId> deaf;  // led by somebody else in that very term

    ClaimVerdict take(const replication::GroupBeat& claim) {
        const auto group = terms.find(claim.group);
        if (group == terms.end()) return {};
        if (claim.term > group->second && !deaf.contains(claim.group)) group->second = claim.term;
        return {group->second == claim.term && !deaf.contains(claim.group), group->second};
    }
};

// Node 1 leads groups 1..n with node 2; both halves of the conversation.
struct Pair {
    PeerContact leader{node(2)};
    PeerContact follower{node(1)};
    Groups groups;

    explicit Pair(std::uint32_t n) {
        for (std::uint32_t i = 1; i <= n; ++i) {
            groups.terms[PartitionId{i}] = Term{1};
            leader.leads(PartitionId{i}, Term{1}, LogIndex{0});
        }
    }
    replication::HeartbeatAnswer deliver(std::int64_t ms, const replication::Heartbeat& beat) {
        if (!follower.hear(beat)) return {};
        std::vector<ClaimVerdict> verdicts;
        for (const replication::GroupBeat& claim : beat.listed)
            verdicts.push_back(groups.take(claim));
        return follower.answer(at(ms), beat, verdicts);
    }
    // A heartbeat sent at `ms`, heard 1 ms and answered 2 ms later.
    std::vector<replication::GroupTerm> exchange(std::int64_t ms) {
        return leader.on_answer(deliver(ms + 1, leader.make_heartbeat(at(ms), 0)));
    }
};

TEST(Contact, ListsGroupsOnceAndThenCostsNothingPerGroup) {
    Pair pair(100);
    const replication::Heartbeat first = pair.leader.make_heartbeat(at(0), 0);
    EXPECT_EQ(first.listed.size(), 100u);
    EXPECT_EQ(first.unlisted, 0u);
    EXPECT_TRUE(pair.leader.on_answer(pair.deliver(1, first)).empty());
    const replication::Heartbeat second = pair.leader.make_heartbeat(at(100), 0);
    EXPECT_TRUE(second.listed.empty());
    EXPECT_EQ(second.unlisted, 100u);
    const replication::HeartbeatAnswer answer = pair.deliver(101, second);
    EXPECT_FALSE(answer.want_all);
    EXPECT_TRUE(answer.refused.empty());
    EXPECT_EQ(pair.follower.heard(PartitionId{7}), at(101));
    pair.leader.on_answer(answer);
    EXPECT_EQ(pair.leader.contacted(PartitionId{7}), at(100));
}

TEST(Contact, IsDatedByWhenTheAnsweredRoundWasSent) {
    Pair pair(1);
    const replication::Heartbeat beat = pair.leader.make_heartbeat(at(0), 0);
    const replication::HeartbeatAnswer answer = pair.deliver(400, beat);
    pair.leader.make_heartbeat(at(600), 0);
    pair.leader.on_answer(answer);  // read long after: a paused leader must not feel well again
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(0));
}

TEST(Contact, AChangeIsListedUntilItIsAcknowledged) {
    Pair pair(3);
    pair.exchange(0);
    pair.leader.leads(PartitionId{2}, Term{1}, LogIndex{9});
    const replication::Heartbeat lost = pair.leader.make_heartbeat(at(100), 0);
    ASSERT_EQ(lost.listed.size(), 1u);
    EXPECT_EQ(lost.listed[0].group, PartitionId{2});
    EXPECT_EQ(lost.listed[0].commit, LogIndex{9});
    EXPECT_EQ(lost.unlisted, 2u);
    const replication::Heartbeat again = pair.leader.make_heartbeat(at(200), 0);
    EXPECT_EQ(again.listed.size(), 1u);
    EXPECT_FALSE(pair.deliver(201, again).want_all);
}

TEST(Contact, AChangeAfterTheListingIsNotAcknowledgedByItsAnswer) {
    Pair pair(1);
    const replication::Heartbeat beat = pair.leader.make_heartbeat(at(0), 0);
    pair.leader.leads(PartitionId{1}, Term{1}, LogIndex{5});
    pair.leader.on_answer(pair.deliver(1, beat));
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(0));  // the same term: it was contact
    EXPECT_EQ(pair.leader.make_heartbeat(at(100), 0).listed.size(), 1u);
}

TEST(Contact, AHashThatDiffersAsksForTheFullListAndIsNoContact) {
    Pair pair(4);
    pair.exchange(0);
    pair.follower.no_longer_follows(PartitionId{3});
    const replication::HeartbeatAnswer answer =
        pair.deliver(101, pair.leader.make_heartbeat(at(100), 0));
    EXPECT_TRUE(answer.want_all);
    pair.leader.on_answer(answer);
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(0));
    EXPECT_EQ(pair.follower.heard(PartitionId{1}), at(1));
    const replication::Heartbeat full = pair.leader.make_heartbeat(at(200), 0);
    EXPECT_EQ(full.listed.size(), 4u);
    EXPECT_FALSE(pair.deliver(201, full).want_all);
    EXPECT_EQ(pair.follower.heard(PartitionId{3}), at(201));
}

// Trap (b): the process answers, the group does not follow any more.
TEST(Contact, AGroupLeavesTheUnlistedSetTheMomentItsTermChanges) {
    Pair pair(2);
    pair.exchange(0);
    pair.groups.terms[PartitionId{1}] = Term{5};
    pair.follower.no_longer_follows(PartitionId{1});
    EXPECT_EQ(pair.follower.heard(PartitionId{1}), Instant::long_ago());
    pair.exchange(100);  // differs: nothing is covered
    const std::vector<replication::GroupTerm> refused =
        pair.exchange(200);  // all listed: one refused
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].group, PartitionId{1});
    EXPECT_EQ(refused[0].term, Term{5});
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(0));
    EXPECT_EQ(pair.leader.contacted(PartitionId{2}), at(200));
}

TEST(Contact, ARefusedGroupGetsNoContactAndAllOthersDo) {
    Pair pair(3);
    pair.groups.deaf.insert(PartitionId{2});
    const std::vector<replication::GroupTerm> refused = pair.exchange(0);
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].group, PartitionId{2});
    EXPECT_EQ(pair.leader.contacted(PartitionId{2}), Instant::long_ago());
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(0));
    pair.exchange(100);
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(100));
    EXPECT_EQ(pair.leader.contacted(PartitionId{2}), Instant::long_ago());
}

TEST(Contact, AGroupTheReceiverDoesNotHostIsRefusedWithTermZero) {
    Pair pair(1);
    pair.leader.leads(PartitionId{9}, Term{4}, LogIndex{0});
    const std::vector<replication::GroupTerm> refused = pair.exchange(0);
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].term, Term{0});
}

// Trap (a) and the asymmetric links: each direction is judged by what came through it.
TEST(Contact, OnlyTheWayThereBrokenIsNoContactForEither) {
    Pair pair(1);
    pair.exchange(0);
    for (int i = 1; i < 10; ++i) pair.leader.make_heartbeat(at(100 * i), 0);  // all lost
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(0));
    EXPECT_EQ(pair.follower.heard(PartitionId{1}), at(1));
}

TEST(Contact, OnlyTheWayBackBrokenIsHeardByTheFollowerAndNoContactForTheLeader) {
    Pair pair(1);
    pair.exchange(0);
    for (int i = 1; i < 10; ++i)
        pair.deliver(100 * i + 1, pair.leader.make_heartbeat(at(100 * i), 0));  // answers lost
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(0));
    EXPECT_EQ(pair.follower.heard(PartitionId{1}), at(901));
}

TEST(Contact, StaleAndRepeatedRoundsAreIgnored) {
    Pair pair(2);
    const replication::Heartbeat old = pair.leader.make_heartbeat(at(0), 0);
    pair.exchange(100);
    EXPECT_EQ(pair.deliver(150, old).round, ContactRound{});
    EXPECT_EQ(pair.follower.heard(PartitionId{1}), at(101));
    const replication::Heartbeat last = pair.leader.make_heartbeat(at(200), 0);
    const replication::HeartbeatAnswer answer = pair.deliver(201, last);
    pair.leader.on_answer(answer);
    pair.leader.make_heartbeat(at(300), 0);
    EXPECT_TRUE(pair.leader.on_answer(answer).empty());
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), at(200));
}

TEST(Contact, AnAnswerThatANewerOneOvertookChangesNothing) {
    Pair pair(1);
    const replication::HeartbeatAnswer accepted =
        pair.deliver(1, pair.leader.make_heartbeat(at(0), 0));
    pair.groups.terms[PartitionId{1}] = Term{5};
    pair.follower.no_longer_follows(PartitionId{1});
    EXPECT_EQ(pair.exchange(100).size(), 1u);  // refused
    pair.leader.on_answer(accepted);
    EXPECT_EQ(pair.leader.make_heartbeat(at(200), 0).listed.size(), 1u);
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), Instant::long_ago());
}

TEST(Contact, AnAnswerToAFormerBootIsNoContact) {
    PeerContact former(node(2), ContactRound{std::uint64_t{1} << 40});
    former.leads(PartitionId{1}, Term{1}, LogIndex{0});
    const replication::Heartbeat old = former.make_heartbeat(at(0), 0);
    PeerContact now(node(2), ContactRound{std::uint64_t{2} << 40});
    now.leads(PartitionId{1}, Term{2}, LogIndex{0});
    now.make_heartbeat(at(500), 0);
    now.on_answer({old.round, {}, false, 0});
    EXPECT_EQ(now.contacted(PartitionId{1}), Instant::long_ago());
}

TEST(Contact, ContactOfAFormerTermSaysNothingAboutTheNewOne) {
    Pair pair(1);
    const replication::Heartbeat beat = pair.leader.make_heartbeat(at(0), 0);
    const replication::HeartbeatAnswer answer = pair.deliver(1, beat);
    pair.leader.leads(PartitionId{1}, Term{3}, LogIndex{0});
    pair.leader.on_answer(answer);
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), Instant::long_ago());
}

TEST(Contact, AfterAResetEverythingIsListedAgain) {
    Pair pair(5);
    pair.exchange(0);
    pair.leader.reset();
    const replication::Heartbeat beat = pair.leader.make_heartbeat(at(100), 0);
    EXPECT_EQ(beat.listed.size(), 5u);
    const replication::HeartbeatAnswer answer = pair.deliver(101, beat);
    EXPECT_FALSE(answer.want_all);
    pair.leader.on_answer(answer);
    pair.follower.reset();  // as after a restart of the follower: its set is empty
    EXPECT_TRUE(pair.deliver(201, pair.leader.make_heartbeat(at(200), 0)).want_all);
}

TEST(Contact, AGroupThisNodeNoLongerLeadsIsForgottenOnBothSides) {
    Pair pair(3);
    pair.exchange(0);
    pair.leader.no_longer_leads(PartitionId{2});
    pair.exchange(100);  // the follower still counts it: differs
    pair.exchange(200);
    const replication::Heartbeat beat = pair.leader.make_heartbeat(at(300), 0);
    EXPECT_TRUE(beat.listed.empty());
    EXPECT_EQ(beat.unlisted, 2u);
    EXPECT_FALSE(pair.deliver(301, beat).want_all);
    EXPECT_EQ(pair.leader.contacted(PartitionId{2}), Instant::long_ago());
    EXPECT_EQ(pair.follower.heard(PartitionId{2}), at(1));
}

TEST(Contact, TakesRoomForTheGroupsThatAreSharedOnly) {
    const PartitionId high{4'000'000'000u};
    Pair pair(0);
    pair.groups.terms[high] = Term{1};
    pair.leader.leads(high, Term{1}, LogIndex{0});
    EXPECT_TRUE(pair.exchange(0).empty());
    EXPECT_EQ(pair.leader.contacted(high), at(0));
    EXPECT_EQ(pair.follower.heard(high), at(1));
    pair.leader.forget(high);
    pair.follower.forget(high);
    EXPECT_EQ(pair.leader.groups_led(), 0u);
    EXPECT_EQ(pair.follower.groups_followed(), 0u);
    EXPECT_EQ(pair.leader.contacted(high), Instant::long_ago());
    EXPECT_EQ(pair.follower.heard(high), Instant::long_ago());
}

// Else the answer to what was said in its former life would count as contact in this one.
TEST(Contact, AForgottenGroupThatIsLedAgainIsListedUntilThisLifeIsAcknowledged) {
    Pair pair(1);
    const replication::HeartbeatAnswer former =
        pair.deliver(1, pair.leader.make_heartbeat(at(0), 0));
    pair.leader.forget(PartitionId{1});
    pair.leader.leads(PartitionId{1}, Term{1}, LogIndex{0});
    EXPECT_TRUE(pair.leader.on_answer(former).empty());
    EXPECT_EQ(pair.leader.contacted(PartitionId{1}), Instant::long_ago());
    EXPECT_EQ(pair.leader.make_heartbeat(at(100), 0).listed.size(), 1u);
}

TEST(Contact, WhatIsForgottenIsListedNoMoreAndNotCounted) {
    Pair pair(3);
    pair.exchange(0);
    pair.leader.forget(PartitionId{2});  // acknowledged
    pair.leader.leads(PartitionId{3}, Term{1}, LogIndex{5});
    pair.leader.forget(PartitionId{3});  // waits to be listed
    const replication::Heartbeat beat = pair.leader.make_heartbeat(at(100), 0);
    EXPECT_TRUE(beat.listed.empty());
    EXPECT_EQ(beat.unlisted, 1u);
    EXPECT_EQ(pair.leader.groups_led(), 1u);
}

TEST(Contact, CarriesTheAgeOfTheDiskBothWays) {
    Pair pair(1);
    replication::HeartbeatAnswer answer = pair.deliver(1, pair.leader.make_heartbeat(at(0), 250));
    EXPECT_EQ(pair.follower.peer_disk_age_ms(), 250u);
    answer.disk_age_ms = 70;
    pair.leader.on_answer(answer);
    EXPECT_EQ(pair.leader.peer_disk_age_ms(), 70u);
}

// Else a term that somebody else was refused would count as contact of this one.
TEST(ContactDeathTest, AVerdictForEachClaimAndOnlyOfTheBeatHeardLast) {
    Pair pair(2);
    const replication::Heartbeat beat = pair.leader.make_heartbeat(at(0), 0);
    const std::vector<ClaimVerdict> verdicts(2);
    EXPECT_DEATH(pair.follower.answer(at(1), beat, verdicts), "heard last");
    ASSERT_TRUE(pair.follower.hear(beat));
    EXPECT_DEATH(pair.follower.answer(at(1), beat, std::span(verdicts).first(1)), "1 verdicts");
}

TEST(ContactDeathTest, AGroupThatIsLedWithWhoDoesNotHoldItOrInAFormerTermIsAFault) {
    Pair pair(2);
    const std::vector<PartitionId> shared{PartitionId{1}, PartitionId{2}};
    pair.leader.check(shared);
    EXPECT_DEATH(pair.leader.check(std::span(shared).first(1)), "group 2 is led");
    pair.leader.forget(PartitionId{2});
    pair.leader.check(std::span(shared).first(1));
    pair.leader.leads(PartitionId{1}, Term{3}, {});
    EXPECT_DEATH(pair.leader.leads(PartitionId{1}, Term{2}, {}), "led in term 2, it was in 3");
}

// What was moved from has lost its groups and still sums them up.
TEST(Contact, CheckFindsSumsOfGroupsThatAreNotThere) {
    const auto said_of = [](PeerContact& contact) {
        const PeerContact taken(static_cast<PeerContact&&>(contact));
        return weft::test::said_by([&] { contact.check({}); });
    };
    Pair pair(2), met(2);
    met.exchange(0);
    EXPECT_EQ(said_of(pair.leader), "0 groups are led, 2 are counted");
    EXPECT_EQ(said_of(met.leader), "0 groups are unlisted, 2 are summed up");
    EXPECT_EQ(said_of(met.follower), "0 groups are covered, 2 are summed up");
    EXPECT_EQ(weft::test::said_by([] { GroupTermSum().remove(PartitionId{1}, Term{1}); }),
              "group 1 leaves an empty sum");
}

// Whatever is lost, doubled or changed on the way: contact is never claimed for a group that the
// follower does not follow in that term, and when the network is well again everything is covered
// within three rounds.
RC_GTEST_PROP(Contact, NeverCoversAGroupThatDoesNotFollowAndHealsWithinThreeRounds,
              (std::vector<std::uint8_t> moves)) {
    constexpr std::uint32_t kGroups = 6;
    Pair pair(kGroups);
    std::map<PartitionId, Term> led;
    std::vector<PartitionId> shared;
    for (std::uint32_t i = 1; i <= kGroups; ++i) {
        led[PartitionId{i}] = Term{1};
        shared.push_back(PartitionId{i});
    }
    std::int64_t ms = 0;
    for (const std::uint8_t move : moves) {
        ms += 10;
        const PartitionId group{1 + move % kGroups};
        switch (move / kGroups % 6) {
            case 0:
                pair.exchange(ms);
                break;
            case 1:
                pair.leader.make_heartbeat(at(ms), 0);
                break;
            case 2:
                pair.deliver(ms, pair.leader.make_heartbeat(at(ms), 0));
                break;
            case 3:  // an election elsewhere
                pair.groups.terms[group] = Term{led[group].value + 1};
                pair.follower.no_longer_follows(group);
                break;
            case 4:  // and the leader is back in a newer term
                led[group] = Term{std::max(pair.groups.terms[group], led[group]).value + 1};
                pair.leader.leads(group, led[group], LogIndex{});
                break;
            case 5:
                pair.leader.leads(group, led[group], LogIndex{move});
                break;
            default:
                break;
        }
        pair.leader.check(shared);
        pair.follower.check({});
        for (const auto& [id, term] : led)
            if (pair.groups.terms[id] > term)
                RC_ASSERT(pair.follower.heard(id) == Instant::long_ago());
    }
    ms += 10;
    std::map<PartitionId, Instant> before;
    for (const auto& [id, term] : led) before[id] = pair.leader.contacted(id);
    for (int round = 0; round < 3; ++round) pair.exchange(ms + 10 * round);
    for (const auto& [id, term] : led) {
        const bool follows = pair.groups.terms[id] == term;
        RC_ASSERT(pair.leader.contacted(id) == (follows ? at(ms + 20) : before[id]));
    }
}

}  // namespace
}  // namespace weft::node
