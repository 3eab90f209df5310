#pragma once
// A listener within given bounds, and connections to it.

#include "tests/transport/loopback.h"
#include "transport/sockets.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::transport {

inline const std::string& kGreeting = test::kReady;
inline const std::string kFrame = test::zmtp_frame("x");

class RouterLimit : public testing::Test {
protected:
    void listen(const RouterLimits& limits) {
        auto bound = Router::bind(address_, limits);
        ASSERT_TRUE(bound) << bound.error().message;
        router_.emplace(*std::move(bound));
    }
    using Tcp = std::unique_ptr<test::PlainTcp>;
    Tcp connect(const std::string& bytes) {
        auto tcp = std::make_unique<test::PlainTcp>(address_);
        EXPECT_TRUE(tcp->connected());
        EXPECT_EQ(tcp->send_some(bytes), bytes.size());
        return tcp;
    }
    // Looks until `done`, and keeps who sent the newest frame.
    template <class Done>
    bool look_until(Done done) {
        return test::eventually({{}, {router_->descriptor()}}, [&] {
            router_->begin_round();
            while (const auto got = router_->receive()) last_ = got->from;
            return done();
        });
    }
    // Sends one frame on a new connection; its name.
    ClientRef serve() {
        last_ = {};
        served_.push_back(connect(kGreeting + kFrame));
        EXPECT_TRUE(look_until([&] { return last_ != ClientRef{}; }));
        return last_;
    }
    bool alive(ClientRef name) { return router_->send(name, "x") == SendResult::Sent; }

    std::string address_ = test::free_address();
    std::optional<Router> router_;
    ClientRef last_;
    std::vector<Tcp> served_;
};

}  // namespace weft::transport
