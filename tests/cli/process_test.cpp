#include "cli/process.h"

#include "cli/node_folder.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace weft::cli {
namespace {

using namespace std::chrono_literals;

class Processes : public ::testing::Test {
protected:
    ProcessId start(std::vector<std::string> arguments) {
        SpawnOptions options;
        options.arguments = std::move(arguments);
        options.log = temp_.path() / "log";
        options.folder = temp_.path();
        const auto process = spawn(options);
        EXPECT_TRUE(process) << process.error().message;
        return process.value_or(ProcessId{});
    }
    // Without a reaper the process would stay a zombie.
    void reap(const ProcessId& process) { ::waitpid(process.pid, nullptr, 0); }
    test::TempFolder temp_;
};

TEST_F(Processes, RunInASessionOfTheirOwnAndWriteToTheLog) {
    const ProcessId process =
        start({"/bin/sh", "-c", "read -r stat </proc/$$/stat; echo $stat; pwd; echo err >&2"});
    reap(process);
    const auto log = read_file(temp_.path() / "log", 4096);
    ASSERT_TRUE(log);
    EXPECT_NE(log->find(std::to_string(process.pid)), std::string::npos) << *log;
    EXPECT_NE(log->find(temp_.path().filename().string()), std::string::npos) << *log;
    EXPECT_NE(log->find("err"), std::string::npos) << *log;
}

TEST_F(Processes, AreStoppedContinuedAndKilled) {
    const ProcessId process = start({"/bin/sleep", "60"});
    const auto becomes = [&process](ProcessState wanted) {
        for (int i = 0; i < 200 && process_state(process) != wanted; ++i)
            std::this_thread::sleep_for(5ms);
        return process_state(process) == wanted;
    };
    EXPECT_TRUE(becomes(ProcessState::Running));
    EXPECT_TRUE(signal_process(process, SIGSTOP).value_or(false));
    EXPECT_TRUE(becomes(ProcessState::Stopped));
    EXPECT_TRUE(signal_process(process, SIGKILL).value_or(false));
    EXPECT_TRUE(becomes(ProcessState::Gone)) << "a zombie is gone";
    reap(process);
    EXPECT_FALSE(signal_process(process, SIGKILL).value_or(true));
}

// Under a load the thread that writes to the disk ends last. A first thread that has ended hid it,
// and the next start of the node met the ports of its own dying self.
TEST_F(Processes, AreThereUntilTheirLastThreadHasEnded) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        std::thread([] {
            for (;;) ::pause();
        }).detach();
        ::syscall(SYS_exit, 0);  // this thread alone
    }
    ASSERT_GT(pid, 0);
    const auto process = identify_process(pid);
    ASSERT_TRUE(process);
    for (int i = 0; i < 400 && process_state(*process) == ProcessState::Running; ++i)
        std::this_thread::sleep_for(5ms);
    EXPECT_EQ(process_state(*process), ProcessState::Ending);
    EXPECT_FALSE(wait_until_gone(*process, 50ms));
    EXPECT_TRUE(signal_process(*process, SIGKILL).value_or(false));
    EXPECT_TRUE(wait_until_gone(*process, 5s));
    reap(*process);
}

// The pid was given to another process meanwhile: it must not be hit.
TEST_F(Processes, AreNotConfusedWithOthersOfTheSamePid) {
    const ProcessId process = start({"/bin/sleep", "60"});
    const ProcessId former{process.pid, process.start_ticks - 1};
    EXPECT_EQ(process_state(former), ProcessState::Gone);
    EXPECT_FALSE(signal_process(former, SIGKILL).value_or(true));
    EXPECT_NE(process_state(process), ProcessState::Gone);
    (void)signal_process(process, SIGKILL);
    reap(process);
}

TEST_F(Processes, GetTheEnvironmentButWhatIsLeftOut) {
    ::setenv("WEFT_TEST_KEPT", "kept", 1);
    ::setenv("WEFT_TEST_LEFT", "left", 1);
    SpawnOptions options{{"/bin/sh", "-c", "echo $WEFT_TEST_KEPT,$WEFT_TEST_LEFT,$WEFT_TEST_NEW"},
                         temp_.path() / "log",
                         temp_.path(),
                         {"WEFT_TEST_NEW=new"},
                         {"WEFT_TEST_LEFT"}};
    const auto process = spawn(options);
    ASSERT_TRUE(process);
    reap(*process);
    ::unsetenv("WEFT_TEST_KEPT");
    ::unsetenv("WEFT_TEST_LEFT");
    EXPECT_EQ(*read_file(temp_.path() / "log", 4096), "kept,,new\n");
}

TEST_F(Processes, ThatCannotBeRunAreReported) {
    SpawnOptions options{{"/no/such/program"}, temp_.path() / "log", temp_.path()};
    const auto process = spawn(options);
    ASSERT_FALSE(process);
    EXPECT_NE(process.error().message.find("/no/such/program"), std::string::npos);
}

TEST_F(Processes, AreRememberedInPidFiles) {
    const auto path = temp_.path() / "pid";
    EXPECT_FALSE(read_pid_file(path));
    ASSERT_TRUE(write_pid_file(path, {1234, 567890}));
    EXPECT_EQ(read_pid_file(path), (ProcessId{1234, 567890}));
    ASSERT_TRUE(write_file(path, "1 5\n", 0644));
    EXPECT_FALSE(read_pid_file(path)) << "pid 1 is never ours";
    ASSERT_TRUE(write_file(path, "garbage", 0644));
    EXPECT_FALSE(read_pid_file(path));
}

}  // namespace
}  // namespace weft::cli
