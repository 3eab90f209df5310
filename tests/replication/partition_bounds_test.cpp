// Beyond each bound of a partition: replies, commands that come early, laggards.

#include "core/error.h"
#include "partition_lab.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace weft::replication::test {
namespace {

std::uint16_t number(ErrorNumber n) { return static_cast<std::uint16_t>(n); }

// ---- bounds of replies --------------------------------------------------------------------------

class Big final : public entity::EntityType {
public:
    explicit Big(std::size_t bytes = 1'000'000) : bytes_(bytes) {}
    const entity::TypeInfo& info() const override { return info_; }
    std::optional<entity::Access> command(std::string_view) const override {
        return entity::Access::Write;
    }
    entity::Decision handle(const entity::StateView&, std::string_view, std::string_view,
                            const entity::Context&) const override {
        entity::Decision decision;
        decision.change = entity::Decision::Change::SetValue;
        decision.value = Bytes::copy_of("v");
        decision.reply = Bytes::adopt(std::string(bytes_, 'r'));
        return decision;
    }
    Result<std::string> apply(std::string_view, std::string_view) const override {
        return std::string();
    }

private:
    std::size_t bytes_;
    entity::TypeInfo info_{.name = "big", .kind = entity::Kind::Value};
};

// A slow client would keep the entry too, which may be many times as large and is counted nowhere.
TEST(Partition, ALargeReplyDoesNotKeepItsEntryInMemory) {
    PartitionLab lab;
    lab.types().add(std::make_unique<Big>(kLargeReplyBytes + 1));
    lab.lead();
    lab.options().auto_persist = false;
    const ClientRef sent = lab.send(0, lab.request("big", "e", "do", ""));
    const Bytes entry = lab.at(0).replica().cached(lab.at(0).replica().last_index());
    ASSERT_GT(entry.size(), kLargeReplyBytes);
    lab.options().auto_persist = true;
    lab.persist(0);
    lab.settle();
    const Reply reply = lab.take(sent);
    ASSERT_EQ(reply.payload.size(), kLargeReplyBytes + 1);
    const auto at = reinterpret_cast<std::uintptr_t>(reply.payload.data());
    const auto begin = reinterpret_cast<std::uintptr_t>(entry.data());
    EXPECT_TRUE(at < begin || at >= begin + entry.size());
}

// Replies in flight count as remembered ones do: a session's row must hold them all one day.
TEST(Partition, RepliesInFlightCountAgainstTheSessionsBound) {
    PartitionLab lab;
    lab.types().add(std::make_unique<Big>());
    lab.lead();
    lab.options().auto_persist = false;
    std::vector<ClientRef> sent;
    for (int i = 0; i < 6; ++i)
        sent.push_back(lab.send(0, lab.request("big", "e" + std::to_string(i), "do", "")));
    lab.options().auto_persist = true;
    lab.persist(0);
    lab.settle();
    EXPECT_EQ(lab.take(sent[0]).outcome, Outcome::Done);
    for (std::size_t i = 1; i < 6; ++i) {
        const Reply refused = lab.take(sent[i]);
        EXPECT_EQ(refused.outcome, Outcome::NotDone);
        EXPECT_EQ(refused.error.number, number(ErrorNumber::SessionFull));
    }
    lab.sweep(0);
    lab.lowest_open = lab.seq + 1;  // the first reply has come
    EXPECT_EQ(lab.call(0, "big", "e6", "do").outcome, Outcome::Done);
    lab.restart(0);
    lab.lead();
    EXPECT_EQ(lab.at(0).status().sessions, 1U);
}

// ---- before the no-op ---------------------------------------------------------------------------

// A group whose leader's no-op is not on disk yet.
void elect_without_serving(PartitionLab& lab) {
    lab.options().auto_persist = false;
    lab.restart(0);
    for (int i = 0; i < 100 && lab.at(0).replica().role() != Role::Leader; ++i) {
        lab.persist(0, 1);
        lab.run(std::chrono::milliseconds(20));
    }
    ASSERT_EQ(lab.at(0).replica().role(), Role::Leader);
    ASSERT_FALSE(lab.at(0).ready());
}

// A refusal here would let a later command for the same entity overtake the refused one.
TEST(EarlyCommands, WaitForTheNoOpAndRunInTheirOrder) {
    PartitionLab lab;
    elect_without_serving(lab);
    const ClientRef first = lab.send(0, lab.request("kv", "k", "put", "one"));
    const ClientRef read = lab.send(0, lab.request("kv", "k", "get", ""));
    const ClientRef second = lab.send(0, lab.request("kv", "k", "put", "two"));
    EXPECT_FALSE(lab.answered(first));
    EXPECT_EQ(lab.at(0).status().mailbox, 3U);
    lab.options().auto_persist = true;
    lab.persist(0);
    lab.settle();
    EXPECT_EQ(lab.take(first).version, Version{1});
    EXPECT_EQ(lab.take(read).payload.view(), "one");
    EXPECT_EQ(lab.take(second).version, Version{2});
}

TEST(EarlyCommands, AreRefusedWhenTheTermEndsWithoutServing) {
    PartitionLab lab;
    elect_without_serving(lab);
    const ClientRef put = lab.send(0, lab.request("kv", "k", "put", "one"));
    lab.step(0, Beat{PartitionLab::node(5), Term{99}, LogIndex{}});
    const Reply refused = lab.take(put);
    EXPECT_EQ(refused.outcome, Outcome::NotDone);
    EXPECT_EQ(refused.error.code, ErrorCode::NotLeader);
}

TEST(EarlyCommands, AreBoundedAndKeepTheirDeadlines) {
    PartitionLab::Options options;
    options.limits.waiting_replies = 3;
    options.limits.mailbox_bytes = 100;
    PartitionLab lab(options);
    elect_without_serving(lab);
    Request hurried = lab.request("kv", "a", "put", "1");
    hurried.deadline_ms = 50;
    Request patient = lab.request("kv", "b", "put", "2");
    patient.deadline_ms = 5000;
    const ClientRef late = lab.send(0, hurried);
    const ClientRef good = lab.send(0, patient);
    EXPECT_EQ(lab.put("c", std::string(99, 'x')).error.number, number(ErrorNumber::QueueFull));
    const ClientRef third = lab.send(0, lab.request("kv", "c", "put", "3"));
    EXPECT_EQ(lab.put("d", "").error.number, number(ErrorNumber::QueueFull));
    lab.now.mono = lab.now.mono + std::chrono::milliseconds(60);
    lab.options().auto_persist = true;
    lab.persist(0);
    lab.settle();
    EXPECT_EQ(lab.take(late).error.number, number(ErrorNumber::DeadlinePassed));
    EXPECT_EQ(lab.take(good).outcome, Outcome::Done);
    EXPECT_EQ(lab.take(third).outcome, Outcome::Done);
}

// ---- laggards

// S25: a voter in contact holds the log back, but only by so much.
TEST(Compaction, WaitsForALaggardWithinABoundOfBytesAndOfEntries) {
    struct Case {
        const char* why;
        std::uint64_t entries, bytes;
        bool waits;
    };
    const Case cases[] = {{"within both", 1000, 1 << 20, true},
                          {"too many entries", 10, 1 << 20, false},
                          {"too many bytes", 1000, 50000, false}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        PartitionLab::Options options;
        options.count = 3;
        options.limits.laggard_entries = c.entries;
        options.limits.laggard_bytes = c.bytes;
        PartitionLab lab(options);
        const std::size_t leader = lab.lead();
        const std::size_t slow = (leader + 1) % 3;
        const auto put = [&](std::string value) {
            lab.lowest_open = lab.seq + 1;
            EXPECT_EQ(lab.call(leader, "kv", "k", "put", std::move(value)).outcome, Outcome::Done);
        };
        put("v");
        lab.run(std::chrono::milliseconds(200));
        const LogIndex held = lab.at(slow).status().last;
        lab.hold_disk(slow);
        for (int i = 0; i < 20; ++i) put(std::string(5000, 'x'));
        lab.run(std::chrono::milliseconds(100));
        ASSERT_EQ(lab.lead(), leader);
        lab.sweep(leader);
        EXPECT_EQ(lab.at(leader).status().base <= held, c.waits);
        lab.hold_disk(slow, false);
        lab.run(std::chrono::seconds(10));
        EXPECT_EQ(lab.at(slow).status().applied, lab.at(leader).status().applied);
    }
}

// One peer that takes no snapshot, whatever the reason, does not keep it from the others.
TEST(Snapshot, IsSentToPeersInTurn) {
    PartitionLab::Options options;
    options.count = 5;
    PartitionLab lab(options);
    const std::size_t leader = lab.lead();
    const std::size_t deaf = leader == 0 ? 1 : 0;  // before the other in the configuration
    const std::size_t back = deaf + 1 == leader ? deaf + 2 : deaf + 1;
    const auto put = [&] {
        lab.lowest_open = lab.seq + 1;
        EXPECT_EQ(lab.call(leader, "kv", "k", "put", std::string(1000, '.')).outcome,
                  Outcome::Done);
    };
    put();
    lab.run(std::chrono::milliseconds(300));
    for (const std::size_t gone : {deaf, back}) {
        lab.cut(gone);
        lab.crash(gone);
    }
    for (int i = 0; i < 30; ++i) put();
    lab.run(std::chrono::seconds(3));
    for (std::size_t i = 0; i < 5; ++i) lab.sweep(i);
    put();
    ASSERT_EQ(lab.lead(), leader);
    ASSERT_GT(lab.at(leader).status().base, LogIndex{5});
    for (const std::size_t again : {deaf, back}) {
        lab.cut(again, false);
        lab.boot(again);
    }
    lab.drop_chunks_to = deaf;
    lab.run(std::chrono::seconds(40));
    EXPECT_LT(lab.at(deaf).status().applied, lab.at(leader).status().base);
    EXPECT_EQ(lab.at(back).status().applied, lab.at(leader).status().applied);
}

}  // namespace
}  // namespace weft::replication::test
