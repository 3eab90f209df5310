// What replicas have in common.

#include "replication/partition/replicated_state.h"

#include "entity/builtin/counter.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::replication {
namespace {

// One replica's entities and sessions.
struct Replicated {
    entity::Host host;
    Sessions sessions{SessionLimits{}};

    void set(std::string_view id, std::uint64_t index, std::string_view value) {
        entity::Change change;
        change.index = LogIndex{index};
        change.version = Version{1};
        change.generation = Generation{1};
        change.value = value;
        host.commit(host.obtain({1, "kv", id}, Instant{}), change, nullptr);
    }
    static RequestPart request(std::uint64_t seq) {
        RequestPart part;
        part.client.bytes[0] = 1;
        part.start_ms = 1000;
        part.seq = seq;
        return part;
    }
    void remember(std::uint64_t seq, std::uint64_t index) {
        Remembered outcome;
        outcome.seq = seq;
        sessions.remember(request(seq), LogIndex{index}, outcome);
    }
    std::uint64_t hash(std::uint64_t base = 0) const {
        return hash_of_state(host, sessions, LogIndex{base});
    }
    bool is_of(std::uint64_t applied) const {
        return is_state_of(host, sessions, LogIndex{applied});
    }
};

TEST(ReplicatedState, IsEqualWhateverWasUsedLast) {
    Replicated one;
    one.set("a", 1, "x");
    one.set("b", 2, "y");
    Replicated other;
    other.set("b", 2, "y");
    other.set("a", 1, "x");
    EXPECT_EQ(one.hash(), other.hash());
    other.set("a", 1, "z");
    EXPECT_NE(one.hash(), other.hash());
}

// Below the base rows say it: whoever began from them has it in no memory.
TEST(ReplicatedState, LeavesOutWhatTheBaseHolds) {
    Replicated one;
    one.set("a", 1, "x");
    one.set("b", 2, "y");
    Replicated other;
    other.set("b", 2, "y");
    EXPECT_NE(one.hash(0), other.hash(0));
    EXPECT_EQ(one.hash(1), other.hash(1));
    EXPECT_NE(one.hash(1), Replicated{}.hash(1)) << "behind the base it counts";
}

TEST(ReplicatedState, OfEventsIsTheSameFoldedOrNot) {
    const auto counter = entity::make_counter();
    const std::string five("\x05\0\0\0\0\0\0\0", 8);
    const std::string_view events[] = {five};
    entity::Change change;
    change.index = LogIndex{3};
    change.version = Version{1};
    change.generation = Generation{3};
    change.kind = entity::Kind::EventSourced;
    change.events = events;
    Replicated leader;
    entity::Entity& folded = leader.host.obtain({1, "counter", "c"}, Instant{});
    leader.host.loaded(folded, {}, entity::Kind::EventSourced);
    leader.host.commit(folded, change, counter.get());
    Replicated follower;
    entity::Entity& kept = follower.host.obtain({1, "counter", "c"}, Instant{});
    follower.host.commit(kept, change, nullptr);
    ASSERT_NE(folded.committed.state, kept.committed.state);
    EXPECT_EQ(leader.hash(), follower.hash());
}

TEST(ReplicatedState, HoldsOfASessionWhatWasApplied) {
    Replicated one;
    one.sessions.proposed(Replicated::request(1), LogIndex{1}, false, 0);
    EXPECT_EQ(one.hash(), Replicated{}.hash()) << "a leader's own";
    one.remember(1, 1);
    EXPECT_NE(one.hash(), Replicated{}.hash());
    Replicated other;
    other.sessions.raise_floor(500, LogIndex{1}, 1000);
    EXPECT_NE(other.hash(), Replicated{}.hash()) << "the floor is of it, too";
}

TEST(ReplicatedState, IsOfAnEntryWhenNothingIsBehindIt) {
    Replicated entities;
    entities.set("a", 5, "x");
    EXPECT_FALSE(entities.is_of(4));
    EXPECT_TRUE(entities.is_of(5));
    Replicated sessions;
    sessions.remember(1, 5);
    EXPECT_FALSE(sessions.is_of(4));
    EXPECT_TRUE(sessions.is_of(5));
    Replicated floor;
    floor.sessions.raise_floor(500, LogIndex{5}, 1000);
    EXPECT_FALSE(floor.is_of(4));
    EXPECT_TRUE(floor.is_of(5));
}

}  // namespace
}  // namespace weft::replication
