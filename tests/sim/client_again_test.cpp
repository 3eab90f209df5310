// Clients that ask how a request ended (I8), that want no answer, and whose processes end.

#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/run.h"
#include "sim/world.h"

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

using End = OperationOutcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(AskedAgain, ARequestEndsOnceAndForAll) {
    struct Case {
        const char* why;
        End known;
        Outcome again;
        const char* payload;
        bool right;
    };
    const Case cases[] = {
        {"the same", End::Done, Outcome::Done, "7", true},
        {"nobody knows any more", End::Done, Outcome::Unknown, "", true},
        {"it ran twice", End::Done, Outcome::Done, "9", false},
        {"done is lost", End::Done, Outcome::NotDone, "", false},
        {"done is refused", End::Done, Outcome::Rejected, "", false},
        {"refused is done", End::Rejected, Outcome::Done, "7", false},
        {"not done has left a trace", End::NotDone, Outcome::Done, "7", false},
        {"not done as before", End::NotDone, Outcome::NotDone, "", true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Operation op;
        op.kind = OperationKind::Add;
        op.outcome = c.known;
        if (c.known == End::Done) op.result = "7";
        Reply again;
        again.outcome = c.again;
        again.payload = Bytes::copy_of(c.payload);
        const auto wrong = contradiction(op, again);
        EXPECT_EQ(!wrong, c.right);
        EXPECT_TRUE(!wrong || wrong->starts_with("I8: "));
    }
}

struct Sum {
    ClientActor::Asked asked;
    std::uint64_t unknown = 0, lives = 0;
    std::uint64_t told = 0;  // additions that are done, and whose sum nobody said
};

// Six seconds in which leaders stand still, then a whole mesh until every call has ended.
Sum pauses(const Schedule& schedule) {
    entity::TypeTable types;
    types.add(entity::make_kv());
    types.add(entity::make_counter());
    World world(schedule, {.types = &types});
    world.begin();
    world.run_for(seconds(3));
    for (std::uint64_t salt = 1; salt <= 4; ++salt) {
        world.apply({{}, FaultKind::Pause, kLeader, 0, seconds(1), 0, salt});
        world.run_for(milliseconds(1500));
    }
    world.heal();
    for (std::size_t i = 0; i < world.clients(); ++i) world.client(i).finish();
    EXPECT_TRUE(world.run_until(seconds(30), [&world] {
        for (std::size_t i = 0; i < world.clients(); ++i)
            if (!world.client(i).idle()) return false;
        return true;
    }));
    Sum sum;
    for (std::size_t i = 0; i < world.clients(); ++i) {
        const ClientActor& client = world.client(i);
        sum.asked.settled += client.asked().settled;
        sum.asked.confirmed += client.asked().confirmed;
        sum.asked.in_vain += client.asked().in_vain;
        sum.unknown += client.ended(End::Unknown);
        sum.lives += client.lives();
    }
    for (const auto& [entity, history] : world.histories())
        for (const Operation& op : history)
            sum.told += op.kind == OperationKind::Add && op.outcome == End::Done && !op.result;
    return sum;
}

Schedule impatient() {
    Schedule schedule = draw_schedule(1, Profile::NoFaults);
    schedule.config = RunConfig{};
    schedule.config.call_timeout_ms = 300;  // shorter than an election: outcomes stay unknown
    schedule.config.clients = 5;
    return schedule;
}

TEST(AskedAgain, WhatWasUnknownIsTold) {
    Schedule schedule = impatient();
    const Sum silent = pauses(schedule);
    EXPECT_GT(silent.unknown, 0U);
    EXPECT_EQ(silent.asked.settled + silent.asked.confirmed + silent.asked.in_vain, 0U);
    EXPECT_EQ(silent.told, 0U);
    EXPECT_EQ(silent.lives, 5U);
    schedule.config.ask_percent = 100;
    const Sum asking = pauses(schedule);
    EXPECT_GT(asking.asked.settled, 0U);
    EXPECT_GT(asking.asked.confirmed, 0U);
    EXPECT_LT(asking.unknown, silent.unknown) << asking.asked.settled << " were told";
}

TEST(AskedAgain, ProcessesEndAndSomeWantNoAnswer) {
    Schedule schedule = impatient();
    schedule.config.client_life_ms = 800;
    schedule.config.tell_percent = 50;
    schedule.config.ask_percent = 50;
    const Sum sum = pauses(schedule);
    EXPECT_GT(sum.lives, 15U);
    EXPECT_GT(sum.told, 0U);
    EXPECT_GT(sum.unknown, 0U) << "who is gone hears of nothing";
}

// Draws of the swarm: each kind of client is there, and one that reads at the end waits for nobody.
TEST(AskedAgain, TheSwarmDrawsEveryKind) {
    int asking = 0, telling = 0, ending = 0, patient = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        const RunConfig config = draw_schedule(seed, Profile::Swarm).config;
        asking += config.ask_percent > 0 ? 1 : 0;
        telling += config.tell_percent > 0 ? 1 : 0;
        ending += config.client_life_ms > 0 ? 1 : 0;
        patient += config.patient > 0 ? 1 : 0;
        EXPECT_LT(config.patient, config.clients);
    }
    EXPECT_GT(asking, 100);
    EXPECT_GT(telling, 60);
    EXPECT_GT(ending, 40);
    EXPECT_GT(patient, 40);
}

}  // namespace
}  // namespace weft::sim
