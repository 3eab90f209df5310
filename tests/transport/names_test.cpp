#include "core/error.h"
#include "tests/transport/loopback.h"
#include "transport/sockets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

namespace weft::transport {
namespace {

constexpr std::size_t kLimit = std::size_t{1} << 20;
using Numbers = std::vector<std::string>;

// What the name server of a test says.
class NameServer {
public:
    void say(const std::string& name, Numbers numbers) {
        const std::lock_guard lock(mutex_);
        names_[name] = std::move(numbers);
    }
    // Answers nobody until it is let go.
    void hold(bool on) {
        const std::lock_guard lock(mutex_);
        held_ = on;
        changed_.notify_all();
    }
    void forget(const std::string& name) {
        const std::lock_guard lock(mutex_);
        names_.erase(name);
    }
    // Another address comes first each time.
    void turn() { turning_ = true; }
    int waiting() const { return waiting_; }
    int asked() const { return asked_; }
    Result<Numbers> answer(const std::string& name) {
        ++asked_;
        ++waiting_;
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !held_; });
        --waiting_;
        const auto found = names_.find(name);
        if (found == names_.end())
            return fail(ErrorNumber::BadConfiguration, "cannot resolve {}: nobody knows it", name);
        Numbers numbers = found->second;
        if (turning_) std::ranges::rotate(found->second, found->second.begin() + 1);
        return numbers;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Numbers> names_;
    bool held_ = false;
    std::atomic<bool> turning_ = false;
    std::atomic<int> waiting_ = 0, asked_ = 0;
};

// It may be asked for longer than the test lasts.
Resolver asking(std::shared_ptr<NameServer> server) {
    return [server = std::move(server)](const std::string& name) { return server->answer(name); };
}

class Names : public testing::Test {
protected:
    Names() { listen("127.0.0.1", first_); }
    ~Names() override { server_->hold(false); }
    void listen(const char* host, std::optional<Router>& router) {
        auto bound = Router::bind(fmt::format("{}:{}", host, port_), {kLimit});
        ASSERT_TRUE(bound) << bound.error().message;
        router.emplace(*std::move(bound));
    }
    Dealer dial(const char* name = "node") {
        auto made = Dealer::connect(context_, fmt::format("{}:{}", name, port_), kLimit);
        EXPECT_TRUE(made);
        return *std::move(made);
    }
    // True when `event` has come; every event before it is kept in heard_.
    bool hears(Dealer& dealer, LinkEvent event) {
        heard_.clear();
        return test::eventually(test::poll_set(dealer), [&] {
            // Connections are greeted as their owner looks at them.
            for (auto* router : {&first_, &second_})
                if (*router) (*router)->receive();
            for (const LinkEvent each : dealer.link_events()) {
                if (each == event) return true;
                heard_.push_back(each);
            }
            return false;
        });
    }
    static bool arrives(Dealer& dealer, Router& router) {
        if (!dealer.send("here")) return false;
        return test::eventually({{}, {router.descriptor()}}, [&] {
            const auto got = router.receive();
            return got && got->frame == "here";
        });
    }
    std::string at(const char* host) const { return fmt::format("{}:{}", host, port_); }

