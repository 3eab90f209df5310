// Which frames of another node count, and what follows of its hellos (S18, S32).

#include "node/handshake.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

namespace weft::node::test {
namespace {

using Heard = Handshake::Heard;
using Frame = Handshake::Frame;

constexpr Frame kBoot4{Boot{4}, Lsn{100}};
constexpr HelloToken kQuestion{77};

PeerHello question(std::uint64_t nonce = 7) {
    PeerHello hello;
    hello.nonce = nonce;
    hello.token = kQuestion;
    return hello;
}

// "row ask answer greeted", what of it there is.
std::string said(const HelloNews& news) {
    std::string text;
    const auto add = [&](bool is, const char* word) {
        if (is) text += (text.empty() ? "" : " ") + std::string(word);
    };
    add(news.conflict, "conflict");
    add(news.late, "late");
    add(news.condemned.has_value(), "condemned");
    add(news.former.has_value(), "boot");
    add(news.row.has_value(), "row");
    add(news.contact_void, "void");
    add(news.ask.has_value(), "ask");
    add(news.answer.has_value(), "answer");
    add(news.refuses_us.has_value(), "refuses");
    add(news.wall_ms != 0, "clock");
    add(news.greeted, "greeted");
    return text;
}

// Of a link that is up. Rounds are durable when a test says so.
struct HandshakeTest : testing::Test {
    HandshakeTest() { handshake.on_up(tokens); }

    HelloNews hear(const Frame& frame, const PeerHello& hello, const std::string& conflict = {}) {
        HelloNews news =
            handshake.on_hello(frame, hello, conflict, {now, persisted, RoundSeq{2}}, tokens);
        handshake.check(RoundSeq{2});
        return news;
    }
    PeerHello answer(Verdict refused = Verdict::Sound, std::uint64_t nonce = 7) const {
        PeerHello hello = question(nonce);
        hello.answer = true;
        hello.token = handshake.greeting().token();
        hello.refused = refused;
        hello.wall_ms = 1'700'000'000'000;
        return hello;
    }
    // Boot 4 of it is known, its row durable, and messages pass.
    void pass() {
        handshake.ask(now);
        hear(kBoot4, question());
        hear(kBoot4, answer());
        persisted = RoundSeq{2};
        handshake.on_persisted(now, persisted);
        ASSERT_TRUE(handshake.greeting().greeted());
    }

