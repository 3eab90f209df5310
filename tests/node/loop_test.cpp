// The driver loop: what one round may take.

#include "node/loop/loop.h"

#include "tests/node/lab.h"

#include <gtest/gtest.h>

namespace weft::node::test {
namespace {

// There is always one more event, and each costs a millisecond.
struct EndlessPort {
    Now at{Instant{1'000'000'000}, WallTime{1'790'000'000'000}};
    int performed = 0;

    Now now() const { return at; }
    bool next_event(Event& event) {
        at.mono = at.mono + std::chrono::milliseconds(1);
        event = ClientGone{ClientRef{1}};
        return true;
    }
    void perform(Effects&) { ++performed; }
};

TEST(Loop, ARoundEndsAlthoughThereIsMoreToDo) {
    Lab lab;
    lab.start();
    EndlessPort port;
    Loop<EndlessPort> loop(lab[0].node(), port);
    const auto most =
        static_cast<std::size_t>(Loop<EndlessPort>::kRoundMax / std::chrono::milliseconds(1)) + 1;
    for (int round = 1; round <= 3; ++round) {
        EXPECT_LE(loop.round(), most);
        EXPECT_EQ(port.performed, round);
    }
}

}  // namespace
}  // namespace weft::node::test
