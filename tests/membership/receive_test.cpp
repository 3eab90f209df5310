// Whose datagrams count.

#include "tests/membership/lone_member.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::membership {
namespace {

const Message kAccusation = Rumour{suspect(2, incarnation_of(1), 3)};

// 34
TEST(Receive, GarbageIsCountedAndChangesNothing) {
    LoneMember member(5);
    const std::string good = LoneMember::bytes_of(member.header(1), {kAccusation});
    std::uint64_t bad = 0;
    for (const std::string& bytes :
         {std::string(), std::string(1, '\1'), std::string(65507, 'x'), good.substr(0, 30),
          good + '\0', std::string("\2") + good.substr(1), good.substr(0, good.size() - 1)}) {
        member.hear(bytes);
        EXPECT_EQ(member.counts().malformed, ++bad);
    }
    EXPECT_EQ(member.state(2), MemberState::Alive);
    EXPECT_TRUE(member.sent.empty()) << "garbage is not answered";
}

// 32
TEST(Receive, AnotherMeshesAndAnotherMembersDatagramsAreForeign) {
    LoneMember member(5);
    Header header = member.header(1);
    header.mesh = mesh_tag(ClusterId{{8}}, node_of(0));
    member.hear(LoneMember::bytes_of(header, {kAccusation}));
    header.mesh = mesh_tag(LoneMember::kMesh, node_of(4));
    member.hear(LoneMember::bytes_of(header, {kAccusation}));
    const std::string bytes = LoneMember::bytes_of(member.header(1), {kAccusation});
    member.step(StreamReceived{node_of(2), bytes});
    EXPECT_EQ(member.counts().foreign, 3U);
    EXPECT_EQ(member.state(2), MemberState::Alive);
    EXPECT_TRUE(member.sent.empty());
}

// 29
TEST(Receive, WhatWasRecordedIsWorthNothingLater) {
    LoneMember member(5);
    const std::string bytes =
        LoneMember::bytes_of(member.header(1), {Ping{ProbeNumber{1}, Stamp{}, {}}});
    member.hear(bytes);
    member.forget();
    member.hear(bytes);
    EXPECT_EQ(member.counts().replayed, 1U);
    EXPECT_TRUE(member.all<Ack>().empty());
}

// 30: recorded before this member's start, when it was in another boot or nobody knew of it.
TEST(Receive, WhatWasRecordedIsWorthNothingToAMemberThatJustStarted) {
    for (const std::uint64_t boot : {std::uint64_t{0}, LoneMember::kBoot - 1}) {
        LoneMember member(5, {}, false);
        member.forget();
        Header header = member.header(1);
        header.to_boot = Boot{boot};
        member.hear(LoneMember::bytes_of(
            header, {Rumour{dead(2, incarnation_of(1), 3)}, Ping{ProbeNumber{4}, Stamp{5}, {}}}));
        EXPECT_EQ(member.state(1), MemberState::Unseen);
        EXPECT_EQ(member.state(2), MemberState::Unseen);
        // The sender, if there is one, learns in which boot to speak to us.
        ASSERT_EQ(member.sent.size(), 1U);
        EXPECT_EQ(member.sent[0].datagram.header.to_boot, Boot{1});
        EXPECT_EQ(member.sent[0].datagram.header.incarnation.boot, Boot{LoneMember::kBoot});
        EXPECT_EQ(member.all<Ack>().size(), 1U);
    }
}

TEST(Receive, AFormerBootIsToldWhoRunsNow) {
    LoneMember member(5);
    Header header = member.header(1);
    header.incarnation = incarnation_of(2);
    member.hear(LoneMember::bytes_of(header, {}));
    ASSERT_EQ(member.swim().members().at({1}).incarnation, incarnation_of(2));
    member.forget();
    member.say(1, {kAccusation});
    EXPECT_EQ(member.counts().former_boot, 1U);
    EXPECT_EQ(member.state(2), MemberState::Alive);
    ASSERT_EQ(member.all<Fact>().size(), 1U);
    EXPECT_EQ(member.all<Fact>()[0].second.claim, alive(1, incarnation_of(2)));
    EXPECT_EQ(member.sent[0].datagram.header.to_boot, Boot{1}) << "so that it is heard there";
}

// Of strangers, and of former boots: a recording played again and again makes us send a few.
TEST(Receive, AnswersToOneMemberThatDoesNotKnowUsAreFew) {
    for (const bool former : {false, true}) {
        LoneMember member(5);
        Header header = member.header(1);
        header.incarnation = incarnation_of(2);
        member.hear(LoneMember::bytes_of(header, {}));
        member.forget();
        header = member.header(1);
        header.incarnation = incarnation_of(former ? 1 : 2);
        header.to_boot = Boot{former ? LoneMember::kBoot : 0};
        const std::string bytes =
            LoneMember::bytes_of(header, {Ping{ProbeNumber{4}, Stamp{5}, {}}});
        for (int i = 0; i < 50; ++i) member.hear(bytes);
        EXPECT_EQ(member.sent.size(), 3U);
        EXPECT_EQ(member.counts().former_boot, former ? 3U : 0U);
        EXPECT_EQ(member.counts().replayed, former ? 0U : 3U);
        EXPECT_EQ(member.counts().unanswered, 47U);
        member.stand_still(200ms);
        member.hear(bytes);
        EXPECT_EQ(member.sent.size(), 4U) << "one each beat";
    }
}

TEST(Receive, AnswersToAllWhoDoNotKnowUsAreFew) {
    LoneMember member(300, {}, false);
    member.forget();
    const auto ask = [&](std::size_t from) {
        Header header = member.header(from);
        header.to_boot = Boot{};
        member.hear(LoneMember::bytes_of(header, {Ping{ProbeNumber{4}, Stamp{5}, {}}}));
    };
    for (std::size_t i = 1; i < 200; ++i) ask(i);
    EXPECT_EQ(member.sent.size(), 64U);
    EXPECT_EQ(member.counts().unanswered, 199U - 64U);
    member.stand_still(100ms);
    for (std::size_t i = 200; i < 300; ++i) ask(i);
    EXPECT_EQ(member.sent.size(), 74U);
    // Who knows us is answered all the same.
    member.say(1, {});
    member.forget();
    member.say(1, {Ping{ProbeNumber{5}, Stamp{}, {}}});
    EXPECT_EQ(member.all<Ack>().size(), 1U);
}

// What it must not be is an amplifier: our numbers have grown, those of a forgery are small.
TEST(Receive, AnAnswerToAStrangerIsNoLargerThanWhatItAnswers) {
    LoneMember member(5);
    for (int i = 0; i < 200; ++i) member.say(1, {Ping{ProbeNumber{1}, Stamp{}, {}}});
    Header header = member.header(1);
    header.to_boot = Boot{};
    header.sequence = Sequence{1};
    for (const std::size_t pings : {0U, 1U, 60U}) {
        const std::vector<Message> messages(pings, Ping{ProbeNumber{4}, Stamp{5}, {}});
        const std::string bytes = LoneMember::bytes_of(header, messages);
        member.forget();
        member.hear(bytes);
        ASSERT_EQ(member.sent.size(), pings == 0 ? 0U : 1U);
        for (const LoneMember::Sent& one : member.sent) {
            EXPECT_LE(one.bytes, bytes.size());
            EXPECT_EQ(member.all<Ack>().size(), pings - 1);
        }
    }
}

TEST(Receive, WhoKnowsALaterBootOfUsMeansAnotherProcess) {
    LoneMember member(5);
    Header header = member.header(1);
    header.to_boot = Boot{LoneMember::kBoot + 1};
    member.hear(LoneMember::bytes_of(header, {kAccusation}));
    EXPECT_TRUE(member.superseded);
    EXPECT_EQ(member.state(2), MemberState::Alive);
}

TEST(Receive, ADatagramIsItsSendersOwnWordThatItIsAlive) {
    LoneMember member(5, {}, false);
    EXPECT_EQ(member.state(1), MemberState::Unseen);
    member.say(1, {});
    EXPECT_EQ(member.state(1), MemberState::Alive);
    ASSERT_EQ(member.changes.back().to, MemberState::Alive);
    EXPECT_EQ(member.changes.back().node, node_of(1));
}

TEST(Receive, QualityIsShownAndNoPartOfTheView) {
    LoneMember member(5);
    const ViewDigest before = member.swim().members().digest();
    Header header = member.header(1);
    header.quality = Quality::Degraded;
    member.hear(LoneMember::bytes_of(header, {}));
    EXPECT_EQ(member.swim().quality({1}), Quality::Degraded);
    EXPECT_EQ(member.swim().quality({2}), Quality::Good);
    EXPECT_EQ(member.state(1), MemberState::Alive);
    EXPECT_EQ(member.swim().members().digest(), before);
}

// ---- views ------------------------------------------------------------------------------------

TEST(Views, ADifferentDigestIsAnsweredWithSumsOncePerBeat) {
    LoneMember member(5);
    member.run(20s);
    member.forget();
    const ViewDigest same = member.swim().members().digest();
    member.say(1, {Ping{ProbeNumber{1}, Stamp{}, same}});
    EXPECT_TRUE(member.all<BucketSums>().empty());
    for (int i = 0; i < 5; ++i) member.say(1, {Ping{ProbeNumber{1}, Stamp{}, {}}});
    EXPECT_EQ(member.all<BucketSums>().size(), 1U);
}

TEST(Views, AnEqualDigestEndsRumoursSoon) {
    for (const bool equal : {true, false}) {
        LoneMember member(5);
        const std::size_t before = member.swim().rumours();
        ASSERT_GT(before, 0U);
        const ViewDigest digest = member.swim().members().digest();
        for (int i = 0; i < 6; ++i)
            member.say(1, {Ack{ProbeNumber{999}, Stamp{}, equal ? digest : ViewDigest{}}});
        EXPECT_EQ(member.swim().rumours(), equal ? 0 : before);
    }
}

TEST(Views, FactsThatAreOlderOrMissingThereGoBack) {
    LoneMember member(5);
    member.say(1, {Rumour{dead(2, incarnation_of(1), 3)}});
    member.forget();
    member.say(1, {BucketFacts{}, Fact{alive(0, incarnation_of(LoneMember::kBoot))},
                   Fact{alive(1, incarnation_of(1))}, Fact{alive(2, incarnation_of(1))},
                   Fact{alive(4, incarnation_of(1, 1))}});
    EXPECT_EQ(member.state(4), MemberState::Alive);
    EXPECT_EQ(member.swim().members().at({4}).incarnation, incarnation_of(1, 1));
    std::vector<Claim> back;
    for (const auto& [to, fact] : member.all<Fact>()) back.push_back(fact.claim);
    EXPECT_EQ(back, (std::vector{dead(2, incarnation_of(1), 3), alive(3, incarnation_of(1))}));
}

TEST(Views, FactsOfASuspectNameAllItsAccusers) {
    LoneMember member(kDatagramMessagesMax);
    member.say(
        1, {Rumour{suspect(2, incarnation_of(1), 3)}, Rumour{suspect(2, incarnation_of(1), 4)}});
    member.forget();
    Bucket only_two{3, node_of(2)};
    only_two.prefix.bytes[15] = 0;
    member.forget();
    member.say(1, {BucketFacts{only_two}});
    std::vector<Claim> back;
    for (const auto& [to, fact] : member.all<Fact>()) back.push_back(fact.claim);
    EXPECT_EQ(back,
              (std::vector{suspect(2, incarnation_of(1), 3), suspect(2, incarnation_of(1), 4)}));
}

TEST(Views, WhatOthersLetUsCompareIsBounded) {
    LoneMember member(kDatagramMessagesMax);
    member.forget();
    std::size_t answers = 0;
    for (int i = 0; i < 50; ++i) {
        member.forget();
        member.say(1, {BucketSums{}});
        if (!member.sent.empty()) ++answers;
    }
    EXPECT_EQ(answers, 20U);
}

}  // namespace
}  // namespace weft::membership
