// An entity comes into memory and leaves it.

#include "core/error.h"
#include "partition_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

std::string get(PartitionLab& lab, std::string type, std::string id) {
    return std::string(lab.call(0, std::move(type), std::move(id), "get").payload.view());
}

PartitionLab::Options swept_group() {
    PartitionLab::Options options;
    options.limits.mailbox = 3;
    return options;
}

TEST(Activation, EntityWaitsAndThePartitionDoesNot) {
    PartitionLab lab(swept_group());
    lab.lead();
    lab.put("cold", "1");
    lab.sweep(0);
    lab.restart(0);
    lab.lead();
    lab.put("hot", "2");
    lab.options().auto_fetch = false;
    const ClientRef cold = lab.send(0, lab.request("kv", "cold", "put", "3"));
    const ClientRef read = lab.send(0, lab.request("kv", "cold", "get", ""));
    EXPECT_EQ(get(lab, "kv", "hot"), "2");
    EXPECT_EQ(lab.at(0).status().mailbox, 2U);
    EXPECT_FALSE(lab.answered(cold));
    lab.serve(0);
    lab.settle();
    EXPECT_EQ(lab.take(cold).version, Version{2});
    EXPECT_EQ(lab.take(read).payload.view(), "3");
}

TEST(Activation, MailboxIsBounded) {
    PartitionLab lab(swept_group());
    lab.lead();
    lab.put("cold", "1");
    lab.sweep(0);
    lab.restart(0);
    lab.lead();
    lab.options().auto_fetch = false;
    for (int i = 0; i < 3; ++i) lab.send(0, lab.request("kv", "cold", "put", "x"));
    EXPECT_EQ(lab.put("cold", "y").error.code, ErrorCode::Overloaded);
    lab.serve(0);
    EXPECT_EQ(lab.put("cold", "y").outcome, Outcome::Done);
}

TEST(Activation, DeadlineInTheMailboxIsNotDone) {
    PartitionLab lab(swept_group());
    lab.lead();
    lab.put("cold", "1");
    lab.sweep(0);
    lab.restart(0);
    lab.lead();
    lab.options().auto_fetch = false;
    Request late = lab.request("kv", "cold", "put", "x");
    late.deadline_ms = 100;
    const ClientRef from = lab.send(0, late);
    lab.now.mono = lab.now.mono + std::chrono::milliseconds(100);
    lab.serve(0);
    const Reply reply = lab.take(from);
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.code, ErrorCode::DeadlineExceeded);
    EXPECT_EQ(get(lab, "kv", "cold"), "1");
}

TEST(Activation, DuplicatesInTheMailboxRunOnce) {
    PartitionLab lab(swept_group());
    lab.lead();
    lab.call(0, "counter", "c", "add", "1");
    lab.sweep(0);
    lab.restart(0);
    lab.lead();
    lab.options().auto_fetch = false;
    const Request add = lab.request("counter", "c", "add", "5");
    const ClientRef one = lab.send(0, add);
    const ClientRef two = lab.send(0, add);
    lab.serve(0);
    lab.serve(0);
    lab.serve(0);
    EXPECT_EQ(lab.take(one).payload.view(), "6");
    EXPECT_EQ(lab.take(two).payload.view(), "6");
}

// S22, S23: a damaged row is not an absent one, and its replica does not lead.
TEST(Activation, DamagedRowIsNotServed) {
    PartitionLab lab;
    lab.lead();
    lab.put("a", "v");
    lab.sweep(0);
    lab.restart(0);
    lab.lead();
    const auto keys = lab.disk(0).row_keys(storage::Table::Entity);
    ASSERT_EQ(keys.size(), 1U);
    lab.disk(0).flip_bit_in_row(storage::Table::Entity, keys[0], 77);
    const Reply reply = lab.get("a");
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.code, ErrorCode::Corrupt);
    EXPECT_TRUE(lab.at(0).status().damaged);
    lab.run(std::chrono::seconds(5));
    EXPECT_FALSE(lab.at(0).ready());
}

TEST(Activation, OldVersionOfARowIsFoundOut) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 5; ++i) lab.call(0, "counter", "c", "add", "1");
    lab.sweep(0);
    lab.restart(0);
    lab.lead();
    const auto blocks = lab.disk(0).row_keys(storage::Table::Journal);
    ASSERT_FALSE(blocks.empty());
    lab.disk(0).vanish_row(storage::Table::Journal, blocks[0]);
    EXPECT_EQ(lab.call(0, "counter", "c", "get").error.code, ErrorCode::Corrupt);
}

TEST(Passivation, IdleEntitiesLeaveMemoryAndComeBack) {
    PartitionLab::Options options;
    options.limits.passivate_after = std::chrono::seconds(2);
    PartitionLab lab(options);
    lab.lead();
    for (int i = 0; i < 30; ++i) {
        lab.put("k" + std::to_string(i), std::to_string(i));
        lab.call(0, "counter", "c" + std::to_string(i), "add", std::to_string(i));
    }
    lab.run(std::chrono::seconds(1));
    EXPECT_EQ(lab.at(0).status().active_entities, 60U);
    lab.run(std::chrono::seconds(30));
    EXPECT_EQ(lab.at(0).status().active_entities, 0U);
    EXPECT_EQ(lab.at(0).status().dirty_entities, 0U);
    for (int i = 0; i < 30; ++i) {
        EXPECT_EQ(get(lab, "kv", "k" + std::to_string(i)), std::to_string(i));
        EXPECT_EQ(get(lab, "counter", "c" + std::to_string(i)), std::to_string(i));
    }
}

// Rows that a sweep writes may hold more than the base it leads to: such an entity is clean and
// still must not leave. Left alone it would stay for ever, and all that were used after it.
TEST(Passivation, EntitiesThatChangedDuringASweepDoNotStay) {
    PartitionLab::Options options;
    options.limits.passivate_after = std::chrono::seconds(2);
    PartitionLab lab(options);
    lab.lead();
    const auto put_all = [&lab] {
        for (int i = 0; i < 20; ++i) lab.put("k" + std::to_string(i), "v");
    };
    put_all();
    lab.step(0, Sweep{1});
    put_all();
    lab.sweep(0);
    EXPECT_EQ(lab.at(0).status().active_entities, 20U);
    EXPECT_LE(lab.at(0).status().dirty_entities, 1U);
    for (int i = 0; i < 5; ++i) lab.put("later" + std::to_string(i), "v");
    lab.run(std::chrono::seconds(30));
    EXPECT_EQ(lab.at(0).status().active_entities, 0U);
    EXPECT_EQ(get(lab, "kv", "k7"), "v");
}

TEST(Passivation, CacheOfCleanEntitiesIsBounded) {
    PartitionLab::Options options;
    options.limits.cached_bytes = 10000;
    PartitionLab lab(options);
    lab.lead();
    for (int i = 0; i < 50; ++i) lab.put("k" + std::to_string(i), std::string(1000, 'x'));
    lab.sweep(0);
    lab.run(std::chrono::seconds(1));
    EXPECT_LT(lab.at(0).status().active_entities, 10U);
    EXPECT_EQ(get(lab, "kv", "k7").size(), 1000U);
}

}  // namespace
}  // namespace weft::replication::test
