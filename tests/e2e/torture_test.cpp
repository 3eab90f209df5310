// `weft torture` as a user runs it, for seconds.

#include "cli/history_file.h"
#include "cli/process.h"
#include "sim/checkers/linearizability.h"
#include "tests/support/temp_folder.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

class Torture : public ::testing::Test {
protected:
    struct Ran {
        int exit_code = -1;
        nlohmann::json report;
    };
    Ran torture(const std::string& arguments) const {
        const std::string command =
            fmt::format("TMPDIR='{}' '{}' -o json torture {} 2>'{}'", folder().string(),
                        WEFT_PROGRAM, arguments, progress_file().string());
        Ran ran;
        std::string output;
        std::FILE* pipe = ::popen(command.c_str(), "r");
        if (pipe == nullptr) return ran;
        std::array<char, 4096> part{};
        for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
            output.append(part.data(), got);
        const int status = ::pclose(pipe);
        ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        ran.report = nlohmann::json::parse(output, nullptr, false);
        return ran;
    }
    std::string progress() const {
        std::ifstream file(progress_file());
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // Of torture's own, that are left.
    std::vector<std::filesystem::path> folders() const {
        std::vector<std::filesystem::path> list;
        for (const auto& entry : std::filesystem::directory_iterator(folder()))
            if (entry.is_directory()) list.push_back(entry.path());
        return list;
    }
    std::filesystem::path folder() const { return temp_.path(); }
    std::filesystem::path progress_file() const { return temp_.path() / "progress"; }

    test::TempFolder temp_;
};

TEST_F(Torture, KeepsEveryPromiseForAFewSeconds) {
    const Ran ran = torture("--minutes 0.2 --load light --seed 3");
    ASSERT_EQ(ran.exit_code, 0) << ran.report.dump(2) << progress();
    EXPECT_EQ(ran.report.value("verdict", ""), "kept");
    EXPECT_EQ(ran.report.value("seed", 0), 3);
    EXPECT_EQ(ran.report.value("nodes", 0), 3);
    EXPECT_GT(ran.report.value("done", 0), 100);
    EXPECT_GT(ran.report.value("entities", 0), 20);
    EXPECT_GT(ran.report.value("faults", 0), 2);
    EXPECT_GT(ran.report.value("node_starts", 0), 0);
    EXPECT_GT(ran.report.value("deaths", 0), 0) << "who is killed refuses connections";
    EXPECT_EQ(ran.report.value("false_alarms", -1), 0);
    EXPECT_GT(ran.report.value("longest_wait_ms", 0.0), 0.0);
    EXPECT_NE(ran.report.value("longest_wait_entity", "").find('/'), std::string::npos);
    EXPECT_GT(ran.report.value("p99_ms", 0.0), 0.0);
    EXPECT_NE(progress().find("kill -9 of"), std::string::npos) << progress();
    EXPECT_TRUE(folders().empty()) << "what is in order is removed";
}

TEST_F(Torture, KeepsItsFolderWhenAskedTo) {
    const Ran ran = torture("--minutes 0.05 --load light --seed 4 --nodes 1 --keep");
    ASSERT_EQ(ran.exit_code, 0) << ran.report.dump(2) << progress();
    ASSERT_EQ(folders().size(), 1U);
    EXPECT_EQ(ran.report.value("folder", ""), folders()[0].string());
    EXPECT_TRUE(std::filesystem::exists(folders()[0] / "a" / "log"));
    EXPECT_GT(std::filesystem::file_size(folders()[0] / "history.jsonl"), 0U);
}

// A node that has lost its disk and says nothing: what it acknowledged is missing.
TEST_F(Torture, FindsWhatForgetfulNodesHaveLost) {
    const auto program = folder() / "forgets";
    std::ofstream(program) << "#!/bin/sh\nrm -rf data\nexec '" WEFT_PROGRAM "' \"$@\"\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    const Ran ran =
        torture("--minutes 0.1 --load light --seed 2 --nodes 1 --program " + program.string());
    EXPECT_EQ(ran.exit_code, 10) << ran.report.dump(2) << progress();
    EXPECT_EQ(ran.report.value("verdict", ""), "violated");
    EXPECT_NE(progress().find("VIOLATION kv/hot-0"), std::string::npos) << progress();
    ASSERT_EQ(folders().size(), 1U);
    EXPECT_TRUE(std::filesystem::exists(folders()[0] / "history.jsonl"));
    // The first part: a put that was done, and a read that does not see it.
    const auto parts = cli::read_history((folders()[0] / "violation-1.jsonl").string());
    ASSERT_TRUE(parts) << parts.error().message;
    ASSERT_EQ(parts->size(), 1U);
    const sim::History& part = parts->begin()->second;
    EXPECT_LE(part.size(), 3U);
    EXPECT_FALSE(sim::check_linearizable(part, sim::Model::Kv).linearizable);
}

TEST_F(Torture, EndsInOrderWhenInterrupted) {
    cli::SpawnOptions options;
    options.arguments = {WEFT_PROGRAM, "torture", "--load", "light", "--seed", "3", "--keep"};
    options.log = progress_file();
    options.folder = folder();
    options.environment = {"TMPDIR=" + folder().string()};
    const auto process = cli::spawn(options);
    ASSERT_TRUE(process) << process.error().message;
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (progress().find(" s  ") == std::string::npos && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(20ms);
    ASSERT_TRUE(cli::signal_process(*process, SIGINT));
    int status = 0;
    ASSERT_EQ(::waitpid(process->pid, &status, 0), process->pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 9) << status << "\n" << progress();
    EXPECT_NE(progress().find("interrupted"), std::string::npos) << "a report all the same";
    ASSERT_EQ(folders().size(), 1U);
    for (const char* node : {"a", "b", "c"}) {
        const auto left = cli::read_pid_file(folders()[0] / node / "pid");
        ASSERT_TRUE(left) << node;
        EXPECT_EQ(cli::process_state(*left), cli::ProcessState::Gone) << node;
    }
}

TEST_F(Torture, SaysWhyTheNodesOfAnotherBuildDoNotRun) {
    const Ran ran = torture("--minutes 0.05 --program /bin/false");
    EXPECT_EQ(ran.exit_code, 3) << progress();
    EXPECT_NE(progress().find("ended without a reason"), std::string::npos) << progress();
    EXPECT_EQ(torture("--minutes 0.05 --program /nowhere").exit_code, 2) << progress();
    EXPECT_EQ(torture("--minutes 0.01").exit_code, 2) << progress();
    EXPECT_EQ(torture("--nodes 10").exit_code, 2) << progress();
    EXPECT_EQ(torture("--load heavy").exit_code, 2) << progress();
    EXPECT_EQ(torture("--seed one").exit_code, 2) << progress();
}

}  // namespace
}  // namespace weft::e2e
