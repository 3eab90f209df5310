// The first facts: asked for, missed, proposed.

#include "node/founding.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace weft::node::test {
namespace {

using Question = Founding::Question;

const Instant kStart = Instant{} + std::chrono::seconds(1);
constexpr Founding::Seen kReadyHere{.led = true, .here = true, .ready = true, .home = false};

struct FoundingTest : testing::Test {
    // Asks what is to be asked, as `tag`.
    std::optional<Question> ask(OwnTag tag, Instant now = kStart) {
        const auto question = founding.next(now, kReadyHere);
        if (question) founding.asked(now, tag);
        founding.check();
        return question;
    }
    void end(OwnTag tag, Outcome outcome, bool exists = false) {
        OwnEnd what;
        what.tag = tag;
        what.reply.outcome = outcome;
        what.reply.exists = exists;
        founding.on_end(kStart, what);
        founding.check();
    }

    Founding founding{weft::Log()};
};

TEST_F(FoundingTest, WhatIsMissingIsProposedOnce) {
    EXPECT_EQ(ask(OwnTag{1}), Question::AreThere);
    EXPECT_EQ(ask(OwnTag{2}), std::nullopt) << "it is asked already";
    EXPECT_EQ(founding.deadline(), Instant::never());
    end(OwnTag{7}, Outcome::Done);  // of another request
    EXPECT_EQ(ask(OwnTag{2}), std::nullopt);
    end(OwnTag{1}, Outcome::Done);
    EXPECT_EQ(ask(OwnTag{2}), Question::Found);
    EXPECT_FALSE(founding.done());
    end(OwnTag{2}, Outcome::Done);
    EXPECT_TRUE(founding.done());
    EXPECT_EQ(ask(OwnTag{3}), std::nullopt);
}

TEST_F(FoundingTest, ItIsAskedByWhoLeadsAndByTheHomeOnceSomebodyCouldAnswer) {
    struct Case {
        const char* why;
        Founding::Seen seen;
        bool asks;
    };
    const Case cases[] = {
        {"nobody leads", {.led = false, .here = false, .ready = false, .home = true}, false},
        {"it leads", {.led = true, .here = true, .ready = true, .home = false}, true},
        {"it leads, at home", {.led = true, .here = true, .ready = true, .home = true}, true},
        {"it does not serve yet", {.led = true, .here = true, .ready = false, .home = true}, false},
        {"another leads", {.led = true, .here = false, .ready = true, .home = false}, false},
        {"it is the home", {.led = true, .here = false, .ready = false, .home = true}, true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Founding asked{weft::Log()};
        EXPECT_EQ(asked.deadline(), Instant::never()) << "nothing was seen";
        EXPECT_EQ(asked.next(kStart, c.seen).has_value(), c.asks);
    }
}

TEST_F(FoundingTest, ItIsDueAsLongAsSomebodyCouldAnswer) {
    ask(OwnTag{1});
    end(OwnTag{1}, Outcome::Unknown);
    const Instant again = kStart + std::chrono::seconds(1);
    EXPECT_EQ(founding.deadline(), again);
    EXPECT_EQ(founding.next(again, {}), std::nullopt);
    EXPECT_EQ(founding.deadline(), Instant::never()) << "nobody leads any more";
    EXPECT_EQ(founding.next(again, kReadyHere), Question::AreThere);
}

TEST_F(FoundingTest, WhatIsThereIsNotFoundedAgain) {
    ask(OwnTag{1});
    end(OwnTag{1}, Outcome::Done, true);
    EXPECT_TRUE(founding.done());
}

TEST_F(FoundingTest, ARejectedProposalIsNotRepeated) {
    ask(OwnTag{1});
    end(OwnTag{1}, Outcome::Rejected);
    EXPECT_EQ(ask(OwnTag{2}), Question::Found);
    end(OwnTag{2}, Outcome::Rejected);
    EXPECT_TRUE(founding.done());
}

// Perhaps it was done: so the question comes first again.
TEST_F(FoundingTest, WithoutAnAnswerItBeginsAgainAfterASecond) {
    ask(OwnTag{1});
    end(OwnTag{1}, Outcome::Done);
    ask(OwnTag{2});
    end(OwnTag{2}, Outcome::Unknown);
    EXPECT_EQ(ask(OwnTag{3}), std::nullopt);
    EXPECT_EQ(founding.deadline(), kStart + std::chrono::seconds(1));
    EXPECT_EQ(founding.next(founding.deadline(), kReadyHere), Question::AreThere);
    founding.asked(kStart + std::chrono::seconds(1), std::nullopt);
    EXPECT_EQ(founding.deadline(), kStart + std::chrono::seconds(2)) << "it could not be carried";
}

TEST_F(FoundingTest, CheckFindsAQuestionThatNobodyCarried) {
    founding.next(kStart, kReadyHere);
    EXPECT_EQ(weft::test::said_by([&] { founding.check(); }), "founding waits for 0");
}

}  // namespace
}  // namespace weft::node::test
