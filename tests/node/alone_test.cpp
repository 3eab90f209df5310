// Whom nobody answers is told once why that may be (docs/membership.md).

#include "membership/datagram.h"
#include "node/members.h"
#include "routing/genesis.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ClusterId kMesh{{7}};

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = number;
    return id;
}

Members member(std::uint8_t self, std::vector<NodeId> roster, Boot boot = Boot{3}) {
    return {node(self),
            membership::Swim({kMesh, node(self), boot}, {}, std::move(roster), Random(self))};
}

struct AloneTest : testing::Test {
    // Steps the first member, and the second one when `meets`; their packets pass then.
    void run_for(Duration time, bool meets = false) {
        for (const Instant end = now + time; now < end; now = now + milliseconds(50)) {
            std::vector<std::string> there = step(one, membership::Tick{});
            if (!meets) continue;
            for (const std::string& packet : there)
                for (const std::string& back : packets(other, membership::PacketReceived{packet}))
                    step(one, membership::PacketReceived{back});
        }
    }
    std::vector<std::string> step(Members& members, const membership::Event& event) {
        const Members::Said said = members.step(now, event, around);
        if (said.superseded) ++superseded;
        if (said.why_alone) whys.emplace_back(*said.why_alone);
        return packets_of(said);
    }
    std::vector<std::string> packets(Members& members, const membership::Event& event) {
        return packets_of(members.step(now, event, {}));
    }
    static std::vector<std::string> packets_of(const Members::Said& said) {
        std::vector<std::string> packets;
        for (const membership::Outgoing& packet : said.effects.packets)
            packets.emplace_back(said.effects.view(packet));
        return packets;
    }
    // What a member would say that knows a later start of the first one.
    std::string of_a_later_start() {
        std::string bytes;
        membership::DatagramWriter writer(bytes, membership::Carrier::Datagram);
        writer.begin({.mesh = membership::mesh_tag(kMesh, node(1)),
                      .to_boot = Boot{4},
                      .sender = node(2),
                      .incarnation = other.swim().incarnation(),
                      .sequence = membership::Sequence{++said_last}});
        return bytes;
    }

    Instant now{1};
    const std::vector<NodeId> roster{node(1), node(2)};
    Members one = member(1, roster);
    Members other = member(2, roster);
    Members::Around around{};
    std::vector<std::string> whys;
    std::size_t superseded = 0;
    std::uint64_t said_last = 1000;
};

TEST_F(AloneTest, IsSaidOnceAndAgainWhenSomebodyWasThereMeanwhile) {
    run_for(Members::kAloneAfter - seconds(1));
    EXPECT_TRUE(whys.empty());
    run_for(seconds(90));
    ASSERT_EQ(whys.size(), 1u);
    EXPECT_TRUE(whys[0].starts_with("no link ")) << whys[0];
    run_for(seconds(10), true);
    ASSERT_EQ(one.swim().members().live(), 2u);
    around.linked = true;
    run_for(seconds(180));
    ASSERT_EQ(whys.size(), 2u);
    EXPECT_TRUE(whys[1].starts_with("links are proven ")) << whys[1];
}

TEST_F(AloneTest, IsNotSaidByWhoIsAboutToStop) {
    around.draining = true;
    run_for(seconds(90));
    EXPECT_TRUE(whys.empty());
}

TEST_F(AloneTest, IsNotSaidAndNothingIsDueWhereNobodyWasEverExpected) {
    one = member(1, {node(1)});
    EXPECT_EQ(one.deadline(), Instant::never());
    run_for(seconds(90));
    EXPECT_TRUE(whys.empty());
    step(one, membership::RosterChanged{roster});
    EXPECT_NE(one.deadline(), Instant::never());
}

TEST_F(AloneTest, ALaterStartOfTheSameNodeIsToldOnceAndIsTheReason) {
    run_for(seconds(10), true);
    step(one, membership::PacketReceived{of_a_later_start()});
    step(one, membership::PacketReceived{of_a_later_start()});
    EXPECT_EQ(superseded, 1u);
    run_for(seconds(180));
    ASSERT_EQ(whys.size(), 1u);
    EXPECT_TRUE(whys[0].starts_with("a later start ")) << whys[0];
}

}  // namespace
}  // namespace weft::node
