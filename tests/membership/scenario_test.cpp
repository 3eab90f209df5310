// Whole runs of a few members.

#include "tests/membership/little_mesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace weft::membership {
namespace {

void settle(LittleMesh& mesh) {
    mesh.boot_all();
    mesh.run(10s);
    ASSERT_TRUE(mesh.all_alive());
    ASSERT_TRUE(mesh.views_equal());
    mesh.seen.clear();
}

TEST(Mesh, MembersThatStartTogetherSeeEachOther) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        LittleMesh mesh(20, {}, seed);
        mesh.boot_all();
        mesh.run(3s);
        EXPECT_TRUE(mesh.all_alive()) << seed;
        EXPECT_EQ(mesh.deaths(), 0U);
    }
}

TEST(Mesh, AQuietMeshSaysLittleAndNobodyIsSuspected) {
    LittleMesh mesh(20);
    settle(mesh);
    mesh.packets = mesh.bytes = 0;
    mesh.run(60s);
    EXPECT_TRUE(mesh.seen.empty());
    EXPECT_TRUE(mesh.views_equal());
    // One ping and one ack for each member and second.
    EXPECT_NEAR(static_cast<double>(mesh.packets) / (20 * 60), 2.0, 0.1);
    EXPECT_LE(mesh.bytes / mesh.packets, 64U);
}

TEST(Mesh, ASilentMemberIsCondemnedByAllInTime) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        LittleMesh mesh(10, {}, seed);
        settle(mesh);
        mesh.crash(3);
        EXPECT_LE(mesh.run_until(3, MemberState::Dead, 60s), 7500ms) << seed;
        EXPECT_EQ(mesh.deaths(), 9U);
    }
}

// A refused connection that two members saw.
TEST(Mesh, AKilledProcessIsKnownWithinASecond) {
    LittleMesh mesh(10);
    settle(mesh);
    mesh.crash(3);
    mesh.tell(1, ConnectionRefused{node_of(3)});
    mesh.run(100ms);
    EXPECT_EQ(mesh.deaths(), 0U) << "one may be wrong";
    mesh.tell(2, ConnectionRefused{node_of(3)});
    EXPECT_LE(mesh.run_until(3, MemberState::Dead, 60s), 1s);
}

TEST(Mesh, OfTwoTheOtherOneIsEnoughToSeeARefusal) {
    LittleMesh mesh(2);
    settle(mesh);
    mesh.crash(1);
    mesh.tell(0, ConnectionRefused{node_of(1)});
    EXPECT_EQ(mesh.state(0, 1), MemberState::Dead);
}

TEST(Mesh, AOneWayCutBetweenTwoCondemnsNobody) {
    LittleMesh mesh(6);
    settle(mesh);
    mesh.lost = [](std::size_t from, std::size_t to, Carrier) { return from == 0 && to == 1; };
    mesh.run(60s);
    EXPECT_TRUE(mesh.seen.empty());
    EXPECT_LE(mesh.swim(0).health(), 2);
    mesh.lost = [](std::size_t from, std::size_t to, Carrier) {
        return (from == 0 && to == 1) || (from == 1 && to == 0);
    };
    mesh.run(60s);
    EXPECT_TRUE(mesh.seen.empty());
    EXPECT_GT(mesh.swim(0).counts().probes_relayed, 0U);
}

TEST(Mesh, WhoHearsNothingDoubtsItselfFirst) {
    LittleMesh mesh(10);
    settle(mesh);
    mesh.lost = [](std::size_t, std::size_t to, Carrier) { return to == 0; };
    mesh.run(18s);
    EXPECT_GE(mesh.swim(0).health(), 6);
    for (std::size_t i = 1; i < 10; ++i) {
        EXPECT_NE(mesh.state(0, i), MemberState::Dead);
        EXPECT_EQ(mesh.state(1, i), i == 1 ? MemberState::Alive : mesh.state(2, i));
    }
}

TEST(Mesh, WhoCannotSpeakIsRemovedAndComesBackWhenItCan) {
    LittleMesh mesh(8);
    settle(mesh);
    mesh.lost = [](std::size_t from, std::size_t, Carrier) { return from == 0; };
    EXPECT_LE(mesh.run_until(0, MemberState::Dead, 60s), 15s);
    mesh.run(60s);
    mesh.lost = [](std::size_t, std::size_t, Carrier) { return false; };
    EXPECT_LE(mesh.run_until(0, MemberState::Alive, 60s), 35s);
    mesh.run(35s);
    EXPECT_TRUE(mesh.views_equal());
    EXPECT_TRUE(mesh.all_alive());
}

TEST(Mesh, WhereOnlyDatagramsAreLostStreamsKeepAlive) {
    LittleMesh mesh(6);
    settle(mesh);
    mesh.lost = [](std::size_t from, std::size_t to, Carrier carrier) {
        return carrier == Carrier::Datagram && (from == 2 || to == 2);
    };
    mesh.run(120s);
    EXPECT_EQ(mesh.deaths(2), 0U);
    EXPECT_TRUE(mesh.all_alive());
}

