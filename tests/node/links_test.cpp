// What follows from the roster: links, contact, members, and who is asked to lead.

#include "lab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node::test {
namespace {

// The links that one round asks for, in words.
std::vector<std::string> links_of(Node& node, std::vector<Event> events) {
    Effects effects;
    const Now now{Instant{1'000'000'000}, WallTime{1'700'000'000'000}};
    for (Event& event : events) node.step(now, std::move(event), effects);
    node.step(now, RoundEnd{}, effects);
    std::vector<std::string> links;
    for (const Effect& effect : effects.list) {
        if (const auto* wanted = std::get_if<LinkPeer>(&effect))
            links.push_back(wanted->record.name + " at " + wanted->record.mesh_address);
        if (const auto* unwanted = std::get_if<UnlinkPeer>(&effect))
            links.push_back("not " + unwanted->peer.hex().substr(0, 2));
    }
    return links;
}

class Links : public testing::Test {
protected:
    Links() {
        NodeOptions options;
        options.genesis = lab.genesis;
        options.genesis_bytes = lab.genesis_bytes;
        options.self = lab[0].id();
        options.boot = Boot{1};
        options.check_every_step = true;
        node.emplace(std::move(options), lab[0].store.recover(), lab.types, Random(7), Log());
    }
    routing::NodeRecord fourth() const {
        routing::NodeRecord record;
        record.node.bytes[0] = 4;
        record.name = "d";
        record.mesh_address = "127.0.0.1:9000";
        return record;
    }

    Lab lab;
    std::optional<Node> node;
    using Names = std::vector<std::string>;
};

TEST_F(Links, OfTheFoundersAreAskedForInTheFirstRoundAndNeverAgain) {
    EXPECT_EQ(links_of(*node, {Timer{}}), (Names{"b at 127.0.0.1:7350", "c at 127.0.0.1:7360"}));
    EXPECT_EQ(links_of(*node, {Timer{}}), Names{});
}

TEST_F(Links, FollowTheRoster) {
    (void)links_of(*node, {Timer{}});
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeAdmitted{fourth()})}),
              Names{"d at 127.0.0.1:9000"});
    EXPECT_TRUE(node->knows(fourth().node));
    EXPECT_EQ(node->members().members().size(), 4U);
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeAdmitted{fourth()})}), Names{}) << "known";
    routing::NodeRecord moved = fourth();
    moved.mesh_address = "127.0.0.1:9001";
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeAdmitted{moved})}), Names{"d at 127.0.0.1:9001"});
    moved.zone = "z";
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeAdmitted{moved})}), Names{}) << "it stays there";
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeDraining{moved.node})}), Names{});
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeRetired{moved.node})}), Names{"not 04"});
    EXPECT_FALSE(node->knows(moved.node));
    EXPECT_EQ(node->members().members().size(), 3U);
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeRetired{moved.node})}), Names{}) << "gone";
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeAdmitted{moved})}), Names{}) << "for good";
}

TEST_F(Links, OfThisNodeItselfThereAreNone) {
    (void)links_of(*node, {Timer{}});
    routing::NodeRecord self = lab.genesis.founders[0];
    self.mesh_address = "127.0.0.1:9002";
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeAdmitted{self})}), Names{});
    EXPECT_EQ(links_of(*node, {RosterChanged(NodeRetired{self.node})}), Names{});
}

TEST(Roster, OfARetiredMemberNothingIsTakenAndTheOthersServe) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    for (const std::size_t other : {0U, 1U})
        lab[other].event(RosterChanged(NodeRetired{lab[2].id()}));
    lab.run_for(std::chrono::seconds(3));
    EXPECT_FALSE(lab[0].links.contains(lab[2].id()));
    EXPECT_GT(lab[0].node().counters().strangers, 0U);
    const PartitionId group = lab.group_of("kv", "a");
    EXPECT_NE(lab.leader_of(group), 2U);
    EXPECT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    lab.kill(2);
    lab.run_for(std::chrono::seconds(1));
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "x");
}

TEST(Roster, AHomeThatIsNotInServiceIsSkipped) {
    Lab lab({.groups = 16});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    const auto table = routing::PlacementTable::first(lab.genesis);
    for (std::size_t each = 0; each < lab.size(); ++each)
        lab[each].event(RosterChanged(NodeDraining{lab[1].id()}));
    lab.run_for(std::chrono::seconds(20));
    int skipped = 0;
    for (std::uint32_t number = 0; number < table.groups(); ++number) {
        const auto replicas = table.replicas(PartitionId{number});
        const bool skips = replicas[0] == lab[1].id();
        skipped += skips ? 1 : 0;
        const auto leader = lab.leader_of(PartitionId{number});
        ASSERT_TRUE(leader.has_value());
        EXPECT_EQ(lab[*leader].id(), replicas[skips ? 1 : 0]) << "group " << number;
    }
    EXPECT_GT(skipped, 0);
}

}  // namespace
}  // namespace weft::node::test
