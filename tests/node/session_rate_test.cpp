// How fast one connection may begin sessions (docs/adr/0007).

#include "node/session_rate.h"

#include "core/error.h"
#include "lab.h"

#include <gtest/gtest.h>

namespace weft::node::test {
namespace {

using replication::SessionName;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kBegin{1'000'000'000};

SessionName session(std::int64_t number) { return {number, ClientId{}}; }

// How many of `count` new sessions get through at once.
int admitted(SessionRate& rate, ClientRef from, Instant now, int count) {
    static std::int64_t last = 0;
    int passed = 0;
    for (int i = 0; i < count; ++i) passed += rate.admit(from, session(++last), now) ? 0 : 1;
    return passed;
}

TEST(SessionRate, AConnectionBeginsTwoHundredAtOnceAndAHundredASecond) {
    SessionRate rate;
    EXPECT_EQ(admitted(rate, ClientRef{1}, kBegin, 1000), 200);
    EXPECT_EQ(admitted(rate, ClientRef{1}, kBegin + seconds(1), 1000), 100);
    EXPECT_EQ(admitted(rate, ClientRef{1}, kBegin + seconds(1) + milliseconds(25), 1000), 2);
    EXPECT_EQ(admitted(rate, ClientRef{1}, kBegin + seconds(1) + milliseconds(30), 1000), 1);
    EXPECT_EQ(admitted(rate, ClientRef{1}, kBegin + seconds(3600), 1000), 200);
}

TEST(SessionRate, AnotherConnectionHasARateOfItsOwn) {
    SessionRate rate;
    EXPECT_EQ(admitted(rate, ClientRef{1}, kBegin, 1000), 200);
    EXPECT_EQ(admitted(rate, ClientRef{2}, kBegin, 1000), 200);
}

TEST(SessionRate, SessionsInUseCostNothing) {
    SessionRate rate;
    for (int round = 0; round < 1000; ++round)
        for (std::int64_t old = -4; old < 0; ++old)
            EXPECT_FALSE(rate.admit(ClientRef{1}, session(old), kBegin));
    EXPECT_EQ(admitted(rate, ClientRef{1}, kBegin, 1000), 196);
    for (std::int64_t old = -4; old < 0; ++old)
        EXPECT_EQ(rate.admit(ClientRef{1}, session(old), kBegin).value_or(Error{}).number,
                  std::uint16_t(ErrorNumber::SessionsTooFast))
            << "pushed out by newer ones";
}

TEST(SessionRate, ForgetsConnectionsThatAreIdle) {
    SessionRate rate;
    for (std::uint64_t i = 1; i <= 100'000; ++i)
        EXPECT_EQ(admitted(rate, ClientRef{i}, kBegin + milliseconds(i), 1), 1);
    EXPECT_LE(rate.size(), 1024U);
    EXPECT_EQ(admitted(rate, ClientRef{100'000}, kBegin + milliseconds(100'000), 1000), 199);
    rate.forget(ClientRef{100'000});
    EXPECT_EQ(admitted(rate, ClientRef{100'000}, kBegin + milliseconds(100'000), 1000), 200);
}

class SessionFlood : public ::testing::Test {
protected:
    Lab lab;
    std::size_t at = 0;
    void SetUp() override {
        lab.start();
        ASSERT_TRUE(lab.run_until_ready());
        lab.run_for(milliseconds(250));
        at = *lab.leader_of(lab.group_of("kv", "a"));
        for (std::size_t i = 0; i < lab.size(); ++i) lab[i].answers.clear();
    }
    // 300 commands of 300 sessions over one connection; returns how many were refused for that.
    std::size_t flood(std::string_view command, std::string_view payload) {
        for (std::uint8_t i = 0; i < 150; ++i) {
            for (const std::uint8_t side : {std::uint8_t{1}, std::uint8_t{2}}) {
                Request request = lab.request("kv", "a", command, payload);
                request.id.client.bytes[14] = i;
                request.id.client.bytes[15] = side;
                lab[at].event(FromClient{ClientRef{5}, std::move(request)});
            }
        }
        lab.run_for(milliseconds(5));
        std::size_t refused = 0;
        for (const auto& answer : lab[at].answers) {
            const Reply& reply = std::get<Reply>(answer);
            if (reply.outcome == Outcome::Done) continue;
            EXPECT_EQ(reply.outcome, Outcome::NotDone);
            EXPECT_EQ(reply.error.number, static_cast<int>(ErrorNumber::SessionsTooFast));
            EXPECT_TRUE(reply.error.is_retryable());
            ++refused;
        }
        EXPECT_EQ(lab[at].answers.size(), 300U);
        lab[at].answers.clear();
        return refused;
    }
};

TEST_F(SessionFlood, IsRefusedBeyondTheRateAndNobodyElseIs) {
    EXPECT_EQ(flood("put", "x"), 100U);
    lab[at].event(FromClient{ClientRef{6}, lab.request("kv", "a", "put", "y")});
    lab.run_for(milliseconds(5));
    ASSERT_EQ(lab[at].answers.size(), 1U);
    EXPECT_EQ(std::get<Reply>(lab[at].answers[0]).outcome, Outcome::Done);
}

// They leave no session behind.
TEST_F(SessionFlood, OfReadsIsServed) { EXPECT_EQ(flood("get", ""), 0U); }

TEST_F(SessionFlood, OfAConnectionThatIsGoneIsForgotten) {
    EXPECT_EQ(flood("put", "x"), 100U);
    lab[at].event(ClientGone{ClientRef{5}});
    EXPECT_EQ(flood("put", "x"), 100U);
}

}  // namespace
}  // namespace weft::node::test
