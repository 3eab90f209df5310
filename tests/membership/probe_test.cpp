// SWIM 4.1 and 4.3, Lifeguard IV-A and IV-C.

#include "tests/membership/lone_member.h"

#include <gtest/gtest.h>

#include <set>

namespace weft::membership {
namespace {

// Until a probe has just gone out.
std::pair<NodeId, Ping> next_probe(LoneMember& member) {
    member.forget();
    const std::uint64_t before = member.counts().probes;
    while (member.counts().probes == before) {
        member.forget();
        member.run(member.swim().deadline() - member.now());
    }
    return member.last_ping();
}

void answer(LoneMember& member, const std::pair<NodeId, Ping>& probe) {
    member.say(number_of(probe.first), {Ack{probe.second.number, probe.second.stamp, {}}});
}

Options quiet() {
    Options options;
    options.digests = false;
    return options;
}

TEST(Probe, AnAnsweredProbeAccusesNobody) {
    LoneMember member(10, quiet());
    for (int i = 0; i < 30; ++i) answer(member, next_probe(member));
    EXPECT_TRUE(member.changes.empty());
    EXPECT_EQ(member.counts().probes_failed, 0U);
    EXPECT_EQ(member.swim().health(), 0);
}

TEST(Probe, SilenceAsksThreeRelaysAndTheStreamThenAccuses) {
    LoneMember member(10, quiet());
    const auto probe = next_probe(member);
    member.forget();
    member.run(499ms);
    EXPECT_TRUE(member.all<PingRequest>().empty());
    member.run(2ms);
    std::set<NodeId> relays;
    for (const auto& [to, request] : member.all<PingRequest>()) {
        relays.insert(to);
        EXPECT_EQ(request.target, probe.first);
        EXPECT_NE(to, probe.first);
    }
    EXPECT_EQ(relays.size(), 3U);
    bool stream = false;
    for (const LoneMember::Sent& sent : member.sent)
        stream = stream || (sent.carrier == Carrier::Stream && sent.to == probe.first);
    EXPECT_TRUE(stream);
    member.run(500ms);
    EXPECT_EQ(member.state(number_of(probe.first)), MemberState::Suspect);
    EXPECT_EQ(member.suspicion(number_of(probe.first))->accusers()[0].node, node_of(0));
}

// The way is known by then, and a fifth of a second is enough for it.
TEST(Probe, TheTimeoutIsLearnedFromRoundTrips) {
    for (const bool learned : {true, false}) {
        Options options = quiet();
        options.learned = learned;
        LoneMember member(10, options);
        for (int i = 0; i < 20; ++i) {
            const auto probe = next_probe(member);
            member.stand_still(2ms);
            answer(member, probe);
        }
        next_probe(member);
        member.forget();
        member.run(199ms);
        EXPECT_TRUE(member.all<PingRequest>().empty());
        member.run(2ms);
        EXPECT_EQ(member.all<PingRequest>().size(), learned ? 3U : 0U);
        member.run(300ms);
        EXPECT_EQ(member.all<PingRequest>().size(), 3U);
    }
}

// Of one that was never asked the others tell; where all are slow, it waits as long as ever.
TEST(Probe, OnASlowWayTheTimeoutIsTheLongestOne) {
    LoneMember member(10, quiet());
    for (int i = 0; i < 5; ++i) {
        const auto probe = next_probe(member);
        member.stand_still(400ms);
        answer(member, probe);
    }
    next_probe(member);
    member.forget();
    member.run(499ms);
    EXPECT_TRUE(member.all<PingRequest>().empty());
    member.run(2ms);
    EXPECT_EQ(member.all<PingRequest>().size(), 3U);
}

// With the no of the last relay there is nothing left to wait for.
TEST(Probe, EndsWithTheLastRelaysNo) {
    for (const bool learned : {true, false}) {
        Options options = quiet();
        options.learned = learned;
        LoneMember member(10, options);
        const auto probe = next_probe(member);
        member.forget();
        member.run(501ms);
        const auto asked = member.all<PingRequest>();
        ASSERT_EQ(asked.size(), 3U);
        const std::size_t target = number_of(probe.first);
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(member.state(target), MemberState::Alive);
            member.say(number_of(asked[i].first), {Nack{probe.second.number}});
        }
        EXPECT_EQ(member.state(target), learned ? MemberState::Suspect : MemberState::Alive);
        member.run(500ms);
        EXPECT_EQ(member.state(target), MemberState::Suspect);
        EXPECT_EQ(member.counts().probes_failed, 1U) << "once";
    }
}

TEST(Probe, ARelaysAnswerCountsAndAStrangersDoesNot) {
    for (const bool asked : {true, false}) {
        LoneMember member(10, quiet());
        const auto probe = next_probe(member);
        member.forget();
        member.run(501ms);
        std::set<NodeId> relays;
        for (const auto& [to, request] : member.all<PingRequest>()) relays.insert(to);
        std::size_t from = 1;
        while (relays.contains(node_of(from)) != asked || node_of(from) == probe.first) ++from;
        member.say(from, {RelayedAck{probe.second.number}});
        member.run(500ms);
        EXPECT_EQ(member.state(number_of(probe.first)),
                  asked ? MemberState::Alive : MemberState::Suspect);
    }
}

// An ack to an older ping is late: it measures the way, and nothing else.
TEST(Probe, ALateAnswerIsNoSignOfLife) {
    LoneMember member(2, quiet());
    const auto first = next_probe(member);
    answer(member, first);
    const auto second = next_probe(member);
    ASSERT_NE(first.second.number, second.second.number);
    answer(member, first);
    member.run(1001ms);
    EXPECT_EQ(member.state(1), MemberState::Suspect);
    EXPECT_GT(member.swim().members().at({1}).round_trip.smoothed(), 100ms);
}

TEST(Probe, WhoSpokeMeanwhileIsNotAccusedOfSilence) {
    for (const bool hearing : {true, false}) {
        Options options = quiet();
        options.hearing = hearing;
        LoneMember member(2, options);
        next_probe(member);
        member.run(600ms);
        member.say(1, {Ping{ProbeNumber{99}, Stamp{}, {}}});
        member.run(401ms);
        EXPECT_EQ(member.state(1), hearing ? MemberState::Alive : MemberState::Suspect);
    }
}

// Lifeguard IV-A.
TEST(Probe, RelaysThatDoNotEvenSayNoAreASignOfBeingDeaf) {
    for (const bool nacks : {true, false}) {
        LoneMember member(10, quiet());
        const auto probe = next_probe(member);
        member.forget();
        member.run(501ms);
        if (nacks)
            for (const auto& [to, request] : member.all<PingRequest>())
                member.say(number_of(to), {Nack{probe.second.number}});
        member.run(500ms);
        EXPECT_EQ(member.swim().health(), nacks ? 0 : 3);
    }
}

// The fault of ports that scale the time for an answer and not the time between probes.
TEST(Probe, WhoDoubtsItselfProbesLessOftenAndNeverTwiceAtOnce) {
    for (const bool lifeguard : {true, false}) {
        Options options = quiet();
        options.lha_probe = lifeguard;
        options.alpha = 60;  // nobody is condemned meanwhile
        LoneMember member(30, options);
        for (int i = 0; i < 4; ++i) member.run(8s);  // nobody answers
        const std::uint64_t before = member.counts().probes;
        const std::uint64_t ended = member.counts().probes_failed;
        member.run(32s);
        EXPECT_EQ(member.counts().probes - before, lifeguard ? 4U : 32U);
        EXPECT_EQ(member.counts().probes - before, member.counts().probes_failed - ended);
    }
}

TEST(Probe, ARelaySaysNoInTimeAndPassesTheAnswerOn) {
    LoneMember member(10, quiet());
    member.say(1, {PingRequest{ProbeNumber{70}, node_of(2)}});
    const auto ping = member.last_ping();
    EXPECT_EQ(ping.first, node_of(2));
    EXPECT_NE(ping.second.number, ProbeNumber{70}) << "numbers are a member's own";
    member.run(401ms);
    ASSERT_EQ(member.all<Nack>().size(), 1U);
    EXPECT_EQ(member.all<Nack>()[0], std::pair(node_of(1), Nack{ProbeNumber{70}}));
    member.say(3, {Ack{ping.second.number, ping.second.stamp, {}}});
    EXPECT_TRUE(member.all<RelayedAck>().empty()) << "not of the target";
    answer(member, ping);
    ASSERT_EQ(member.all<RelayedAck>().size(), 1U);
    EXPECT_EQ(member.all<RelayedAck>()[0], std::pair(node_of(1), RelayedAck{ProbeNumber{70}}));
    answer(member, ping);
    EXPECT_EQ(member.all<RelayedAck>().size(), 1U);
}

TEST(Probe, WhatOthersLetUsRelayIsBounded) {
    LoneMember member(10, quiet());
    for (int i = 0; i < 20; ++i)
        member.say(1, std::vector<Message>(30, PingRequest{ProbeNumber{1}, node_of(2)}));
    EXPECT_EQ(member.all<Ping>().size(), 128U);
}

// Lifeguard IV-C.
TEST(Probe, TheAccusedIsToldInThePing) {
    for (const bool buddy : {true, false}) {
        Options options = quiet();
        options.buddy = buddy;
        LoneMember member(3, options);
        member.say(1, {Rumour{suspect(2, incarnation_of(1), 1)}});
        // The rumour itself is spent.
        while (member.swim().rumours() > 0) {
            member.say(1, {Ping{ProbeNumber{1}, Stamp{}, {}}});
            member.say(2, {});
        }
        ASSERT_EQ(member.state(2), MemberState::Suspect);
        bool told = false;
        for (int i = 0; i < 2 && member.state(2) == MemberState::Suspect; ++i) {
            const auto probe = next_probe(member);
            if (probe.first == node_of(2)) told = member.told(suspect(2, incarnation_of(1), 1));
            answer(member, probe);
        }
        EXPECT_EQ(told, buddy);
    }
}

// Also who is held for dead hears it when it asks.
TEST(Probe, WhoIsHeldForDeadHearsItInTheAck) {
    LoneMember member(5, quiet());
    member.say(1, {Rumour{dead(2, incarnation_of(1), 3)}});
    member.forget();
    member.say(2, {Ping{ProbeNumber{4}, Stamp{5}, {}}});
    ASSERT_EQ(member.all<Ack>().size(), 1U);
    EXPECT_EQ(member.all<Ack>()[0].second.stamp, Stamp{5});
    EXPECT_TRUE(member.told(dead(2, incarnation_of(1), 3)));
}

TEST(Probe, TheDeadAreAskedAgainAndAgain) {
    LoneMember member(3, quiet());
    member.say(1, {Rumour{dead(2, incarnation_of(1), 1)}});
    std::size_t contacts = 0;
    for (int i = 0; i < 30; ++i) {
        next_probe(member);
        for (const auto& [to, ping] : member.all<Ping>()) {
            if (to == node_of(2)) ++contacts;
            if (to == node_of(1)) member.say(1, {Ack{ping.number, ping.stamp, {}}});
        }
    }
    EXPECT_GE(contacts, 4U);
}

}  // namespace
}  // namespace weft::membership
