// One partition with one voter: commands and sessions. Three of them are in
// partition_cluster_test.cpp.

#include "replication/partition/partition.h"

#include "core/error.h"
#include "partition_lab.h"
#include "replication/partition/sessions.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

using kv::Expect;

std::uint16_t number(ErrorNumber n) { return static_cast<std::uint16_t>(n); }

TEST(Partition, PutIsReadBack) {
    PartitionLab lab;
    lab.lead();
    const Reply put = lab.put("a", "one");
    EXPECT_EQ(put.outcome, Outcome::Done);
    EXPECT_EQ(put.version, Version{1});
    EXPECT_TRUE(put.exists);
    EXPECT_EQ(put.revision.value, put.index.value);
    EXPECT_EQ(put.generation.value, put.index.value);
    const Reply got = lab.get("a");
    EXPECT_EQ(got.outcome, Outcome::Done);
    EXPECT_EQ(got.payload.view(), "one");
    EXPECT_EQ(got.revision, put.revision);
    EXPECT_EQ(got.level, Level::Linearizable);
}

struct Step {
    const char* command;
    std::string payload;
    Outcome outcome;
    std::string reply;
    bool exists;
    std::uint64_t version;
    ErrorNumber error = ErrorNumber::Bug;
};

TEST(Partition, KvFollowsItsTable) {
    PartitionLab lab;
    lab.lead();
    const std::string absent = kv::cas_payload({Expect::Kind::Absent, {}, {}}, "first");
    const std::string from_first = kv::cas_payload({Expect::Kind::Value, {}, "first"}, "second");
    const Step steps[] = {
        {"get", "", Outcome::Done, "", false, 0},
        {"delete", "", Outcome::Done, "", false, 0},
        {"cas", from_first, Outcome::Rejected, "", false, 0, ErrorNumber::ValueConflict},
        {"cas", absent, Outcome::Done, "", true, 1},
        {"get", "", Outcome::Done, "first", true, 1},
        {"cas", absent, Outcome::Rejected, "", true, 1, ErrorNumber::ValueConflict},
        {"cas", from_first, Outcome::Done, "", true, 2},
        {"cas", from_first, Outcome::Rejected, "", true, 2, ErrorNumber::ValueConflict},
        {"cas", "xx", Outcome::Rejected, "", true, 2, ErrorNumber::BadPayload},
        {"put", "", Outcome::Done, "", true, 3},
        {"get", "", Outcome::Done, "", true, 3},
        {"delete", "", Outcome::Done, "", false, 0},
        {"get", "", Outcome::Done, "", false, 0},
        {"put", "again", Outcome::Done, "", true, 1},
        {"get", "x", Outcome::Rejected, "", true, 1, ErrorNumber::BadPayload},
    };
    int at = 0;
    for (const Step& step : steps) {
        SCOPED_TRACE(at++);
        const Reply reply = lab.call(0, "kv", "k", step.command, step.payload);
        EXPECT_EQ(reply.outcome, step.outcome);
        EXPECT_EQ(reply.payload.view(), step.reply);
        EXPECT_EQ(reply.exists, step.exists);
        EXPECT_EQ(reply.version.value, step.version);
        if (step.outcome == Outcome::Rejected) {
            EXPECT_EQ(reply.error.number, number(step.error));
        }
    }
}

// A compare-and-set can never match a value of an earlier life.
TEST(Partition, CasByRevisionDoesNotMatchAnEarlierLife) {
    PartitionLab lab;
    lab.lead();
    const Reply first = lab.put("k", "v");
    lab.call(0, "kv", "k", "delete");
    const Reply second = lab.put("k", "v");
    EXPECT_NE(second.generation, first.generation);
    const auto cas = [&](Revision revision) {
        return lab.call(0, "kv", "k", "cas",
                        kv::cas_payload({Expect::Kind::AtRevision, revision, {}}, "new"));
    };
    EXPECT_EQ(cas(first.revision).outcome, Outcome::Rejected);
    EXPECT_EQ(cas(second.revision).outcome, Outcome::Done);
}

TEST(Partition, RefusesBeforeTheHandlerWithoutWriting) {
    PartitionLab lab;
    lab.lead();
    const LogIndex last = lab.at(0).status().last;
    std::string said;
    const auto refused = [&](Request request) {
        const Reply reply = lab.call(0, std::move(request));
        EXPECT_EQ(reply.outcome, Outcome::NotDone);
        said = reply.error.message;
        return reply.error.number;
    };
    EXPECT_EQ(refused(lab.request("nothing", "a", "put", "v")),
              number(ErrorNumber::UnknownEntityType));
    EXPECT_NE(said.find("'nothing'; there are counter, kv"), std::string::npos) << said;
    EXPECT_EQ(refused(lab.request("kv", "a", "eat", "v")), number(ErrorNumber::UnknownCommand));
    EXPECT_EQ(said, "type 'kv' has no command 'eat'; it has cas, delete, get, put");
    EXPECT_EQ(refused(lab.request("kv", "a", "put", std::string(kPayloadBytesMax + 1, 'x'))),
              number(ErrorNumber::PayloadTooLarge));
    EXPECT_EQ(refused(lab.request("kv", "", "put", "v")), number(ErrorNumber::BadEntityId));
    EXPECT_EQ(refused(lab.request("kv", std::string("a\0b", 3), "put", "v")),
              number(ErrorNumber::BadEntityId));
    EXPECT_EQ(lab.at(0).status().last, last);
    EXPECT_EQ(lab.put("a", std::string(kPayloadBytesMax, 'x')).outcome, Outcome::Done);
}