TEST(Mesh, WithoutStreamsViewsStillBecomeEqual) {
    LittleMesh mesh(20);
    mesh.lost = [](std::size_t, std::size_t, Carrier carrier) {
        return carrier == Carrier::Stream;
    };
    settle(mesh);
    mesh.crash(4);
    mesh.run(30s);
    EXPECT_TRUE(mesh.views_equal());
    mesh.boot(4);
    mesh.run(5s);
    EXPECT_TRUE(mesh.views_equal());
    EXPECT_TRUE(mesh.all_alive());
}

TEST(Mesh, HalfOfAllDatagramsLostCondemnsNobody) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        LittleMesh mesh(30, {}, seed);
        settle(mesh);
        Random dice(seed);
        mesh.lost = [&](std::size_t, std::size_t, Carrier carrier) {
            return carrier == Carrier::Datagram && dice.chance(1, 2);
        };
        mesh.run(120s);
        EXPECT_EQ(mesh.deaths(), 0U) << seed;
    }
}

// The tail of convergence: whom a rumour missed, a digest finds.
TEST(Mesh, ARumourThatMissedAMemberIsMadeGoodInTwoSeconds) {
    for (const bool digests : {true, false}) {
        Options options;
        options.digests = digests;
        LittleMesh mesh(20, options);
        mesh.boot_all();
        mesh.run(20s);
        // Deaf for as long as the rumour lives, and not long enough to be suspected.
        mesh.lost = [](std::size_t, std::size_t to, Carrier) { return to == 5; };
        mesh.crash(4);
        mesh.boot(4);
        mesh.run(3s);
        ASSERT_FALSE(mesh.views_equal());
        mesh.lost = [](std::size_t, std::size_t, Carrier) { return false; };
        mesh.run(2s);
        EXPECT_EQ(mesh.views_equal(), digests);
    }
}

TEST(Mesh, AMemberThatStandsStillIsRefutedOrComesBack) {
    for (const Duration span : {3s, 4s, 8s, 20s}) {
        LittleMesh mesh(10);
        settle(mesh);
        mesh.pause(0, span);
        mesh.run(span);
        EXPECT_LE(mesh.run_until(0, MemberState::Alive, 20s), 5s);
        mesh.run(10s);
        EXPECT_TRUE(mesh.all_alive());
        if (span <= 4s) {
            EXPECT_EQ(mesh.deaths(), 0U);
        }
        EXPECT_EQ(mesh.deaths(), mesh.deaths(0)) << "at most its own death";
    }
}

TEST(Mesh, AQuarterThatStandsStillTogetherAccusesNoHealthyMemberToDeath) {
    LittleMesh mesh(20);
    settle(mesh);
    for (std::size_t i = 0; i < 5; ++i) mesh.pause(i, 5s);
    mesh.run(30s);
    for (std::size_t i = 5; i < 20; ++i) EXPECT_EQ(mesh.deaths(i), 0U);
    EXPECT_TRUE(mesh.all_alive());
}

TEST(Mesh, AllRestartedAtOnceAreAliveAgain) {
    LittleMesh mesh(20);
    settle(mesh);
    for (std::size_t i = 0; i < 20; ++i) {
        mesh.crash(i);
        mesh.run(100ms);
        mesh.boot(i);
        mesh.run(400ms);
    }
    mesh.run(5s);
    EXPECT_TRUE(mesh.all_alive());
    EXPECT_TRUE(mesh.views_equal());
    EXPECT_EQ(mesh.deaths(), 0U);
}

TEST(Mesh, ARestartOutranksItsOwnDeath) {
    LittleMesh mesh(6);
    settle(mesh);
    mesh.crash(2);
    mesh.run(20s);
    ASSERT_TRUE(mesh.all_hold(2, MemberState::Dead));
    mesh.boot(2);
    EXPECT_LE(mesh.run_until(2, MemberState::Alive, 20s), 2s);
    EXPECT_EQ(mesh.swim(2).incarnation(), incarnation_of(2));
    mesh.run(2s);
    EXPECT_TRUE(mesh.views_equal());
}

TEST(Mesh, HealedPartsFindEachOtherWithoutAPerson) {
    for (const std::size_t parts : {2U, 3U}) {
        LittleMesh mesh(12);
        settle(mesh);
        mesh.lost = [&](std::size_t from, std::size_t to, Carrier) {
            return from % parts != to % parts;
        };
        mesh.run(90s);
        EXPECT_EQ(mesh.state(0, 1), MemberState::Dead);
        EXPECT_EQ(mesh.state(0, parts), MemberState::Alive);
        mesh.lost = [](std::size_t, std::size_t, Carrier) { return false; };
        mesh.run(10s);
        EXPECT_TRUE(mesh.all_alive());
        EXPECT_TRUE(mesh.views_equal());
    }
}

