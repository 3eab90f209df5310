// What is not true, or not true any more, is said in a mesh.

#include "tests/membership/little_mesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::membership {
namespace {

struct Recorded {
    std::size_t to;
    std::string bytes;
};

class Lies : public testing::Test {
protected:
    static void settle(LittleMesh& mesh) {
        mesh.boot_all();
        mesh.run(10s);
        ASSERT_TRUE(mesh.all_alive());
        ASSERT_TRUE(mesh.views_equal());
        mesh.seen.clear();
    }
    // Datagrams of some time in which a member dies, another one returns and a third one refutes.
    std::vector<Recorded> record(LittleMesh& mesh) {
        std::vector<Recorded> recording;
        mesh.tape = [&](std::size_t to, Carrier carrier, std::string_view bytes) {
            if (carrier == Carrier::Datagram) recording.push_back({to, std::string(bytes)});
        };
        settle(mesh);
        mesh.crash(3);
        mesh.pause(2, 3s);
        mesh.run(20s);
        EXPECT_TRUE(mesh.all_hold(3, MemberState::Dead));
        EXPECT_GT(mesh.swim(2).counts().refuted, 0U);
        mesh.crash(4);
        mesh.boot(4);
        mesh.run(5s);
        mesh.tape = {};
        return recording;
    }
    static void replay(LittleMesh& mesh, const std::vector<Recorded>& recording) {
        for (const Recorded& one : recording)
            if (mesh.runs(one.to)) mesh.tell(one.to, PacketReceived{one.bytes});
    }
};

TEST_F(Lies, WhatWasRecordedLongAgoChangesNothing) {
    LittleMesh mesh(8);
    std::vector<Recorded> recording = record(mesh);
    mesh.boot(3);
    mesh.run(20min);
    mesh.crash(5);
    mesh.boot(5);
    mesh.run(20min);
    ASSERT_TRUE(mesh.all_alive());
    mesh.seen.clear();
    for (int pass = 0; pass < 2; ++pass) {
        replay(mesh, recording);
        std::ranges::reverse(recording);
        mesh.run(30s);
    }
    EXPECT_TRUE(mesh.seen.empty());
    EXPECT_TRUE(mesh.all_alive());
    EXPECT_TRUE(mesh.views_equal());
}

// All were down; two are back, and somebody tells them what was said before.
TEST_F(Lies, WhatWasRecordedMakesNobodyAliveOrDeadForThoseWhoJustStarted) {
    LittleMesh mesh(8);
    const std::vector<Recorded> recording = record(mesh);
    for (std::size_t i = 0; i < 8; ++i) mesh.crash(i);
    mesh.seen.clear();
    mesh.boot(0);
    replay(mesh, recording);
    mesh.boot(1);
    replay(mesh, recording);
    mesh.run(5s);
    replay(mesh, recording);
    mesh.run(5s);
    EXPECT_EQ(mesh.state(0, 1), MemberState::Alive);
    EXPECT_EQ(mesh.state(1, 0), MemberState::Alive);
    for (std::size_t i = 2; i < 8; ++i)
        for (std::size_t observer : {0U, 1U})
            EXPECT_EQ(mesh.state(observer, i), MemberState::Unseen) << i;
}

// It uses up what is answered to those who do not know the flooded one: its own questions and the
// others bring them together.
TEST_F(Lies, AFloodOfRecordingsKeepsNobodyFromReturning) {
    LittleMesh mesh(8);
    const std::vector<Recorded> recording = record(mesh);
    mesh.boot(3);
    mesh.crash(0);
    mesh.boot(0);
    mesh.run(10s);
    ASSERT_TRUE(mesh.all_alive());
    std::size_t next = 0;
    const auto flood = [&](Duration span) {
        for (const Instant end = mesh.now() + span; mesh.now() < end; mesh.run(5ms))
            for (int i = 0; i < 50; ++i) {
                const Recorded& one = recording[++next % recording.size()];
                if (one.to == 0) mesh.tell(0, PacketReceived{one.bytes});
            }
    };
    flood(2s);
    mesh.crash(5);
    mesh.boot(5);
    flood(3s);
    EXPECT_TRUE(mesh.all_alive());
    EXPECT_GT(mesh.swim(0).counts().unanswered, 100U);
    EXPECT_LT(mesh.swim(0).counts().replayed, 1000U);
    EXPECT_EQ(mesh.deaths(0) + mesh.deaths(5), 0U);
}

// A firewall before it, say: its connections are refused, all at once or again and again.
TEST_F(Lies, WhoSuspectsEverybodyCondemnsNobodyAndIsNotHeardEachTime) {
    struct Case {
        const char* why;
        std::size_t members;
        unsigned seconds;
    };
    for (const Case& c : {Case{"all at once", 100, 1}, Case{"again and again", 20, 120}}) {
        SCOPED_TRACE(c.why);
        LittleMesh mesh(c.members);
        settle(mesh);
        for (unsigned second = 0; second < c.seconds; ++second) {
            for (std::size_t i = 1; i < c.members; ++i) mesh.tell(0, ConnectionRefused{node_of(i)});
            mesh.run(1s);
        }
        mesh.run(60s);
        EXPECT_EQ(mesh.deaths(), 0U);
        for (std::size_t i = 1; i < c.members; ++i)
            EXPECT_GT(mesh.swim(i).counts().limited, 0U) << i;
        EXPECT_TRUE(mesh.all_alive());
        EXPECT_TRUE(mesh.views_equal());
    }
}

// Of what it shows as its view, all others are dead.
TEST_F(Lies, AWrongViewCondemnsNobodyAndIsSetRight) {
    LittleMesh mesh(12);
    settle(mesh);
    for (int second = 0; second < 60; ++second) {
        std::string bytes;
        DatagramWriter writer(bytes, Carrier::Stream);
        writer.begin({mesh_tag(ClusterId{{7}}, node_of(1)), Boot{1}, node_of(0),
                      mesh.swim(0).incarnation(), Sequence{900}, Quality::Good});
        writer.add(BucketFacts{});
        for (std::size_t i = 2; i < 12; ++i)
            writer.add(Fact{dead(i, mesh.swim(i).incarnation(), 0)});
        mesh.tell(1, StreamReceived{node_of(0), bytes});
        mesh.run(1s);
    }
    EXPECT_FALSE(mesh.seen.empty());
    EXPECT_EQ(mesh.deaths(), 0U);
    mesh.run(20s);
    EXPECT_TRUE(mesh.all_alive());
    EXPECT_TRUE(mesh.views_equal());
}

// The newest word goes first, however much there is to tell.
TEST_F(Lies, ALeaveAmongManyRumoursIsHeardByAllInTime) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        LittleMesh mesh(60, {}, seed);
        mesh.boot_all();
        mesh.run(400ms);
        ASSERT_GT(mesh.swim(0).rumours(), 30U);
        mesh.tell(0, Leave{});
        const Instant begun = mesh.now();
        while (!mesh.left[0] && mesh.now() - begun < 30s) mesh.run(100ms);
        EXPECT_LE(mesh.now() - begun, 6s);
        mesh.crash(0);
        EXPECT_LE(mesh.run_until(0, MemberState::Left, 30s), 1s);
        mesh.run(30s);
        EXPECT_EQ(mesh.deaths(0), 0U);
    }
}

}  // namespace
}  // namespace weft::membership
