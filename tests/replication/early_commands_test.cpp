// Commands that wait for a new leader to serve.

#include "replication/partition/early_commands.h"

#include "core/error.h"
#include "tests/support/said_by.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::replication {
namespace {

class EarlyCommandsRule : public testing::Test {
protected:
    // Why it was refused, if it was.
    std::optional<ErrorNumber> add(std::uint64_t seq, std::size_t bytes,
                                   std::uint32_t deadline_ms = 0) {
        static const std::string text(1000, 'x');
        Submit submit;
        submit.request.id.seq = seq;
        submit.request.payload = std::string_view(text).substr(0, bytes);
        submit.request.deadline_ms = deadline_ms;
        const auto refused = early.add(submit, now, limits);
        early.check(true);
        if (!refused) return std::nullopt;
        return number_of(*refused);
    }
    void SetUp() override {
        limits.waiting_replies = 3;
        limits.mailbox_bytes = 100;
    }
    Instant now;
    PartitionLimits limits;
    EarlyCommands early;
};

TEST_F(EarlyCommandsRule, WaitInOrderUpToTheirBounds) {
    EXPECT_EQ(add(1, 100), std::nullopt);
    EXPECT_EQ(add(2, 1), ErrorNumber::QueueFull) << "bytes";
    EXPECT_EQ(add(3, 0), std::nullopt);
    EXPECT_EQ(add(4, 0), std::nullopt);
    EXPECT_EQ(add(5, 0), ErrorNumber::QueueFull) << "number";
    const auto waited = early.serve(now);
    ASSERT_EQ(waited.size(), 3u);
    EXPECT_EQ(waited[0].submit.request.id.seq, 1u);
    EXPECT_EQ(waited[1].submit.request.id.seq, 3u);
    EXPECT_EQ(waited[2].submit.request.id.seq, 4u);
    EXPECT_TRUE(early.empty());
    EXPECT_EQ(add(6, 100), std::nullopt) << "what was given back makes room";
}

TEST_F(EarlyCommandsRule, TheTimeTheyWaitCounts) {
    limits.waiting_replies = 4;
    add(1, 1, 50);
    add(2, 1, 51);
    add(3, 1);
    now = now + std::chrono::milliseconds(10);
    add(4, 1, 50);
    now = now + std::chrono::milliseconds(40);
    const auto waited = early.serve(now);
    ASSERT_EQ(waited.size(), 4u);
    EXPECT_EQ(waited[3].submit.request.deadline_ms, 10u) << "it came later";
    ASSERT_TRUE(waited[0].refused.has_value());
    EXPECT_EQ(number_of(*waited[0].refused), ErrorNumber::DeadlinePassed);
    EXPECT_FALSE(waited[1].refused.has_value());
    EXPECT_EQ(waited[1].submit.request.deadline_ms, 1u);
    EXPECT_FALSE(waited[2].refused.has_value());
    EXPECT_EQ(waited[2].submit.request.deadline_ms, 0u);
}

TEST_F(EarlyCommandsRule, AreAllRefusedWhenNothingIsServed) {
    add(1, 60, 50);
    add(2, 40);
    const auto refused = early.refuse();
    ASSERT_EQ(refused.size(), 2u);
    for (const Refused& item : refused) EXPECT_EQ(number_of(item.error), ErrorNumber::NoLeader);
    EXPECT_EQ(refused[1].id.seq, 2u);
    early.check(false);
    EXPECT_EQ(add(3, 100), std::nullopt) << "what was given back makes room";
}

TEST_F(EarlyCommandsRule, WaitForNothingElse) {
    early.check(false);
    add(1, 1);
    EXPECT_EQ(weft::test::said_by([&] { early.check(false); }), "1 commands wait for nothing");
}

}  // namespace
}  // namespace weft::replication
