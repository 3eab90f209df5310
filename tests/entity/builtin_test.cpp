// The built-in types alone: decisions and folds (include/weft/kv_payload.h).

#include "core/error.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "entity/type.h"
#include "weft/kv_payload.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::entity {
namespace {

using Change = Decision::Change;

std::uint16_t number(ErrorNumber n) { return static_cast<std::uint16_t>(n); }

std::string number_bytes(std::int64_t value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

TEST(TypeTable, FindsByName) {
    TypeTable types;
    types.add(make_kv());
    types.add(make_counter());
    ASSERT_NE(types.find("kv"), nullptr);
    EXPECT_EQ(types.find("kv")->info().kind, Kind::Value);
    EXPECT_EQ(types.find("counter")->info().kind, Kind::EventSourced);
    EXPECT_EQ(types.find("k"), nullptr);
    ASSERT_EQ(types.all().size(), 2U);
    EXPECT_EQ(types.all()[0]->info().name, "counter");
}

TEST(Kv, NamesItsCommands) {
    const auto kv = make_kv();
    EXPECT_EQ(kv->command("get"), Access::Read);
    EXPECT_EQ(kv->command("put"), Access::Write);
    EXPECT_EQ(kv->command("delete"), Access::Write);
    EXPECT_EQ(kv->command("cas"), Access::Write);
    EXPECT_EQ(kv->command("Put"), std::nullopt);
    EXPECT_EQ(kv->command(""), std::nullopt);
}

TEST(Kv, CasComparesKindByKind) {
    const auto kv = make_kv();
    const StateView absent;
    StateView present;
    present.exists = true;
    present.state = "v";
    present.revision = Revision{7};
    const kv::Expect none{kv::Expect::Kind::Absent, {}, {}};
    const kv::Expect at7{kv::Expect::Kind::AtRevision, Revision{7}, {}};
    const kv::Expect at0{kv::Expect::Kind::AtRevision, Revision{0}, {}};
    const kv::Expect v{kv::Expect::Kind::Value, {}, "v"};
    const kv::Expect empty{kv::Expect::Kind::Value, {}, ""};
    struct Case {
        const char* why;
        const StateView* state;
        const kv::Expect* expect;
        bool fits;
    };
    const Case cases[] = {
        {"absent as expected", &absent, &none, true},
        {"present, absent expected", &present, &none, false},
        {"the revision", &present, &at7, true},
        {"another revision", &present, &at0, false},
        {"an absent value has no revision, not even 0", &absent, &at0, false},
        {"the value", &present, &v, true},
        {"another value", &present, &empty, false},
        {"absent is not empty", &absent, &empty, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        const std::string payload = kv::cas_payload(*c.expect, "new");
        const Decision decision = kv->handle(*c.state, "cas", payload, {});
        EXPECT_EQ(decision.rejected, !c.fits);
        EXPECT_EQ(decision.change, c.fits ? Change::SetValue : Change::None);
        if (c.fits)
            EXPECT_EQ(decision.value.view(), "new");
        else
            EXPECT_EQ(decision.error.number, number(ErrorNumber::ValueConflict));
    }
}

TEST(Kv, DeleteOfNothingChangesNothing) {
    const auto kv = make_kv();
    EXPECT_EQ(kv->handle({}, "delete", "", {}).change, Change::None);
    EXPECT_FALSE(kv->handle({}, "delete", "", {}).rejected);
}

TEST(Kv, RefusesWhatDoesNotParse) {
    const auto kv = make_kv();
    for (const auto& [command, payload] :
         {std::pair{"get", "x"}, std::pair{"delete", "x"}, std::pair{"cas", "short"}})
        EXPECT_EQ(kv->handle({}, command, payload, {}).error.number,
                  number(ErrorNumber::BadPayload))
            << command;
    const std::string big =
        kv::cas_payload({kv::Expect::Kind::Absent, {}, {}}, std::string(kPayloadBytesMax + 1, 'x'));
    EXPECT_EQ(kv->handle({}, "cas", big, {}).error.number, number(ErrorNumber::PayloadTooLarge));
}

TEST(Counter, ReadsAndAddsDecimalText) {
    const auto counter = make_counter();
    EXPECT_EQ(counter->handle({}, "get", "", {}).reply.view(), "0");
    StateView state;
    state.exists = true;
    const std::string forty = number_bytes(40);
    state.state = forty;
    const Decision decision = counter->handle(state, "add", "-42", {});
    EXPECT_EQ(decision.reply.view(), "-2");
    ASSERT_EQ(decision.events.size(), 1U);
    EXPECT_EQ(decision.events[0].view(), number_bytes(-42));
    EXPECT_EQ(counter->apply(forty, decision.events[0].view()).value(), number_bytes(-2));
}

TEST(Counter, RefusesWhatIsNoNumber) {
    const auto counter = make_counter();
    for (const char* payload : {"", "x", "1x", " 1", "1 ", "+1", "1.5", "9223372036854775808"}) {
        SCOPED_TRACE(payload);
        const Decision decision = counter->handle({}, "add", payload, {});
        EXPECT_TRUE(decision.rejected);
        EXPECT_EQ(decision.error.number, number(ErrorNumber::BadPayload));
        EXPECT_EQ(decision.change, Change::None);
    }
}

TEST(Counter, StaysInItsRange) {
    const auto counter = make_counter();
    StateView state;
    state.exists = true;
    const std::string most = number_bytes(std::numeric_limits<std::int64_t>::max());
    state.state = most;
    EXPECT_EQ(counter->handle(state, "add", "1", {}).error.number,
              number(ErrorNumber::EntityRejected));
    EXPECT_FALSE(counter->handle(state, "add", "-1", {}).rejected);
}

TEST(Counter, DamagedStateAndEventsAreNotFolded) {
    const auto counter = make_counter();
    EXPECT_FALSE(counter->apply("short", number_bytes(1)).has_value());
    EXPECT_FALSE(counter->apply("", "short").has_value());
    EXPECT_FALSE(
        counter->apply(number_bytes(std::numeric_limits<std::int64_t>::min()), number_bytes(-1))
            .has_value());
}

// What the handler says is what the fold does.
RC_GTEST_PROP(Counter, ReplyIsTheFoldOfItsEvents, (const std::vector<std::int32_t>& amounts)) {
    const auto counter = make_counter();
    std::string state;
    std::int64_t sum = 0;
    for (const std::int32_t amount : amounts) {
        StateView view;
        view.exists = !state.empty();
        view.state = state;
        const Decision decision = counter->handle(view, "add", std::to_string(amount), {});
        RC_ASSERT(!decision.rejected);
        for (const Bytes& event : decision.events)
            state = counter->apply(state, event.view()).value();
        sum += amount;
        RC_ASSERT(decision.reply.view() == std::to_string(sum));
        RC_ASSERT(state == number_bytes(sum));
    }
}

}  // namespace
}  // namespace weft::entity
