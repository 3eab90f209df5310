// S32 at the port: what a former process of a peer says is dropped once a newer one is vouched for.

#include "sim/boots.h"

#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/world.h"
#include "tests/sim/broken_rule.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::sim {
namespace {

NodeId peer() {
    NodeId id;
    id.bytes[0] = 2;
    return id;
}

class BootsTest : public BrokenRule {
protected:
    void greets(std::uint64_t boot, bool refused = false) {
        boots_.hears_hello(0, peer(), Boot{boot});
        boots_.answers_hello(0, peer(), refused);
    }
    // What the oracle says of a frame that the machine drops or heeds; empty: nothing.
    std::string hears(std::uint64_t boot, bool drops) {
        boots_.hears(0, peer(), Boot{boot}, dropped_);
        if (drops) ++dropped_;
        return said([&] { boots_.stepped(0, dropped_); });
    }

    Boots boots_{2};
    std::uint64_t dropped_ = 0;
};

TEST_F(BootsTest, AFrameOfAFormerBootIsDropped) {
    EXPECT_EQ(hears(1, false), "") << "nobody is vouched for";
    greets(2);
    EXPECT_EQ(hears(1, false), "S32");
    EXPECT_EQ(hears(1, true), "");
    EXPECT_EQ(hears(2, false), "");
    EXPECT_EQ(hears(3, false), "") << "skipped until it is vouched for";
    EXPECT_EQ(boots_.judged(), 2U);
}

TEST_F(BootsTest, WhatMayBeJudgedAnewIsNotJudgedHere) {
    greets(2);
    boots_.hears_hello(0, peer(), Boot{3});
    EXPECT_EQ(hears(2, false), "") << "its hello is not answered yet";
    boots_.answers_hello(0, peer(), false);
    EXPECT_EQ(hears(2, false), "S32");
    greets(4, true);
    EXPECT_EQ(hears(2, false), "") << "of a node that is refused nothing is counted";
    greets(5);
    boots_.restarted(0);
    EXPECT_EQ(hears(2, false), "");
}

TEST(BootsInAWorld, AreJudged) {
    entity::TypeTable types;
    types.add(entity::make_kv());
    types.add(entity::make_counter());
    World world(Schedule{}, WorldOptions{.types = &types});
    world.network().keep();
    world.begin();
    world.run_for(std::chrono::seconds(4));
    world.apply({{}, FaultKind::FormerBoot, 0, 0, std::chrono::milliseconds(100), 0, 1});
    world.run_for(std::chrono::seconds(2));
    EXPECT_GT(world.oracle().boots().judged(), 0U);
}

}  // namespace
}  // namespace weft::sim
