// Administrative questions cost the groups of a node nothing (finding 11 of the hostile tests).

#include "node/admin/questions.h"

#include "core/error.h"
#include "tests/node/lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace weft::node::test {
namespace {

routing::AdminRequest question(std::uint64_t id, std::size_t bytes = 10) {
    return {id, "partitions", {std::string(bytes, 'x')}};
}

TEST(Questions, OfOneConnectionAreAnsweredOneAtATimeAndInOrder) {
    Questions questions;
    const ClientRef one{1}, other{2};
    for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(questions.add(one, question(id)));
    EXPECT_TRUE(questions.add(other, question(7)));
    EXPECT_EQ(questions.take()->request.id, 1u);
    EXPECT_EQ(questions.take()->from, other) << "connections take turns";
    EXPECT_FALSE(questions.any()) << "both are being answered";
    EXPECT_FALSE(questions.take());
    questions.done(one);
    EXPECT_EQ(questions.take()->request.id, 2u);
    questions.done(other);
    questions.done(other);  // a second answer sets nobody free
    EXPECT_FALSE(questions.any());
    questions.forget(one);
    questions.done(one);
    EXPECT_FALSE(questions.any()) << "it is gone";
}

// What was moved from has lost its questions and still counts them.
TEST(Questions, CheckFindsWhatIsCountedAndDoesNotWait) {
    Questions questions;
    EXPECT_TRUE(questions.add(ClientRef{1}, question(1)));
    const Questions taken(static_cast<Questions&&>(questions));
    EXPECT_EQ(weft::test::said_by([&] { taken.check(); }), "");
    const std::string said = weft::test::said_by([&] { questions.check(); });
    EXPECT_TRUE(said.starts_with("0 questions of 0 bytes wait, 1 of ")) << said;
}

TEST(Questions, ATurnIsGivenWithWhatMakesTheDifference) {
    Questions questions;
    const ClientRef one{1}, other{2};
    EXPECT_TRUE(questions.add(one, question(1)));
    EXPECT_EQ(questions.take()->request.id, 1u);
    EXPECT_TRUE(questions.add(one, question(2)));
    EXPECT_FALSE(questions.any()) << "one at a time";
    questions.done(one);
    EXPECT_TRUE(questions.add(one, question(3)));
    EXPECT_TRUE(questions.add(other, question(4)));
    EXPECT_EQ(questions.take()->request.id, 2u);
    EXPECT_EQ(questions.take()->request.id, 4u) << "two questions had one turn";
    questions.forget(other);
    EXPECT_TRUE(questions.add(other, question(5)));
    questions.forget(other);
    EXPECT_FALSE(questions.any()) << "its turn went with it";
    questions.done(one);
    EXPECT_EQ(questions.take()->request.id, 3u);
    questions.done(one);
    EXPECT_FALSE(questions.any());
    questions.check();
}

TEST(Questions, OfOneConnectionHaveABound) {
    Questions questions;
    for (std::uint64_t id = 0; id < Questions::kPerConnection; ++id)
        EXPECT_TRUE(questions.add(ClientRef{1}, question(id)));
    EXPECT_FALSE(questions.add(ClientRef{1}, question(99)));
    EXPECT_TRUE(questions.add(ClientRef{2}, question(1)));
    EXPECT_EQ(questions.take()->request.id, 0u);
    EXPECT_TRUE(questions.add(ClientRef{1}, question(99))) << "one is being answered";
    questions.forget(ClientRef{1});
    EXPECT_EQ(questions.take()->from, ClientRef{2});
    EXPECT_FALSE(questions.any());
}

TEST(Questions, OfManyConnectionsLeaveRoomForOneMore) {
    Questions questions;
    std::uint64_t connection = 1;
    std::size_t waiting = 0;
    for (; waiting < Questions::kRoomy; ++connection)
        for (int i = 0; i < 16; ++i)
            if (questions.add(ClientRef{connection}, question(1))) ++waiting;
    EXPECT_EQ(waiting, Questions::kRoomy);
    EXPECT_TRUE(questions.add(ClientRef{9000}, question(1)));
    EXPECT_FALSE(questions.add(ClientRef{9000}, question(2)));

    Questions large;
    for (std::uint64_t i = 0; i < 500; ++i) large.add(ClientRef{i / 10}, question(i, 32 << 10));
    EXPECT_FALSE(large.add(ClientRef{9000}, question(1, 32 << 10)));
    EXPECT_TRUE(large.add(ClientRef{9000}, question(1)));
    for (std::uint64_t i = 0; i < 50; ++i) large.forget(ClientRef{i});
    EXPECT_TRUE(large.add(ClientRef{9001}, question(1, 32 << 10)));
}

struct Answers {
    std::size_t given = 0, refused = 0;
};

Answers answers_of(const Machine& machine) {
    Answers found;
    for (const auto& answer : machine.answers) {
        const auto* reply = std::get_if<routing::AdminReply>(&answer);
        if (reply == nullptr) continue;
        if (!reply->error)
            ++found.given;
        else if (reply->error->number == static_cast<std::uint16_t>(ErrorNumber::QueueFull))
            ++found.refused;
    }
    return found;
}

TEST(AdminFlood, IsRefusedBeyondTheBoundAndEveryQuestionHearsSomething) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    Machine& machine = lab[0];
    machine.answers.clear();
    for (std::uint64_t id = 1; id <= 2000; ++id)
        machine.event(FromClient{ClientRef{50}, routing::AdminRequest{id, "partitions", {}}});
    lab.run_for(std::chrono::milliseconds(10));
    const Answers found = answers_of(machine);
    EXPECT_EQ(found.given + found.refused, 2000u);
    EXPECT_LE(found.given, 9 * Questions::kPerConnection)
        << "a full queue for each round of events";
    EXPECT_GE(found.given, Questions::kPerConnection);
    EXPECT_EQ(machine.node().has_questions(), false);
}

