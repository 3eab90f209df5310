// Membership in a node: datagrams, streams and refused connections reach its core, and nothing that
// decides asks it.

#include "membership/datagram.h"
#include "tests/node/lab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace weft::node::test {
namespace {

using membership::MemberState;
using std::chrono::seconds;

class Members : public ::testing::Test {
protected:
    Members() { lab.start(); }
    MemberState seen(std::size_t by, std::size_t of) {
        return lab[by].node().members().state(lab[of].id());
    }
    bool all_see(MemberState state, std::size_t of) {
        for (std::size_t by = 0; by < lab.size(); ++by)
            if (by != of && seen(by, of) != state) return false;
        return true;
    }
    bool all_alive() {
        for (std::size_t of = 0; of < lab.size(); ++of)
            if (!all_see(MemberState::Alive, of)) return false;
        return true;
    }

    Lab lab;
};

TEST_F(Members, AllSeeAll) {
    EXPECT_TRUE(lab.run_until([&] { return all_alive(); }));
}

// What `weft members` and `weft events` ask for.
TEST_F(Members, ANodeTellsItsViewAndWhatHappened) {
    ASSERT_TRUE(lab.run_until_ready() && lab.run_until([&] { return all_alive(); }));
    const auto view = lab.admin(0, "members");
    ASSERT_FALSE(view.error) << view.error->message;
    EXPECT_EQ(view.cells.size(), 3 * view.columns.size());
    EXPECT_EQ(std::ranges::count(view.cells, "alive"), 3);
    // Each row of node 0: its own has a version, those of others have none.
    const auto column = std::ranges::find(view.columns, "version") - view.columns.begin();
    const auto versions = view.cells.begin() + column;
    const auto width = static_cast<std::ptrdiff_t>(view.columns.size());
    EXPECT_NE(*versions, "-");
    EXPECT_EQ(*(versions + width), "-");
    EXPECT_EQ(*(versions + 2 * width), "-");
    // Alive, suspect, dead, left, unseen, and who is not alive.
    const auto told_in_status = [&] {
        const auto cells = lab.admin(0, "status").cells;
        return std::vector<std::string>(cells.end() - 6, cells.end());
    };
    EXPECT_EQ(told_in_status(), (std::vector<std::string>{"3", "0", "0", "0", "0", "-"}));
    lab.kill(1);
    ASSERT_TRUE(lab.run_until([&] { return all_see(MemberState::Dead, 1); }, seconds(1)));
    const std::string dead = lab.genesis.founders[1].name;
    EXPECT_EQ(told_in_status(), (std::vector<std::string>{"2", "0", "1", "0", "0", dead}));
    const auto happened = lab.admin(0, "events");
    ASSERT_FALSE(happened.error) << happened.error->message;
    EXPECT_EQ(std::ranges::count(happened.cells, "member.dead"), 1);
    EXPECT_GE(std::ranges::count(happened.cells, "member.joined"), 2);
    EXPECT_GE(std::ranges::count(happened.cells, "leader.elected"), 1);
    const std::string& last = happened.cells[happened.cells.size() - happened.columns.size()];
    EXPECT_TRUE(lab.admin(0, "events", {last, "1"}).cells.empty());
    EXPECT_EQ(lab.admin(0, "events", {last, "9"}).cells, happened.cells) << "of another boot";
    EXPECT_TRUE(lab.admin(0, "events", {"x", "1"}).error);
}

// A refused connection is evidence, and two have it.
TEST_F(Members, AKilledProcessIsDeadWithinASecondAndAliveAgainWhenItIsBack) {
    ASSERT_TRUE(lab.run_until([&] { return all_alive(); }));
    lab.kill(1);
    EXPECT_TRUE(lab.run_until([&] { return all_see(MemberState::Dead, 1); }, seconds(1)));
    lab.start(1);
    EXPECT_TRUE(lab.run_until([&] { return all_alive(); }, seconds(5)));
}

TEST_F(Members, ASilentOneIsSuspectedThenDead) {
    ASSERT_TRUE(lab.run_until([&] { return all_alive(); }));
    for (const std::size_t other : {std::size_t{0}, std::size_t{2}}) {
        lab.cut(1, other);
        lab.cut(other, 1);
    }
    EXPECT_TRUE(lab.run_until([&] { return all_see(MemberState::Dead, 1); }, seconds(30)));
    lab.heal();
    EXPECT_TRUE(lab.run_until([&] { return all_alive(); }, seconds(30)));
}

// Where datagrams do not pass, pings over the link tell that a member lives.
TEST_F(Members, NobodyIsDeadForWantOfDatagrams) {
    ASSERT_TRUE(lab.run_until([&] { return all_alive(); }));
    lab.carries_gossip = false;
    for (int i = 0; i < 120; ++i) {
        lab.run_for(seconds(1));
        for (std::size_t of = 0; of < lab.size(); ++of)
            ASSERT_FALSE(all_see(MemberState::Dead, of)) << of << " after " << i << " s";
    }
}

TEST_F(Members, WhoStopsHasSaidGoodBye) {
    ASSERT_TRUE(lab.run_until([&] { return all_alive(); }));
    lab[2].event(Drain{});
    ASSERT_TRUE(lab.run_until([&] { return lab[2].stopped.has_value(); }));
    lab.kill(2);
    lab.run_for(seconds(2));
    EXPECT_TRUE(all_see(MemberState::Left, 2));
}

// Why nobody is there, once each time: no link, links and no datagrams, another process.
TEST_F(Members, WhoIsAloneSaysOnceWhyThatMayBe) {
    for (std::size_t i = 1; i < lab.size(); ++i) lab.kill(i);
    lab.kill(0);
    lab.start(0);
    const auto told = [&] {
        std::vector<std::string> whys;
        const auto happened = lab.admin(0, "events");
        for (std::size_t i = 0; i < happened.cells.size(); ++i)
            if (happened.cells[i] == "members.alone") whys.push_back(happened.cells[i + 2]);
        return whys;
    };
    lab.run_for(seconds(29));
    EXPECT_TRUE(told().empty());
    lab.run_for(seconds(90));
    ASSERT_EQ(told().size(), 1U);
    EXPECT_TRUE(told()[0].starts_with("no link ")) << told()[0];

    lab.start(1);
    lab.start(2);
    ASSERT_TRUE(lab.run_until([&] { return all_alive(); }, seconds(30)));
    lab.carries_gossip = false;
    lab.loses = [](const MeshMessage& message) {
        return std::holds_alternative<MemberMessage>(message);
    };
    lab.run_for(seconds(180));
    ASSERT_EQ(told().size(), 2U);
    EXPECT_TRUE(told()[1].starts_with("links are proven ")) << told()[1];

    lab.carries_gossip = true;
    ASSERT_TRUE(lab.run_until([&] { return all_alive(); }, seconds(60)));
    // What the others would say if a copy of this node had started later.
    const NodeId self = lab[0].id();
    const auto cluster = routing::cluster_id(lab.genesis_bytes);
    std::string later;
    membership::DatagramWriter writer(later, membership::Carrier::Datagram);
    writer.begin({.mesh = membership::mesh_tag(cluster, self),
                  .to_boot = Boot{lab[0].boot.value + 1},
                  .sender = lab[1].id(),
                  .incarnation = lab[1].node().members().incarnation(),
                  .sequence = membership::Sequence{1}});
    lab[0].event(FromGossip{Bytes::copy_of(later)});
    lab.carries_gossip = false;
    lab.run_for(seconds(180));
    ASSERT_EQ(told().size(), 3U);
    EXPECT_TRUE(told()[2].starts_with("a later start ")) << told()[2];
}

TEST_F(Members, AmongThoseWhoHaveLeftNobodyIsAlone) {
    ASSERT_TRUE(lab.run_until([&] { return all_alive(); }));
    for (std::size_t i = 1; i < lab.size(); ++i) {
        lab[i].event(Drain{});
        ASSERT_TRUE(lab.run_until([&] { return lab[i].stopped.has_value(); }, seconds(60)));
        lab.kill(i);
    }
    lab.run_for(seconds(120));
    const auto happened = lab.admin(0, "events");
    EXPECT_EQ(std::ranges::count(happened.cells, "member.left"), 2);
    EXPECT_EQ(std::ranges::count(happened.cells, "members.alone"), 0);
}

// Whatever membership says: who leads a group goes on to lead it, and is read from.
TEST_F(Members, NobodyLeadsOrReadsByIt) {
    ASSERT_TRUE(lab.run_until_ready() && lab.run_until([&] { return all_alive(); }));
    lab.carries_gossip = false;
    lab.loses = [](const MeshMessage& message) {
        return std::holds_alternative<MemberMessage>(message);
    };
    ASSERT_EQ(lab.call("kv", "k", "put", "x").outcome, Outcome::Done);
    const PartitionId group = lab.group_of("kv", "k");
    const auto leader = lab.leader_of(group);
    ASSERT_TRUE(leader);
    ASSERT_TRUE(lab.run_until([&] { return all_see(MemberState::Dead, *leader); }, seconds(600)));
    EXPECT_EQ(lab.leader_of(group), leader);
    EXPECT_EQ(lab.call("kv", "k", "get").outcome, Outcome::Done);
    EXPECT_EQ(lab.leader_of(group), leader);
}

}  // namespace
}  // namespace weft::node::test
