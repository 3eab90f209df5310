// libweft_faults.so under programs that everybody knows.

#include "cli/node_folder.h"
#include "cli/process.h"
#include "cli/torture_nemesis.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <ctime>
#include <thread>

namespace weft::cli {
namespace {

using namespace std::chrono_literals;

class FaultsLibrary : public ::testing::Test {
protected:
    std::filesystem::path control() const { return temp_.path() / "control"; }
    void say(const std::string& words) const { ASSERT_TRUE(write_file(control(), words, 0644)); }

    ProcessId start(const std::string& script) const {
        SpawnOptions options;
        options.arguments = {"/bin/sh", "-c", script};
        options.log = temp_.path() / "log";
        options.folder = temp_.path();
        options.environment = faults_environment(WEFT_FAULTS_LIBRARY, control());
        const auto process = spawn(options);
        EXPECT_TRUE(process) << process.error().message;
        return process.value_or(ProcessId{});
    }
    std::string log() const { return read_file(temp_.path() / "log", 4096).value_or(""); }
    // What the script printed; its end is waited for.
    std::string output(const std::string& script) const {
        std::filesystem::remove(temp_.path() / "log");
        ::waitpid(start(script).pid, nullptr, 0);
        return log();
    }
    static constexpr const char* kWrite =
        "dd if=/dev/zero of=data.mdb bs=16k count=1 conv=fdatasync 2>&1 && echo written";

    test::TempFolder temp_;
};

// An hour is far more than the test takes.
TEST_F(FaultsLibrary, MovesTheWallClockOfThatProcessAlone) {
    const std::int64_t now = std::time(nullptr);
    const auto told = [this] { return std::atoll(output("date +%s").c_str()); };
    EXPECT_NEAR(static_cast<double>(told() - now), 0, 600);
    say("clock=3600000");
    EXPECT_NEAR(static_cast<double>(told() - now), 3600, 600);
    say("clock=-3600000 stall");
    EXPECT_NEAR(static_cast<double>(told() - now), -3600, 600);
    EXPECT_LT(std::time(nullptr) - now, 600);
}

TEST_F(FaultsLibrary, FillsTheDiskOfTheJournal) {
    EXPECT_NE(output(kWrite).find("written"), std::string::npos) << log();
    say("full");
    EXPECT_NE(output(kWrite).find("No space left"), std::string::npos) << log();
    EXPECT_NE(output("echo more >other && echo written").find("written"), std::string::npos);
    std::filesystem::remove(control());
    EXPECT_NE(output(kWrite).find("written"), std::string::npos) << log();
}

TEST_F(FaultsLibrary, FailsTheSyncOfTheJournal) {
    say("sync");
    const std::string told = output(kWrite);
    EXPECT_EQ(told.find("written"), std::string::npos) << told;
    EXPECT_NE(told.find("Input/output error"), std::string::npos) << told;
}

TEST_F(FaultsLibrary, StallsASyncUntilTheWordIsGone) {
    say("stall");
    const ProcessId process = start(kWrite);
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(process_state(process), ProcessState::Running);
    EXPECT_EQ(log().find("written"), std::string::npos) << log();
    std::filesystem::remove(control());
    ::waitpid(process.pid, nullptr, 0);
    EXPECT_NE(log().find("written"), std::string::npos) << log();
}

TEST_F(FaultsLibrary, EnvironmentTakesThePlaceOfAnInheritedOne) {
    ASSERT_EQ(::setenv("WEFT_FAULTS", "/nowhere", 1), 0);
    EXPECT_EQ(output("echo $WEFT_FAULTS"), control().string() + "\n");
    ASSERT_EQ(::unsetenv("WEFT_FAULTS"), 0);
}

}  // namespace
}  // namespace weft::cli