// One answer costs a millisecond here, and there is always an event.
struct SlowPort {
    Now at{Instant{1'000'000'000}, WallTime{1'790'000'000'000}};
    std::size_t rounds = 0, answers = 0;
    bool busy = true;
    std::size_t left = 0;  // events of this round

    Now now() {
        if (asking) at.mono = at.mono + std::chrono::milliseconds(1);
        return at;
    }
    bool next_event(Event& event) {
        asking = false;
        if (!busy || left == 0) {
            asking = true;
            return false;
        }
        --left;
        at.mono = at.mono + std::chrono::milliseconds(1);
        event = ClientGone{ClientRef{1}};
        return true;
    }
    void perform(Effects& effects) {
        answers +=
            static_cast<std::size_t>(std::ranges::count_if(effects.list, [](const Effect& effect) {
                return std::holds_alternative<SendClient>(effect);
            }));
    }
    bool asking = false;
};

TEST(AdminFlood, TakesAFifthOfTheTimeWhileThereIsAnythingElse) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    Node& node = lab[0].node();
    Effects effects;
    SlowPort port;
    port.at = lab[0].now();
    for (std::uint64_t client = 1; client <= 500; ++client)
        node.step(port.at,
                  FromClient{ClientRef{100 + client}, routing::AdminRequest{1, "peers", {}}},
                  effects);
    EXPECT_TRUE(effects.list.empty()) << "step() answers no question";
    Loop<SlowPort> loop(node, port);
    const Instant begun = port.at.mono;
    while (port.at.mono - begun < std::chrono::milliseconds(400)) {
        port.left = 3;
        loop.round();
    }
    EXPECT_GE(port.answers, 20u) << "they do get their turns";
    EXPECT_LE(port.answers, 80u);
    port.busy = false;
    port.answers = 0;
    const Instant idle = port.at.mono;
    while (port.at.mono - idle < std::chrono::milliseconds(100)) loop.round();
    EXPECT_GE(port.answers, 40u) << "nothing else is to be done";
}

TEST(HelloFlood, IsAnsweredOnceForEachConnectionAndRound) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    Machine& machine = lab[0];
    const auto hellos = [&] {
        return std::ranges::count_if(machine.answers, [](const routing::ToClient& answer) {
            return std::holds_alternative<routing::HelloReply>(answer);
        });
    };
    machine.answers.clear();
    for (int i = 0; i < 100; ++i)
        for (std::uint64_t client = 50; client < 52; ++client)
            machine.event(FromClient{ClientRef{client}, routing::ClientHello{}});
    EXPECT_TRUE(machine.round());
    EXPECT_EQ(hellos(), 2);
    machine.event(FromClient{ClientRef{50}, routing::ClientHello{}});
    EXPECT_TRUE(machine.round());
    EXPECT_EQ(hellos(), 3) << "the next round has an answer of its own";
}

}  // namespace
}  // namespace weft::node::test
