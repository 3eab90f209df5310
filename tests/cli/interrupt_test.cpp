#include "cli/interrupt_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace weft::cli {
namespace {

using namespace std::chrono_literals;

bool soon(const auto& holds) {
    for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(10ms);
    return holds();
}

// A terminal that is closed and a service that is stopped must not lose the request id, either.
TEST(OnInterrupt, ActsOnceArmed) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        std::atomic<int> acted = 0;
        OnInterrupt interrupt([&acted] { ++acted; });
        interrupt.arm();
        EXPECT_EQ(interrupt.arrived(), 0);
        ASSERT_EQ(::kill(::getpid(), signal), 0);
        EXPECT_TRUE(soon([&acted] { return acted == 1; })) << signal;
        EXPECT_EQ(interrupt.arrived(), signal);
    }
}

// Between sending a call and having what gives it up: the request id must still be printed.
TEST(OnInterrupt, KeepsOneThatComesBeforeItIsArmed) {
    std::atomic<int> acted = 0;
    OnInterrupt interrupt([&acted] { ++acted; });
    interrupt.hold();
    ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
    ASSERT_TRUE(soon([&interrupt] { return interrupt.arrived(); }));
    EXPECT_EQ(acted, 0);
    interrupt.arm();
    EXPECT_EQ(acted, 1);
}

// nohup, and jobs that a script runs in the background.
TEST(OnInterrupt, LeavesOneAloneThatIsIgnored) {
    for (const int signal : {SIGINT, SIGHUP}) {
        struct sigaction ignored{}, before{};
        ignored.sa_handler = SIG_IGN;
        ASSERT_EQ(::sigaction(signal, &ignored, &before), 0);
        {
            OnInterrupt interrupt([] { ADD_FAILURE() << "it acts"; });
            interrupt.arm();
            ASSERT_EQ(::kill(::getpid(), signal), 0);
            std::this_thread::sleep_for(50ms);
            EXPECT_EQ(interrupt.arrived(), 0);
        }
        ::sigaction(signal, &before, nullptr);
    }
}

TEST(OnInterruptDeath, EndsTheProgramBeforeThereIsSomethingToKeep) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    for (const int signal : {SIGINT, SIGTERM})
        EXPECT_EXIT(
            {
                OnInterrupt interrupt([] {});
                ::kill(::getpid(), signal);
                std::this_thread::sleep_for(10s);
            },
            testing::KilledBySignal(signal), "");
}

}  // namespace
}  // namespace weft::cli
