// What a call must be to be begun; what a whole Caller makes of a refusal is in order_test.cpp.
#include "client/core/start_rule.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>

namespace weft::client {
namespace {

using enum ErrorNumber;

StartCall start_of(const std::string& command, std::size_t payload = 0) {
    StartCall start;
    start.call = 4;
    start.type = "kv";
    start.id = "x";
    start.command = command;
    start.payload = Bytes::copy_of(std::string(payload, 'p'));
    return start;
}
ErrorNumber refusal_of(const StartCall& start) {
    const auto wrong = judge_start(start);
    return wrong ? number_of(*wrong) : ErrorNumber{};
}

TEST(StartRule, TakesACallAtEveryBoundAndNoneBeyond) {
    EXPECT_EQ(refusal_of(start_of("c")), ErrorNumber{});
    EXPECT_EQ(refusal_of(start_of("")), UnknownCommand);
    EXPECT_EQ(refusal_of(start_of(std::string(kCommandNameBytesMax, 'c'))), ErrorNumber{});
    EXPECT_EQ(refusal_of(start_of(std::string(kCommandNameBytesMax + 1, 'c'))), UnknownCommand);
    EXPECT_EQ(refusal_of(start_of("c", kPayloadBytesMax)), ErrorNumber{});
    EXPECT_EQ(refusal_of(start_of("c", kPayloadBytesMax + 1)), PayloadTooLarge);
    StartCall nameless = start_of("c");
    nameless.id.clear();
    EXPECT_EQ(refusal_of(nameless), BadEntityId);
}

TEST(StartRule, AsksAboutAnIdThatIsOne) {
    StartCall start;
    start.kind = RequestKind::Resolve;
    EXPECT_EQ(refusal_of(start), BadPayload);
    start.request.emplace();
    EXPECT_EQ(refusal_of(start), BadPayload) << "of a call that never got one";
    start.request->seq = 1;
    EXPECT_EQ(refusal_of(start), ErrorNumber{}) << "the words of a command are not needed";
}

TEST(StartRule, TakesNoIdOfAnotherGroupOrMesh) {
    Request request;
    request.type = "kv";
    request.entity = "x";
    request.id.group = PartitionId{3};
    EXPECT_EQ(judge_given_id(request, PartitionId{3}, 3), std::nullopt);
    const auto other = judge_given_id(request, PartitionId{2}, 3);
    ASSERT_TRUE(other);
    EXPECT_EQ(number_of(*other), BadConfiguration);
    EXPECT_EQ(
        other->message,
        "the request id is of partition 3, and kv/x is in partition 2: it is of another entity");
    request.kind = RequestKind::Resolve;
    const auto beyond = judge_given_id(request, PartitionId{3}, 2);
    ASSERT_TRUE(beyond);
    EXPECT_EQ(number_of(*beyond), BadPayload);
    EXPECT_EQ(beyond->message,
              "the request id is of partition 3, and this mesh has partitions 0 to 2");
}

// Of a given id, earlier attempts are not known here: they may have run.
TEST(StartRule, EndsWhatIsNotBegunAsNotDoneUnlessItsIdWasGiven) {
    StartCall start = start_of("c");
    const CallEnded fresh = unstarted(start, make_error(QueueFull, "full"));
    EXPECT_EQ(fresh.call, 4U);
    EXPECT_EQ(fresh.reply.outcome, Outcome::NotDone);
    EXPECT_EQ(fresh.reply.id.seq, 0U);
    EXPECT_EQ(fresh.reply.error.message, "full");
    start.request.emplace().seq = 9;
    const CallEnded given = unstarted(start, make_error(QueueFull, "full"));
    EXPECT_EQ(given.reply.outcome, Outcome::Unknown);
    EXPECT_EQ(given.reply.id.seq, 9U);
}

}  // namespace
}  // namespace weft::client