TEST(Mesh, WhoLosesMostOfWhatIsSaidToItIsDegradedAndAliveAndTheOthersUntouched) {
    LittleMesh mesh(30);
    settle(mesh);
    Random dice(5);
    mesh.lost = [&](std::size_t, std::size_t to, Carrier carrier) {
        return to == 0 && carrier == Carrier::Datagram && dice.chance(8, 10);
    };
    mesh.run(60s);
    const MemberIndex first = *mesh.swim(1).members().find(node_of(0));
    std::size_t degraded = 0;
    for (std::size_t i = 1; i < 30; ++i)
        if (mesh.swim(i).quality(first) == Quality::Degraded) ++degraded;
    EXPECT_GE(degraded, 15U);
    for (std::size_t i = 1; i < 30; ++i) EXPECT_EQ(mesh.deaths(i), 0U);
}

TEST(Mesh, WhoLeavesIsNeverReportedDead) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        LittleMesh mesh(10, {}, seed);
        settle(mesh);
        for (std::size_t i = 0; i < 7; ++i) {
            mesh.tell(i, Leave{});
            mesh.run(1s);
            // Its process ends when it may.
            for (std::size_t j = 0; j <= i; ++j)
                if (mesh.left[j] && mesh.runs(j)) mesh.crash(j);
        }
        for (int i = 0; i < 30; ++i) {
            mesh.run(1s);
            for (std::size_t j = 0; j < 7; ++j)
                if (mesh.left[j] && mesh.runs(j)) mesh.crash(j);
        }
        EXPECT_EQ(mesh.deaths(), 0U) << seed;
        for (std::size_t i = 0; i < 7; ++i) {
            EXPECT_TRUE(mesh.left[i]);
            EXPECT_TRUE(mesh.all_hold(i, MemberState::Left));
        }
    }
}

TEST(Mesh, ALeaveInAPartitionEndsAndIsKnownLater) {
    LittleMesh mesh(6);
    settle(mesh);
    mesh.lost = [](std::size_t from, std::size_t to, Carrier) { return from == 0 || to == 0; };
    mesh.tell(0, Leave{});
    mesh.run(6s);
    EXPECT_TRUE(mesh.left[0]);
    mesh.lost = [](std::size_t, std::size_t, Carrier) { return false; };
    mesh.run(20s);
    EXPECT_TRUE(mesh.all_hold(0, MemberState::Left));
}

TEST(Mesh, OfTwoProcessesWithOneIdTheLaterBootStays) {
    LittleMesh mesh(4);
    settle(mesh);
    // What a later boot of member 0 says to the others.
    const Claim later = alive(0, incarnation_of(5));
    std::string bytes;
    DatagramWriter writer(bytes, Carrier::Datagram);
    Header header{mesh_tag(ClusterId{{7}}, node_of(1)),
                  Boot{1},
                  node_of(2),
                  incarnation_of(1),
                  Sequence{900},
                  Quality::Good};
    writer.begin(header);
    writer.add(Rumour{later});
    mesh.tell(1, PacketReceived{bytes});
    mesh.run(5s);
    EXPECT_TRUE(mesh.superseded[0]);
    EXPECT_EQ(mesh.swim(0).incarnation(), incarnation_of(1)) << "it does not outbid the other";
    for (std::size_t i = 1; i < 4; ++i) EXPECT_FALSE(mesh.superseded[i]);
}

TEST(Mesh, TheSameSeedGivesTheSameRun) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> runs;
    for (int i = 0; i < 2; ++i) {
        LittleMesh mesh(10, {}, 9);
        mesh.boot_all();
        mesh.run(5s);
        mesh.crash(3);
        mesh.run(20s);
        runs.emplace_back(mesh.packets, mesh.bytes);
    }
    EXPECT_EQ(runs[0], runs[1]);
}

// The members' roster grows and shrinks while it runs.
TEST(Mesh, TheRosterDecidesWhoIsKnown) {
    LittleMesh mesh(6);
    settle(mesh);
    std::vector<NodeId> fewer;
    for (std::size_t i = 0; i < 5; ++i) fewer.push_back(node_of(i));
    for (std::size_t i = 0; i < 5; ++i) mesh.tell(i, RosterChanged{fewer});
    mesh.run(10s);
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(mesh.state(i, 5), MemberState::Unseen);
        EXPECT_EQ(mesh.swim(i).members().size(), 5U);
    }
    EXPECT_GT(mesh.swim(0).counts().unknown, 0U) << "member 5 still speaks";
    fewer.push_back(node_of(5));
    for (std::size_t i = 0; i < 5; ++i) mesh.tell(i, RosterChanged{fewer});
    mesh.run(10s);
    EXPECT_TRUE(mesh.all_alive());
    EXPECT_TRUE(mesh.views_equal());
}

}  // namespace
}  // namespace weft::membership
