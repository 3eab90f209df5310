// A handler meets its entity, and what it decided is held to what an entry can say.

#include "replication/partition/execute.h"

#include "core/error.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace weft::replication {
namespace {

// Answers each command with one decision, and accepts no event that says "bad".
class Scripted : public entity::EntityType {
public:
    explicit Scripted(entity::Kind kind) { info_.kind = kind; }
    const entity::TypeInfo& info() const override { return info_; }
    std::optional<entity::Access> command(std::string_view) const override {
        return entity::Access::Write;
    }
    entity::Decision handle(const entity::StateView&, std::string_view, std::string_view,
                            const entity::Context&) const override {
        return decision;
    }
    Result<std::string> apply(std::string_view state, std::string_view event) const override {
        if (event == "bad") return fail(ErrorNumber::DataDamaged, "it says bad");
        return std::string(state) + std::string(event);
    }
    entity::Decision decision;

private:
    entity::TypeInfo info_{.name = "scripted"};
};

class Execute : public testing::Test {
protected:
    Execution meets(const entity::EntityType& type) {
        entity::Entity& entity = host.obtain({1, "scripted", "a"}, Instant{});
        if (!entity.loaded) host.loaded(entity, {}, type.info().kind);
        return {.type = type,
                .entity = entity,
                .request = request,
                .context = {.stamp_ms = 5, .index = LogIndex{9}},
                .crash_slot = nullptr};
    }
    entity::Host host;
    Request request;
    Scripted value{entity::Kind::Value};
    Scripted events{entity::Kind::EventSourced};
};

TEST_F(Execute, AWriteDraftsWhatItDecided) {
    value.decision.change = entity::Decision::Change::SetValue;
    value.decision.value = Bytes::copy_of("v");
    const Executed done = execute_write(meets(value), host);
    EXPECT_FALSE(done.decision.rejected);
    ASSERT_NE(done.next, nullptr);
    EXPECT_EQ(done.next->image.state, "v");
    EXPECT_EQ(done.next->image.standing.generation, Generation{9});
}

TEST_F(Execute, AWriteThatChangesNothingDraftsNothing) {
    value.decision.reply = Bytes::copy_of("same");
    const Executed done = execute_write(meets(value), host);
    EXPECT_EQ(done.next, nullptr);
    EXPECT_EQ(done.decision.reply.view(), "same");
}

TEST_F(Execute, AReadDecidesNoChange) {
    value.decision.reply = Bytes::copy_of("reply");
    EXPECT_EQ(execute_read(meets(value)).reply.view(), "reply");
    value.decision.change = entity::Decision::Change::Delete;
    const entity::Decision refused = execute_read(meets(value));
    EXPECT_TRUE(refused.rejected);
    EXPECT_EQ(number_of(refused.error), ErrorNumber::Bug);
    EXPECT_EQ(refused.change, entity::Decision::Change::None);
}

TEST_F(Execute, EventsThatTheirTypeDoesNotAcceptAreRejected) {
    events.decision.change = entity::Decision::Change::Events;
    events.decision.events = {Bytes::copy_of("good"), Bytes::copy_of("bad")};
    const Executed done = execute_write(meets(events), host);
    EXPECT_EQ(done.next, nullptr);
    EXPECT_TRUE(done.decision.rejected);
    EXPECT_EQ(done.decision.error.message, "the type does not accept its own event: it says bad");
}

// Value and reply may be 1 MiB each; an entry of both has a head, too.
TEST_F(Execute, WhatDoesNotFitIntoAnEntryIsRejected) {
    const std::string most(kPayloadBytesMax, 'x');
    value.decision.change = entity::Decision::Change::SetValue;
    value.decision.value = Bytes::copy_of(most);
    value.decision.reply = Bytes::copy_of(std::string_view(most).substr(kEntryOverheadBytes));
    EXPECT_NE(execute_write(meets(value), host).next, nullptr);
    value.decision.reply = Bytes::copy_of(std::string_view(most).substr(kEntryOverheadBytes - 1));
    const Executed done = execute_write(meets(value), host);
    EXPECT_EQ(done.next, nullptr);
    EXPECT_EQ(number_of(done.decision.error), ErrorNumber::PayloadTooLarge);
}

}  // namespace
}  // namespace weft::replication
