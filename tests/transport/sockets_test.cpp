#include "transport/sockets.h"

#include "tests/transport/loopback.h"

#include <gtest/gtest.h>

namespace weft::transport {
namespace {

constexpr std::size_t kLimit = std::size_t{1} << 20;

class Sockets : public testing::Test {
protected:
    void SetUp() override {
        auto bound = Router::bind(address_, {kLimit});
        ASSERT_TRUE(bound) << bound.error().message;
        router_.emplace(*std::move(bound));
    }

    Dealer dealer() {
        auto made = Dealer::connect(context_, address_, kLimit);
        EXPECT_TRUE(made);
        return *std::move(made);
    }
    bool connected(Dealer& dealer) {
        return test::eventually(test::poll_set(dealer, router_->descriptor()), [&] {
            EXPECT_FALSE(router_->receive());
            for (const LinkEvent event : dealer.link_events())
                if (event == LinkEvent::Connected) return true;
            return false;
        });
    }
    // The next frame at the router.
    std::optional<std::pair<ClientRef, std::string>> arrival() {
        std::optional<std::pair<ClientRef, std::string>> out;
        test::eventually({{}, {router_->descriptor()}}, [&] {
            if (const auto got = router_->receive()) out = {got->from, std::string(got->frame)};
            return out.has_value();
        });
        return out;
    }
    std::string answer(Dealer& dealer) {
        std::string out;
        test::eventually({{dealer.handle()}, {}}, [&] {
            if (const auto got = dealer.receive()) out = *got;
            return !out.empty();
        });
        return out;
    }

    Context context_;
    std::string address_ = test::free_address();
    std::optional<Router> router_;
};

TEST_F(Sockets, CarryFramesBothWays) {
    Dealer dealer = this->dealer();
    ASSERT_TRUE(connected(dealer));
    ASSERT_TRUE(dealer.send("question"));
    const auto got = arrival();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->second, "question");
    EXPECT_EQ(router_->send(got->first, "answer"), SendResult::Sent);
    EXPECT_EQ(answer(dealer), "answer");
    EXPECT_FALSE(router_->receive());
    EXPECT_FALSE(dealer.receive());
}

TEST_F(Sockets, KeepConnectionsApart) {
    Dealer first = dealer(), second = dealer();
    ASSERT_TRUE(connected(first) && connected(second));
    ASSERT_TRUE(first.send("1"));
    const auto from_first = arrival();
    ASSERT_TRUE(second.send("2"));
    const auto from_second = arrival();
    ASSERT_TRUE(from_first && from_second);
    EXPECT_NE(from_first->first, from_second->first);
    EXPECT_EQ(router_->connections(), 2u);
    EXPECT_EQ(router_->send(from_second->first, "to 2"), SendResult::Sent);
    EXPECT_EQ(router_->send(from_first->first, "to 1"), SendResult::Sent);
    EXPECT_EQ(answer(first), "to 1");
    EXPECT_EQ(answer(second), "to 2");
}

// A reply to a connection that has ended must not reach its successor.
TEST_F(Sockets, AConnectionsNameIsNeverUsedAgain) {
    std::optional<Dealer> dealer(this->dealer());
    ASSERT_TRUE(connected(*dealer));
    ASSERT_TRUE(dealer->send("1"));
    const auto before = arrival();
    ASSERT_TRUE(before);
    dealer.emplace(this->dealer());
    ASSERT_TRUE(connected(*dealer));
    ASSERT_TRUE(dealer->send("2"));
    const auto after = arrival();
    ASSERT_TRUE(after);
    EXPECT_NE(before->first, after->first);
    EXPECT_TRUE(test::eventually(
        {}, [&] { return router_->send(before->first, "late") == SendResult::Gone; }));
    EXPECT_FALSE(dealer->receive());
}

TEST_F(Sockets, ADealerWithoutConnectionTakesNothing) {
    auto lonely = Dealer::connect(context_, test::free_address(), kLimit);
    ASSERT_TRUE(lonely);
    EXPECT_FALSE(lonely->send("into the void"));
}

TEST_F(Sockets, ADealerHearsThatNobodyListens) {
    auto lonely = Dealer::connect(context_, test::free_address(), kLimit);
    ASSERT_TRUE(lonely);
    EXPECT_TRUE(test::eventually(test::poll_set(*lonely), [&] {
        const auto events = lonely->link_events();
        return !events.empty() && events.front() == LinkEvent::Refused;
    }));
}

TEST_F(Sockets, ADealerHearsThatTheOtherEndIsGoneAndBack) {
    Dealer dealer = this->dealer();
    ASSERT_TRUE(connected(dealer));
    router_.reset();
    EXPECT_TRUE(test::eventually(test::poll_set(dealer), [&] {
        for (const LinkEvent event : dealer.link_events())
            if (event == LinkEvent::Disconnected) return true;
        return false;
    }));
    // What is sent while the end becomes known is lost; from then on nothing is taken.
    EXPECT_TRUE(test::eventually({}, [&] { return !dealer.send("lost"); }));
    EXPECT_TRUE(test::eventually({}, [&] {
        auto bound = Router::bind(address_, {kLimit});
        if (bound) router_.emplace(*std::move(bound));
        return bound.has_value();
    }));
    ASSERT_TRUE(connected(dealer));
    ASSERT_TRUE(dealer.send("again"));
    const auto got = arrival();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->second, "again");
}

// P-bounded: a receiver that does not read stops the sender, it does not fill its memory.
TEST_F(Sockets, AnUnreadConnectionGetsFull) {
    Dealer dealer = this->dealer();
    ASSERT_TRUE(connected(dealer));
    const std::string frame(kLimit, 'x');
    bool refused = false;
    for (int i = 0; i < 1000 && !refused; ++i) refused = !dealer.send(frame);
    EXPECT_TRUE(refused);
}

TEST_F(Sockets, ARouterReportsAFullConnection) {
    Dealer dealer = this->dealer();
    ASSERT_TRUE(connected(dealer));
    ASSERT_TRUE(dealer.send("hello"));
    const auto got = arrival();
    ASSERT_TRUE(got);
    const std::string frame(kLimit, 'x');
    SendResult result = SendResult::Sent;
    for (int i = 0; i < 1000 && result == SendResult::Sent; ++i)
        result = router_->send(got->first, frame);
    EXPECT_EQ(result, SendResult::Full);
}

TEST_F(Sockets, WaitEndsWhenADescriptorOrSocketIsReadable) {
    Dealer dealer = this->dealer();
    ASSERT_TRUE(connected(dealer));
    ASSERT_TRUE(dealer.send("x"));
    const auto begin = std::chrono::steady_clock::now();
    std::optional<Router::Received> got;
    while (!got && std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)) {
        wait_readable({{}, {router_->descriptor()}}, 5000);
        got = router_->receive();
    }
    EXPECT_TRUE(got);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
}

}  // namespace
}  // namespace weft::transport