    Instant now = Instant{} + std::chrono::seconds(100);
    RoundSeq persisted{1};
    HelloTokens tokens{1000};
    Handshake handshake;
};

TEST_F(HandshakeTest, TheFirstHelloIsAnsweredAndMessagesPassWhenItsRowIsDurable) {
    handshake.ask(now);
    const HelloNews first = hear(kBoot4, question());
    EXPECT_EQ(said(first), "boot row void ask");
    EXPECT_EQ(first.former, Boot{0}) << "none was known";
    EXPECT_EQ(*first.row, (Past{Boot{4}, 7, Lsn{100}}));
    EXPECT_EQ(first.ask, HelloToken{1002}) << "another process, another token";
    EXPECT_EQ(said(hear(kBoot4, answer())), "clock");
    EXPECT_EQ(handshake.on_frame(kBoot4, persisted), Heard::Early);
    EXPECT_EQ(said(handshake.on_persisted(now, RoundSeq{1})), "") << "the round before";
    const HelloNews durable = handshake.on_persisted(now, RoundSeq{2});
    EXPECT_EQ(said(durable), "answer greeted");
    EXPECT_EQ(durable.answer, kQuestion);
    EXPECT_EQ(said(handshake.on_persisted(now, RoundSeq{3})), "") << "once";
    EXPECT_EQ(handshake.on_frame(kBoot4, RoundSeq{2}), Heard::Counts);
}

TEST_F(HandshakeTest, WhatIsKnownIsAnsweredAtOnce) {
    pass();
    EXPECT_EQ(said(hear(kBoot4, question())), "answer");
    EXPECT_EQ(said(hear(kBoot4, answer())), "clock") << "said twice";
    EXPECT_TRUE(handshake.greeting().greeted());
}

TEST_F(HandshakeTest, WhatIsRecalledIsGreetedWithTheAnswer) {
    handshake.recall({Boot{4}, 7, Lsn{100}});
    handshake.ask(now);
    EXPECT_EQ(handshake.on_frame(kBoot4, persisted), Heard::Early) << "no hello came yet";
    EXPECT_EQ(said(hear(kBoot4, answer())), "clock greeted");
}

TEST_F(HandshakeTest, OfAnotherProcessAllBeginsAgain) {
    pass();
    const PeerHello late = answer(Verdict::Sound, 8);
    const HelloNews news = hear({Boot{5}, Lsn{100}}, late);
    EXPECT_EQ(said(news), "boot row void ask") << "it answered what its former process was asked";
    EXPECT_EQ(news.former, Boot{4});
    EXPECT_FALSE(handshake.greeting().greeted());
    EXPECT_EQ(handshake.greeting().deadline(), now + std::chrono::milliseconds(200));
    EXPECT_EQ(said(hear({Boot{5}, Lsn{100}}, late)), "");
    EXPECT_EQ(said(hear({Boot{5}, Lsn{100}}, answer(Verdict::Sound, 8))), "clock greeted");
}

TEST_F(HandshakeTest, WithoutALinkNobodyIsAskedOrAnswered) {
    handshake.on_down();
    persisted = RoundSeq{2};
    EXPECT_EQ(said(hear(kBoot4, question())), "boot row void");
    EXPECT_EQ(said(hear(kBoot4, answer())), "");
    EXPECT_EQ(said(handshake.on_persisted(now, RoundSeq{2})), "");
}

TEST_F(HandshakeTest, AConflictIsToldOnceForEachReasonAndNothingCountsMeanwhile) {
    pass();
    EXPECT_EQ(said(hear({Boot{9}, Lsn{1}}, question(9), "another genesis")), "conflict");
    EXPECT_EQ(said(hear({Boot{9}, Lsn{1}}, question(9), "another genesis")), "");
    EXPECT_EQ(handshake.witness().boot(), Boot{4}) << "it is judged by nothing else";
    EXPECT_EQ(handshake.on_frame(kBoot4, persisted), Heard::Refused);
    EXPECT_EQ(said(hear(kBoot4, question(), "another kind")), "conflict");
    EXPECT_EQ(handshake.conflict(), "another kind");
    EXPECT_EQ(said(hear(kBoot4, question())), "answer");
    EXPECT_EQ(handshake.on_frame(kBoot4, persisted), Heard::Counts);
    EXPECT_EQ(said(hear(kBoot4, question(), "another kind")), "conflict") << "news again";
}

TEST_F(HandshakeTest, AHelloOfAFormerBootCountsForNothing) {
    pass();
    EXPECT_EQ(said(hear({Boot{3}, Lsn{900}}, question(6))), "late");
    PeerHello answered = answer(Verdict::LowerPosition, 6);
    answered.token = HelloToken{999};
    EXPECT_EQ(said(hear({Boot{3}, Lsn{900}}, answered)), "late");
    EXPECT_TRUE(handshake.greeting().greeted());
    EXPECT_EQ(handshake.witness().durable(), Lsn{100});
}

TEST_F(HandshakeTest, WhoComesBackOlderIsCondemnedOnceAndToldWhyForEver) {
    struct Case {
        const char* why;
        Frame frame;
        PeerHello hello;
        Verdict verdict;
        std::string news;
    };
    pass();
    const Case cases[] = {
        {"its disk was rolled back",
         {Boot{5}, Lsn{99}},
         question(8),
         Verdict::LowerPosition,
         "condemned row void answer"},
        {"a second life of one boot", kBoot4, question(8), Verdict::OtherNonce,
         "condemned row void answer"},
        {"the process that runs now has a lower boot",
         {Boot{3}, Lsn{500}},
         answer(Verdict::Sound, 6),
         Verdict::MissingPast,
         "condemned row void"},
    };
    const Handshake before = handshake;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        handshake = before;
        const HelloNews news = hear(c.frame, c.hello);
        EXPECT_EQ(said(news), c.news);
        ASSERT_TRUE(news.condemned && news.row);
        EXPECT_EQ(news.condemned->verdict, c.verdict);
        EXPECT_EQ(news.condemned->before.boot, Boot{4});
        EXPECT_EQ(news.row->verdict, c.verdict);
        EXPECT_FALSE(handshake.greeting().greeted());
        EXPECT_EQ(handshake.on_frame(kBoot4, persisted), Heard::Refused);
        EXPECT_EQ(said(hear(c.frame, question(8))), "answer") << "condemned is news once";
        EXPECT_EQ(said(hear({Boot{9}, Lsn{9000}}, answer())), "") << "its answers count no more";
        EXPECT_EQ(said(handshake.on_persisted(now, RoundSeq{2})), "");
    }
}

TEST_F(HandshakeTest, ThatItRefusesUsIsNewsOnce) {
    pass();
    const HelloNews news = hear(kBoot4, answer(Verdict::LowerPosition));
    EXPECT_EQ(said(news), "refuses");
    EXPECT_EQ(news.refuses_us, Verdict::LowerPosition);
    EXPECT_EQ(said(hear(kBoot4, answer(Verdict::LowerPosition))), "");
    EXPECT_EQ(said(hear(kBoot4, answer())), "clock");
}

TEST_F(HandshakeTest, FramesCountForTheBootThatIsKnown) {
    EXPECT_EQ(handshake.on_frame(kBoot4, RoundSeq{9}), Heard::Early) << "nothing was heard of it";
    pass();
    EXPECT_EQ(handshake.on_frame({Boot{3}, Lsn{900}}, persisted), Heard::FormerBoot);
    EXPECT_EQ(handshake.on_frame({Boot{5}, Lsn{900}}, persisted), Heard::Early);
    EXPECT_EQ(handshake.witness().durable(), Lsn{100});
    EXPECT_EQ(handshake.on_frame({Boot{4}, Lsn{900}}, persisted), Heard::Counts);
    EXPECT_EQ(handshake.witness().durable(), Lsn{900});
    EXPECT_EQ(handshake.take_position(), (Past{Boot{4}, 7, Lsn{900}}));
}

// Whoever forges the largest numbers shuts out only who says so.
TEST_F(HandshakeTest, TheLargestBootAndPositionAreNumbersLikeOthers) {
    constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
    pass();
    EXPECT_EQ(said(hear({Boot{kMost}, Lsn{kMost}}, question(kMost))), "boot row void ask answer");
    EXPECT_EQ(said(hear(kBoot4, question())), "late");
    PeerHello forged = answer(Verdict::Sound, kMost);
    forged.token = HelloToken{kMost};
    EXPECT_EQ(said(hear({Boot{kMost}, Lsn{0}}, forged)), "") << "it answers nothing of ours";
    EXPECT_EQ(handshake.on_frame({Boot{kMost}, Lsn{0}}, RoundSeq{2}), Heard::Counts);
    EXPECT_EQ(handshake.witness().durable(), Lsn{kMost});
}

TEST_F(HandshakeTest, CheckFindsALinkOnWhichNobodyAsks) {
    EXPECT_EQ(weft::test::said_by([&] { handshake.check(RoundSeq{2}); }),
              "nobody asks a link for its hello");
}

}  // namespace
}  // namespace weft::node::test