    std::shared_ptr<NameServer> server_ = std::make_shared<NameServer>();
    Context context_ = Context(asking(server_));
    std::uint16_t port_ = test::free_port();
    std::optional<Router> first_, second_;  // at 127.0.0.1 and .2
    std::vector<LinkEvent> heard_;
};

TEST_F(Names, LeadToWhatTheyStandFor) {
    server_->say("node", {"127.0.0.1"});
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    EXPECT_EQ(dealer.address(), at("node"));
    EXPECT_EQ(dealer.target(), at("127.0.0.1"));
    EXPECT_EQ(dealer.unresolved(), "");
    EXPECT_TRUE(arrives(dealer, *first_));
    EXPECT_EQ(server_->asked(), 1);
}

TEST_F(Names, OfSeveralAddressesEachGetsItsTurn) {
    server_->say("node", {"127.0.0.3", "10.0.0.1", "127.0.0.2", "127.0.0.1"});
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    EXPECT_EQ(dealer.target(), at("127.0.0.1"));
    // It is refused when the last of them has refused.
    EXPECT_TRUE(heard_.empty());
    server_->say("node", {"127.0.0.3", "127.0.0.2"});
    first_.reset();
    ASSERT_TRUE(hears(dealer, LinkEvent::Refused));
    listen("127.0.0.2", second_);
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    EXPECT_EQ(dealer.target(), at("127.0.0.2"));
}

TEST_F(Names, AllAddressesAreTriedAndThenNoneForAWhile) {
    first_.reset();
    server_->say("node", {"127.0.0.3", "127.0.0.4", "127.0.0.5"});
    server_->turn();
    Dealer dealer = dial();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(hears(dealer, LinkEvent::Refused));
    const int asked = server_->asked();
    EXPECT_LE(asked, 12);
    test::eventually(
        test::poll_set(dealer),
        [&] {
            dealer.link_events();
            return false;
        },
        std::chrono::milliseconds(300));
    EXPECT_LE(server_->asked(), asked + 4);
}

TEST_F(Names, AnAddressThatOnlyTakesConnectionsDoesNotKeepTheNextFromItsTurn) {
    server_->say("node", {"127.0.0.2", "127.0.0.1"});
    const test::OneWordServer rude(at("127.0.0.2"), "");
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    EXPECT_EQ(dealer.target(), at("127.0.0.1"));
}

// libzmq gives up for good on one that speaks another mechanism.
TEST_F(Names, AnotherProgramAtTheAddressDoesNotKeepANodeFromBeingFound) {
    server_->say("node", {"127.0.0.2"});
    std::string greeting = test::kReady.substr(0, 64);
    greeting.replace(12, 5, std::string_view("PLAIN"));
    const test::OneWordServer other(at("127.0.0.2"), greeting);
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Refused));
    server_->say("node", {"127.0.0.1"});
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
}

TEST_F(Names, WhereADealerWasConnectedTheNextOneTriesWhileNobodyCanTell) {
    server_->say("node", {"127.0.0.1"});
    std::optional<Dealer> before(dial());
    ASSERT_TRUE(hears(*before, LinkEvent::Connected));
    EXPECT_EQ(before->reached(), at("127.0.0.1"));
    before.reset();
    server_->forget("node");
    Dealer unknown = dial();
    ASSERT_TRUE(hears(unknown, LinkEvent::Connected));
    EXPECT_EQ(unknown.unresolved(), "");
    server_->hold(true);
    Dealer silent = dial();
    EXPECT_EQ(silent.reached(), "");
    ASSERT_TRUE(hears(silent, LinkEvent::Connected));
    EXPECT_EQ(silent.reached(), at("127.0.0.1"));
}

TEST_F(Names, ANodeThatHasMovedIsFound) {
    server_->say("node", {"127.0.0.1"});
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    server_->say("node", {"127.0.0.2"});
    listen("127.0.0.2", second_);
    // As long as it is where it was nobody asks.
    EXPECT_TRUE(arrives(dealer, *first_));
    EXPECT_EQ(server_->asked(), 1);
    first_.reset();
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    EXPECT_EQ(heard_.front(), LinkEvent::Disconnected);
    EXPECT_EQ(dealer.target(), at("127.0.0.2"));
    EXPECT_TRUE(arrives(dealer, *second_));
}

// Whoever listens there now: a connection that has ended is reason enough to ask.
TEST_F(Names, ANodeThatHasMovedIsFoundWhereItsOldAddressStillAnswers) {
    server_->say("node", {"127.0.0.1"});
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    std::optional<ClientRef> connection;
    ASSERT_TRUE(dealer.send("here") && test::eventually({{}, {first_->descriptor()}}, [&] {
                    if (const auto got = first_->receive()) connection = got->from;
                    return connection.has_value();
                }));
    server_->say("node", {"127.0.0.2"});
    listen("127.0.0.2", second_);
    first_->cut(*connection);
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    EXPECT_EQ(dealer.target(), at("127.0.0.2"));
    EXPECT_TRUE(arrives(dealer, *second_));
}