TEST(Partition, ReplyWaitsForTheDisk) {
    PartitionLab lab;
    lab.lead();
    lab.options().auto_persist = false;
    const ClientRef from = lab.send(0, lab.request("kv", "a", "put", "v"));
    EXPECT_FALSE(lab.answered(from));
    lab.persist(0);
    EXPECT_TRUE(lab.answered(from));
}

TEST(Partition, CommandsPipelineOnSpeculativeState) {
    PartitionLab lab;
    lab.lead();
    lab.options().auto_persist = false;
    std::vector<ClientRef> sent;
    for (int i = 0; i < 5; ++i)
        sent.push_back(lab.send(0, lab.request("counter", "c", "add", "2")));
    lab.persist(0);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const Reply reply = lab.take(sent[i]);
        EXPECT_EQ(reply.payload.view(), std::to_string(2 * (i + 1)));
        EXPECT_EQ(reply.version.value, i + 1);
    }
}

TEST(Partition, TellDropsTheReplyPayload) {
    PartitionLab lab;
    lab.lead();
    Request tell = lab.request("counter", "c", "add", "5");
    tell.kind = RequestKind::Tell;
    const Reply reply = lab.call(0, tell);
    EXPECT_EQ(reply.outcome, Outcome::Done);
    EXPECT_TRUE(reply.payload.empty());
    EXPECT_EQ(lab.call(0, "counter", "c", "get").payload.view(), "5");
}

// P-once.
TEST(Partition, RepeatGetsTheRememberedReply) {
    PartitionLab lab;
    lab.lead();
    const Request add = lab.request("counter", "c", "add", "5");
    const Reply first = lab.call(0, add);
    const LogIndex last = lab.at(0).status().last;
    lab.call(0, "counter", "c", "add", "1");
    const Reply again = lab.call(0, add);
    EXPECT_EQ(again.payload.view(), "5");
    EXPECT_EQ(again.index, first.index);
    EXPECT_EQ(again.version, first.version);
    EXPECT_EQ(lab.at(0).status().last.value, last.value + 1);
    EXPECT_EQ(lab.call(0, "counter", "c", "get").payload.view(), "6");
}

TEST(Partition, DuplicateInFlightJoinsTheFirst) {
    PartitionLab lab;
    lab.lead();
    lab.options().auto_persist = false;
    const Request add = lab.request("counter", "c", "add", "5");
    const ClientRef one = lab.send(0, add);
    const ClientRef two = lab.send(0, add);
    lab.persist(0);
    EXPECT_EQ(lab.take(one).payload.view(), "5");
    EXPECT_EQ(lab.take(two).payload.view(), "5");
    EXPECT_EQ(lab.at(0).status().last.value, 2U);  // the no-op and one command
}

TEST(Partition, RejectionIsRememberedToo) {
    PartitionLab lab;
    lab.lead();
    const Request cas =
        lab.request("kv", "k", "cas", kv::cas_payload({Expect::Kind::Value, {}, {}}, "v"));
    EXPECT_EQ(lab.call(0, cas).outcome, Outcome::Rejected);
    lab.put("k", "");
    const Reply again = lab.call(0, cas);
    EXPECT_EQ(again.outcome, Outcome::Rejected);
    EXPECT_EQ(again.error.number, number(ErrorNumber::ValueConflict));
    EXPECT_EQ(lab.get("k").payload.view(), "");
}

TEST(Partition, SameIdWithAnotherBodyIsRefused) {
    PartitionLab lab;
    lab.lead();
    const Request first = lab.request("kv", "k", "put", "one");
    lab.call(0, first);
    Request second = lab.request("kv", "k", "put", "two");
    second.id.seq = first.id.seq;
    const Reply reply = lab.call(0, second);
    EXPECT_EQ(reply.error.code, ErrorCode::RequestIdReused);
    EXPECT_EQ(lab.get("k").payload.view(), "one");
}

