// What of a request is refused before anything is written.

#include "replication/partition/admission.h"

#include "core/error.h"
#include "entity/builtin/kv.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace weft::replication {
namespace {

Request put() {
    Request request;
    request.type = "kv";
    request.entity = "a";
    request.command = "put";
    request.payload = "value";
    request.id.seq = 7;
    return request;
}

TEST(Admission, FindsTypeAndCommandOrSaysWhatIsWrong) {
    entity::TypeTable types;
    types.add(entity::make_kv());
    const auto target = find_target(put(), types);
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->type, types.find("kv"));
    EXPECT_EQ(target->access, entity::Access::Write);
    const std::string long_id(kIdBytesMax + 1, 'x');
    const std::string large(kPayloadBytesMax + 1, 'x');
    struct Case {
        const char* why;
        void (*change)(Request&, std::string_view long_id, std::string_view large);
        ErrorNumber number;
    };
    const Case cases[] = {
        {"no type", [](Request& r, auto, auto) { r.type = ""; }, ErrorNumber::BadEntityId},
        {"no id", [](Request& r, auto, auto) { r.entity = ""; }, ErrorNumber::BadEntityId},
        {"a long id", [](Request& r, auto id, auto) { r.entity = id; }, ErrorNumber::BadEntityId},
        {"a NUL", [](Request& r, auto, auto) { r.entity = std::string_view("a\0b", 3); },
         ErrorNumber::BadEntityId},
        {"an unknown type", [](Request& r, auto, auto) { r.type = "none"; },
         ErrorNumber::UnknownEntityType},
        {"an unknown command", [](Request& r, auto, auto) { r.command = "none"; },
         ErrorNumber::UnknownCommand},
        {"a large payload", [](Request& r, auto, auto bytes) { r.payload = bytes; },
         ErrorNumber::PayloadTooLarge},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Request request = put();
        c.change(request, long_id, large);
        const auto found = find_target(request, types);
        ASSERT_FALSE(found.has_value());
        EXPECT_EQ(ErrorNumber{found.error().number}, c.number);
    }
}

TEST(Admission, HoldsReadsAndCommandsToBoundsOfTheirOwn) {
    PartitionLimits limits;
    limits.waiting_reads = 2;
    limits.waiting_read_bytes = 100;
    limits.waiting_replies = 3;
    using enum entity::Access;
    EXPECT_FALSE(no_room(Read, {.reads = 1, .read_bytes = 99, .commands = 9}, limits));
    EXPECT_TRUE(no_room(Read, {.reads = 2, .read_bytes = 0, .commands = 0}, limits));
    EXPECT_TRUE(no_room(Read, {.reads = 0, .read_bytes = 100, .commands = 0}, limits));
    EXPECT_FALSE(no_room(Write, {.reads = 9, .read_bytes = 999, .commands = 2}, limits));
    EXPECT_TRUE(no_room(Write, {.reads = 0, .read_bytes = 0, .commands = 3}, limits));
}

TEST(Admission, RunsNoRequestThatMayHaveEndedProcesses) {
    Request request = put();
    EXPECT_FALSE(crash_refusal(request, {}));
    const std::vector<RequestId> crashed{request.id};
    EXPECT_EQ(ErrorNumber{crash_refusal(request, crashed).value().number},
              ErrorNumber::HandlerCrashed);
    request.leaders_lost = kLeadersLostMax;
    EXPECT_EQ(ErrorNumber{crash_refusal(request, {}).value().number}, ErrorNumber::Poisoned);
    request.forced = true;
    EXPECT_FALSE(crash_refusal(request, {}));
}

TEST(Admission, SaysUnknownWhereTheCommandMayHaveRun) {
    for (const auto verdict : {Verdict::Run, Verdict::Known}) EXPECT_FALSE(refusal_of(verdict));
    for (const auto verdict : {Verdict::Settled, Verdict::Expired})
        EXPECT_EQ(refusal_of(verdict).value().outcome, Outcome::Unknown);
    for (const auto verdict : {Verdict::Join, Verdict::ClockAhead, Verdict::Reused,
                               Verdict::WindowFull, Verdict::PartitionFull})
        EXPECT_EQ(refusal_of(verdict).value().outcome, Outcome::NotDone);
}

TEST(Admission, OfWhatHasWaitedForItsEntityIsAskedAgain) {
    const auto kv = entity::make_kv();
    entity::Host host;
    entity::Entity& entity = host.obtain({1, "kv", "a"}, Instant{});
    host.loaded(entity, {}, entity::Kind::EventSourced);
    const Instant now;
    const Instant later = now + std::chrono::milliseconds(1);
    EXPECT_EQ(cannot_meet(*kv, entity, later, now), std::nullopt) << "what is not has no kind";
    EXPECT_EQ(number_of(*cannot_meet(*kv, entity, now, now)), ErrorNumber::DeadlinePassed);
    entity.committed.standing = {Revision{1}, Version{1}, Generation{1}};
    EXPECT_EQ(number_of(*cannot_meet(*kv, entity, later, now)), ErrorNumber::DataDamaged);
    entity.kind = entity::Kind::Value;
    EXPECT_EQ(cannot_meet(*kv, entity, later, now), std::nullopt);
}

}  // namespace
}  // namespace weft::replication
