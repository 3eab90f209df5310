// Requests that may be what ends processes: the crash slot, HandlerCrashed, Poisoned.

#include "core/error.h"
#include "partition_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

class TestSlot final : public CrashSlot {
public:
    void enter(const Request& request) override {
        EXPECT_FALSE(running) << "nested";
        running = request.id;
        ++entered;
    }
    void leave() override { running.reset(); }

    std::optional<RequestId> running;
    int entered = 0;
};

// Notes what stands in the slot whenever its code runs; its events fold to anything.
class Watching final : public entity::EntityType {
public:
    Watching(const TestSlot& slot, std::vector<std::optional<RequestId>>& seen)
        : slot_(slot), seen_(seen) {}
    const entity::TypeInfo& info() const override { return info_; }
    std::optional<entity::Access> command(std::string_view name) const override {
        return name == "look" ? entity::Access::Read : entity::Access::Write;
    }
    entity::Decision handle(const entity::StateView&, std::string_view command,
                            std::string_view payload, const entity::Context&) const override {
        seen_.push_back(slot_.running);
        entity::Decision decision;
        if (command == "look") return decision;
        decision.change = entity::Decision::Change::Events;
        decision.events.push_back(entity::borrowed(payload));
        return decision;
    }
    Result<std::string> apply(std::string_view, std::string_view event) const override {
        seen_.push_back(slot_.running);
        return std::string(event);
    }

private:
    entity::TypeInfo info_{.name = "watching", .kind = entity::Kind::EventSourced};
    const TestSlot& slot_;
    std::vector<std::optional<RequestId>>& seen_;
};

std::uint16_t wire_number(ErrorNumber n) { return static_cast<std::uint16_t>(n); }

TEST(CrashSlot, HoldsTheRequestWhileItsHandlerRunsAndAtNoOtherTime) {
    TestSlot slot;
    std::vector<std::optional<RequestId>> seen;
    PartitionLab::Options options;
    options.crash_slot = &slot;
    PartitionLab lab(options);
    lab.types().add(std::make_unique<Watching>(slot, seen));
    lab.lead();
    const Request write = lab.request("watching", "w", "do", "event");
    EXPECT_EQ(lab.call(0, write).outcome, Outcome::Done);
    ASSERT_EQ(seen.size(), 2U);  // the decision, and the fold of its event
    EXPECT_EQ(seen[0], write.id);
    EXPECT_EQ(seen[1], write.id);
    EXPECT_FALSE(slot.running);
    const Request read = lab.request("watching", "w", "look", "");
    EXPECT_EQ(lab.call(0, read).outcome, Outcome::Done);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[2], read.id);
    EXPECT_FALSE(slot.running);
    // A repeat runs no handler.
    lab.call(0, write);
    EXPECT_EQ(slot.entered, 2);
}

TEST(HandlerCrashed, RequestDoesNotRunAgainOnTheNodeThatDied) {
    for (const std::string command : {"add", "get"}) {
        SCOPED_TRACE(command);
        PartitionLab lab;
        lab.lead();
        lab.options().auto_persist = false;
        const Request fatal = lab.request("counter", "c", command, command == "add" ? "5" : "");
        lab.send(0, fatal);
        lab.crash(0);
        lab.options().auto_persist = true;
        lab.crashed = {fatal.id};
        lab.boot(0);
        lab.lead();
        const LogIndex last = lab.at(0).replica().last_index();
        const Reply reply = lab.call(0, fatal);
        EXPECT_EQ(reply.outcome, Outcome::Unknown);
        EXPECT_EQ(reply.error.number, wire_number(ErrorNumber::HandlerCrashed));
        EXPECT_FALSE(reply.error.is_retryable());
        EXPECT_EQ(lab.at(0).replica().last_index(), last);
        // Nobody else suffers for it.
        EXPECT_EQ(lab.call(0, "counter", "c", "add", "2").payload.view(), "2");
    }
}

TEST(HandlerCrashed, RequestThatAnotherNodeRanGetsItsOutcome) {
    PartitionLab::Options options;
    options.count = 3;
    PartitionLab lab(options);
    const std::size_t first = lab.lead();
    const Request add = lab.request("counter", "c", "add", "5");
    lab.crash(first);
    const std::size_t second = lab.lead();
    ASSERT_NE(second, SIZE_MAX);
    EXPECT_EQ(lab.call(second, add).payload.view(), "5");
    lab.crashed = {add.id};
    lab.boot(first);
    lab.run(std::chrono::seconds(1));
    lab.step(second, TransferLeadership{PartitionLab::node(first)});
    lab.settle();
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.lead(), first);
    EXPECT_EQ(lab.call(first, add).payload.view(), "5");
}

TEST(Poisoned, RequestIsRefusedFromTwoLostLeadersOnAndNeverCalledNotDone) {
    struct Case {
        const char* why;
        std::uint8_t lost;
        bool forced, runs;
    };
    const Case cases[] = {
        {"nobody died", 0, false, true},
        {"one may have died of anything", 1, false, true},
        {"two in a row", 2, false, false},
        {"more than can be counted", 255, false, false},
        {"two, but the caller insists", 2, true, true},
    };
    for (const auto& c : cases) {
        for (const std::string command : {"add", "get"}) {
            SCOPED_TRACE(c.why + (": " + command));
            PartitionLab lab;
            lab.lead();
            const LogIndex last = lab.at(0).replica().last_index();
            Request request = lab.request("counter", "c", command, command == "add" ? "5" : "");
            request.leaders_lost = c.lost;
            request.forced = c.forced;
            const Reply reply = lab.call(0, request);
            if (c.runs) {
                EXPECT_EQ(reply.outcome, Outcome::Done);
                continue;
            }
            EXPECT_EQ(reply.outcome, Outcome::Unknown);
            EXPECT_EQ(reply.error.number, wire_number(ErrorNumber::Poisoned));
            EXPECT_EQ(lab.at(0).replica().last_index(), last);
        }
    }
}

// P-once: the remembered outcome is told, however many leaders died after it was reached.
TEST(Poisoned, RequestThatRanBeforeGetsItsOutcome) {
    PartitionLab lab;
    lab.lead();
    Request request = lab.request("counter", "c", "add", "5");
    const Reply first = lab.call(0, request);
    request.leaders_lost = 2;
    const Reply again = lab.call(0, request);
    EXPECT_EQ(again.outcome, Outcome::Done);
    EXPECT_EQ(again.index, first.index);
}

TEST(Poisoned, RequestCanBeSettledByAskingItsOutcome) {
    PartitionLab lab;
    lab.lead();
    Request request = lab.request("counter", "c", "add", "5");
    request.leaders_lost = 2;
    ASSERT_EQ(lab.call(0, request).outcome, Outcome::Unknown);
    Request resolve = request;
    resolve.kind = RequestKind::Resolve;
    EXPECT_EQ(lab.call(0, resolve).outcome, Outcome::NotDone);
    request.forced = true;
    EXPECT_EQ(lab.call(0, request).outcome, Outcome::NotDone);
    EXPECT_EQ(lab.call(0, "counter", "c", "get").payload.view(), "0");
}

}  // namespace
}  // namespace weft::replication::test
