// When two nodes come to talk on a link (S18, S32).

#include "node/greeting.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;
using Answer = Greeting::Answer;

constexpr HelloToken kFirst{11};
constexpr HelloToken kSecond{12};

struct GreetingTest : testing::Test {
    GreetingTest() {
        greeting.on_up(kFirst);
        greeting.ask(now);
    }
    void pass(Duration time) { now = now + time; }

    Instant now = Instant{} + std::chrono::seconds(100);
    Greeting greeting;
};

TEST_F(GreetingTest, AHelloIsSaidAgainUntilItIsAnswered) {
    EXPECT_EQ(greeting.deadline(), now + milliseconds(200));
    pass(milliseconds(200));
    EXPECT_EQ(greeting.ask(now), kFirst);
    EXPECT_EQ(greeting.deadline(), now + milliseconds(200));
    greeting.check(true);
    EXPECT_EQ(greeting.on_answer(kFirst, Verdict::Sound), Answer::Taken);
    EXPECT_EQ(greeting.deadline(), Instant::never());
    greeting.check(true);
}

TEST_F(GreetingTest, MessagesPassWhenTheOtherHasAnsweredAndItsRowIsDurable) {
    EXPECT_FALSE(greeting.greet(now, true)) << "it has not answered";
    greeting.on_answer(kFirst, Verdict::Sound);
    EXPECT_FALSE(greeting.greet(now, false)) << "its row is under way";
    EXPECT_FALSE(greeting.greeted());
    pass(milliseconds(7));
    EXPECT_TRUE(greeting.greet(now, true));
    EXPECT_TRUE(greeting.greeted());
    EXPECT_EQ(greeting.greeted_at(), now);
    EXPECT_EQ(greeting.on_answer(kFirst, Verdict::Sound), Answer::Taken) << "said twice";
    EXPECT_FALSE(greeting.greet(now, true)) << "once";
    EXPECT_TRUE(greeting.greeted());
}

TEST_F(GreetingTest, AnAnswerCountsForTheHelloOfThisLinkAndProcess) {
    struct Case {
        const char* why;
        HelloToken token;
        Answer answer;
    };
    const Case cases[] = {{"of this one", kFirst, Answer::Taken},
                          {"late", kSecond, Answer::Late},
                          {"an older weft", HelloToken{}, Answer::Taken}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Greeting one;
        EXPECT_EQ(one.on_answer(c.token, Verdict::Sound), Answer::Late) << "there is no link";
        one.on_up(kFirst);
        EXPECT_EQ(one.on_answer(c.token, Verdict::Sound), c.answer);
        EXPECT_EQ(one.greet(now, true), c.answer == Answer::Taken);
    }
    EXPECT_TRUE(greeting.answers_us(kFirst));
    EXPECT_FALSE(greeting.answers_us(kSecond));
    EXPECT_FALSE(Greeting().answers_us(HelloToken{})) << "that names no hello";
}

TEST_F(GreetingTest, ItAllBeginsAgainWithAnotherLinkOrProcess) {
    greeting.on_answer(kFirst, Verdict::Sound);
    greeting.greet(now, true);
    greeting.on_asked(HelloToken{5});
    EXPECT_TRUE(greeting.on_new_boot(kSecond));
    EXPECT_EQ(greeting.take_question(true), std::nullopt) << "the former process asked";
    EXPECT_FALSE(greeting.greeted());
    EXPECT_EQ(greeting.ask(now), kSecond);
    EXPECT_EQ(greeting.on_answer(kFirst, Verdict::Sound), Answer::Late);
    greeting.on_answer(kSecond, Verdict::Sound);
    greeting.greet(now, true);
    EXPECT_TRUE(greeting.greeted());
    greeting.on_up(kFirst);
    EXPECT_FALSE(greeting.greeted()) << "another link, with nothing said of the end of the former";
    greeting.ask(now);
    greeting.on_down();
    EXPECT_FALSE(greeting.up());
    EXPECT_FALSE(greeting.greeted());
    EXPECT_EQ(greeting.deadline(), Instant::never());
    greeting.check(true);
    greeting.on_condemned();
    EXPECT_FALSE(greeting.up());
    EXPECT_FALSE(greeting.on_new_boot(kFirst)) << "there is nobody to ask";
    EXPECT_FALSE(greeting.up());
    greeting.check(true);
}

TEST_F(GreetingTest, AQuestionIsAnsweredOnceAndWhenItMayBe) {
    EXPECT_EQ(greeting.take_question(true), std::nullopt);
    greeting.on_asked(HelloToken{5});
    EXPECT_EQ(greeting.take_question(false), std::nullopt);
    greeting.on_down();
    EXPECT_EQ(greeting.take_question(true), std::nullopt);
    greeting.on_up(kSecond);
    EXPECT_EQ(greeting.take_question(true), HelloToken{5});
    EXPECT_EQ(greeting.take_question(true), std::nullopt);
}

TEST_F(GreetingTest, ARefusalIsNewsOnceAndMayEnd) {
    EXPECT_EQ(greeting.on_answer(kFirst, Verdict::LowerPosition), Answer::Refused);
    EXPECT_EQ(greeting.on_answer(kFirst, Verdict::LowerPosition), Answer::RefusedAgain);
    EXPECT_EQ(greeting.refuses_us(), Verdict::LowerPosition);
    EXPECT_FALSE(greeting.greet(now, true));
    EXPECT_NE(greeting.deadline(), Instant::never()) << "it is asked on";
    EXPECT_EQ(greeting.on_answer(kFirst, Verdict::Sound), Answer::Taken);
    EXPECT_EQ(greeting.refuses_us(), Verdict::Sound);
}

TEST_F(GreetingTest, CheckFindsALinkOnWhichNobodyAsks) {
    greeting.on_answer(kFirst, Verdict::Sound);
    greeting.on_condemned();
    EXPECT_FALSE(greeting.greet(now, true));
    greeting.check(false);
    EXPECT_EQ(weft::test::said_by([&] { greeting.check(true); }),
              "nobody asks a link for its hello");
}

TEST_F(GreetingTest, CheckFindsAHelloWithoutALink) {
    Greeting none;
    none.check(true);
    none.ask(now);
    EXPECT_EQ(weft::test::said_by([&] { none.check(true); }), "a hello is due in stage 0");
}

}  // namespace
}  // namespace weft::node::test
