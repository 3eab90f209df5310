// `weft sim run`, through the grammar.

#include "cli/sim_hunt.h"
#include "cli/verbs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace weft::cli {
namespace {

int run(const std::vector<std::string>& arguments) {
    GlobalOptions globals;
    Grammar grammar("weft", "test");
    add_verbs(grammar.root(), globals);
    const Parsed parsed = grammar.parse(arguments);
    if (parsed.kind != Parsed::Kind::Run) return -1;
    auto shell = Shell::open(globals);
    if (!shell) return -1;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = parsed.command->action()(*shell);
    testing::internal::GetCapturedStdout();
    testing::internal::GetCapturedStderr();
    return code;
}

// A quiet seed keeps its promises and comes by hardly any rare path.
TEST(SimVerb, AProbeThatNoSeedReachesFailsTheRunThatAsksForAll) {
    const std::vector<std::string> quiet = {"sim", "run", "--seeds", "1", "--no-faults"};
    EXPECT_EQ(run(quiet), exit_code(Exit::Ok));
    std::vector<std::string> all = quiet;
    all.emplace_back("--all-probes");
    EXPECT_EQ(run(all), exit_code(Exit::Unhealthy));
}

TEST(SimVerb, NamesWhatWasNeverReached) {
    const sim::ProbeSet all = (sim::ProbeSet{1} << sim::kProbes.size()) - 1;
    EXPECT_EQ(never_reached(all), "");
    EXPECT_EQ(never_reached(all & ~sim::ProbeSet{1}), std::string(sim::kProbes[0]));
    EXPECT_EQ(never_reached(all & ~sim::ProbeSet{3}),
              std::string(sim::kProbes[0]) + " " + std::string(sim::kProbes[1]));
}

// So that two revisions can be compared seed by seed (scripts/same-trace.sh).
TEST(SimVerb, WritesTheHashOfEachSeedsTraceWhateverTheOrderTheyEndIn) {
    const auto file = std::filesystem::temp_directory_path() / "weft-sim-hashes";
    const auto hashes = [&](const std::string& jobs) {
        EXPECT_EQ(run({"sim", "run", "--seeds", "3..7", "--no-faults", "--jobs", jobs, "--hashes",
                       file.string()}),
                  exit_code(Exit::Ok));
        std::ifstream in(file);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    const std::string one = hashes("1");
    EXPECT_EQ(hashes("2"), one);
    std::filesystem::remove(file);
    EXPECT_EQ(std::ranges::count(one, '\n'), 5);
    EXPECT_TRUE(one.starts_with("3 ")) << one;
    EXPECT_NE(one.find("\n7 "), one.npos) << one;
}

}  // namespace
}  // namespace weft::cli