TEST_F(Names, NoConnectionIsGivenUpForALateAnswer) {
    server_->say("node", {"127.0.0.1"});
    first_.reset();
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Refused));
    server_->hold(true);
    ASSERT_TRUE(test::eventually(test::poll_set(dealer), [&] {
        dealer.link_events();
        return server_->waiting() == 1;
    }));
    listen("127.0.0.1", first_);
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    server_->say("node", {"127.0.0.2"});
    server_->hold(false);
    ASSERT_TRUE(test::eventually({}, [&] { return server_->waiting() == 0; }));
    EXPECT_FALSE(test::eventually(
        test::poll_set(dealer), [&] { return !dealer.link_events().empty(); },
        std::chrono::milliseconds(50)));
    EXPECT_EQ(dealer.target(), at("127.0.0.1"));
    EXPECT_TRUE(arrives(dealer, *first_));
}

TEST_F(Names, WhatNobodyKnowsIsAskedAgain) {
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Refused));
    EXPECT_EQ(dealer.unresolved(), "cannot resolve node: nobody knows it");
    EXPECT_EQ(dealer.target(), "");
    server_->say("node", {"127.0.0.1"});
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    EXPECT_EQ(dealer.unresolved(), "");
}

TEST_F(Names, NothingBeyondLoopbackIsConnectedTo) {
    server_->say("node", {"10.0.0.1"});
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Refused));
    EXPECT_EQ(dealer.unresolved(),
              "node is 10.0.0.1, which is not a loopback address; beyond "
              "loopback nothing runs without keys");
    EXPECT_EQ(dealer.target(), "");
    server_->say("node", {"127.0.0.1"});
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
}

TEST_F(Names, WhileNobodyCanTellTheLastKnownStays) {
    server_->say("node", {"127.0.0.1"});
    Dealer dealer = dial();
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    server_->say("node", {"10.0.0.1"});
    first_.reset();
    ASSERT_TRUE(hears(dealer, LinkEvent::Refused));
    ASSERT_TRUE(test::eventually(test::poll_set(dealer), [&] {
        dealer.link_events();
        return !dealer.unresolved().empty();
    }));
    EXPECT_EQ(dealer.target(), at("127.0.0.1"));
    listen("127.0.0.1", first_);
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
    EXPECT_EQ(dealer.target(), at("127.0.0.1"));
    EXPECT_TRUE(arrives(dealer, *first_));
}

TEST_F(Names, ASilentNameServerStopsNobody) {
    server_->say("node", {"127.0.0.1"});
    server_->hold(true);
    std::optional<Dealer> left(dial());
    Dealer dealer = dial();
    ASSERT_TRUE(test::eventually({}, [&] { return server_->waiting() == 2; }));
    EXPECT_TRUE(dealer.link_events().empty());
    EXPECT_FALSE(dealer.send("into the void"));
    left.reset();
    server_->hold(false);
    ASSERT_TRUE(hears(dealer, LinkEvent::Connected));
}

TEST_F(Names, SoManyAreAskedForAtATime) {
    server_->say("node", {"127.0.0.1"});
    server_->hold(true);
    std::vector<Dealer> dealers;
    for (int i = 0; i < 64; ++i) dealers.push_back(dial());
    ASSERT_TRUE(test::eventually({}, [&] { return server_->waiting() == 64; }));
    Dealer last = dial();
    ASSERT_TRUE(hears(last, LinkEvent::Refused));
    EXPECT_EQ(last.unresolved(), "64 names are being resolved");
    EXPECT_EQ(server_->waiting(), 64);
    server_->hold(false);
    ASSERT_TRUE(hears(last, LinkEvent::Connected));
}

}  // namespace
}  // namespace weft::transport