// S28: a late duplicate of an expired session must not execute.
TEST(Partition, ExpiredSessionNeverRuns) {
    PartitionLab lab;
    lab.lead();
    const Request add = lab.request("counter", "c", "add", "5");
    lab.call(0, add);
    lab.now.wall.ms += kSessionLifeMs;
    const Reply late = lab.call(0, add);
    EXPECT_EQ(late.outcome, Outcome::Unknown);
    EXPECT_EQ(late.error.code, ErrorCode::Expired);
    lab.start_ms = lab.now.wall.ms;
    EXPECT_EQ(lab.call(0, "counter", "c", "add", "1").payload.view(), "6");
    EXPECT_EQ(lab.at(0).status().sessions, 1U);  // the old row went with log time
    EXPECT_EQ(lab.call(0, add).error.code, ErrorCode::Expired);
}

TEST(Partition, SessionFromTheFutureIsRefused) {
    PartitionLab lab;
    lab.lead();
    lab.start_ms = lab.now.wall.ms + kSessionAheadMs + 1;
    const Reply reply = lab.put("a", "v");
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.code, ErrorCode::ClockSkew);
    lab.start_ms -= 1;
    EXPECT_EQ(lab.put("a", "v").outcome, Outcome::Done);
}

TEST(Partition, SettledCommandsAreForgottenAndNeverRunAgain) {
    PartitionLab lab;
    lab.lead();
    const Request add = lab.request("counter", "c", "add", "5");
    lab.call(0, add);
    lab.lowest_open = lab.seq + 1;
    lab.call(0, "counter", "c", "add", "1");
    EXPECT_EQ(lab.call(0, add).error.code, ErrorCode::Expired);
    EXPECT_EQ(lab.call(0, "counter", "c", "get").payload.view(), "6");
}

TEST(Partition, SessionWindowIsBounded) {
    PartitionLab::Options options;
    options.limits.session_window = 4;
    PartitionLab lab(options);
    lab.lead();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(lab.put("k", "v").outcome, Outcome::Done);
    EXPECT_EQ(lab.put("k", "v").error.number, number(ErrorNumber::SessionFull));
    lab.lowest_open = 4;
    EXPECT_EQ(lab.put("k", "v").outcome, Outcome::Done);
}

TEST(Partition, RememberedRepliesAreBounded) {
    class Big final : public entity::EntityType {
    public:
        const entity::TypeInfo& info() const override { return info_; }
        std::optional<entity::Access> command(std::string_view) const override {
            return entity::Access::Write;
        }
        entity::Decision handle(const entity::StateView&, std::string_view, std::string_view,
                                const entity::Context&) const override {
            entity::Decision decision;
            decision.reply = Bytes::adopt(std::string(100, 'r'));
            return decision;
        }
        Result<std::string> apply(std::string_view, std::string_view) const override {
            return fail(ErrorNumber::DataDamaged, "no events");
        }

    private:
        entity::TypeInfo info_{.name = "big", .kind = entity::Kind::Value};
    };
    PartitionLab::Options options;
    options.limits.session_reply_bytes = 250;
    PartitionLab lab(options);
    lab.types().add(std::make_unique<Big>());
    lab.lead();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(lab.call(0, "big", "b", "x").payload.size(), 100U);
    EXPECT_EQ(lab.call(0, "big", "b", "x").error.number, number(ErrorNumber::SessionFull));
    lab.lowest_open = 2;  // what the request itself acknowledges makes room
    EXPECT_EQ(lab.call(0, "big", "b", "x").outcome, Outcome::Done);
}

// ---- what a reply says --------------------------------------------------------------------------

// As a token for later reads the index must not lie before the state that came with it.
TEST(Partition, AReadThatRestsOnSpeculationNamesTheEntryItRestsOn) {
    PartitionLab lab;
    lab.lead();
    lab.put("k", "one");
    lab.options().auto_persist = false;
    const ClientRef put = lab.send(0, lab.request("kv", "k", "put", "two"));
    const ClientRef get = lab.send(0, lab.request("kv", "k", "get", ""));
    lab.options().auto_persist = true;
    lab.persist(0);
    lab.settle();
    const Reply wrote = lab.take(put), read = lab.take(get);
    EXPECT_EQ(read.payload.view(), "two");
    EXPECT_EQ(read.index, wrote.index);
    EXPECT_EQ(read.revision, wrote.revision);
}

// Handler and reply see the same whether the entity is in memory or not.
TEST(Partition, WhatDoesNotExistHasNoRevision) {
    PartitionLab lab;
    lab.lead();
    lab.put("k", "one");
    lab.call(0, "kv", "k", "delete");
    const auto look = [&] {
        const Reply read = lab.get("k");
        const Reply refused =
            lab.call(0, "kv", "k", "cas", kv::cas_payload({Expect::Kind::Value, {}, "x"}, "y"));
        EXPECT_FALSE(read.exists);
        EXPECT_EQ(refused.outcome, Outcome::Rejected);
        return std::pair(read.revision, refused.revision);
    };
    const auto cached = look();
    lab.sweep(0);
    lab.restart(0);
    lab.lead();
    EXPECT_EQ(look(), cached);
    EXPECT_EQ(cached, std::pair(Revision{}, Revision{}));
}

}  // namespace
}  // namespace weft::replication::test
