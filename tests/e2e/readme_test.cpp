// Every console block of the README does what it shows.

#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace weft::e2e {
namespace {

struct Step {
    std::string command;
    std::vector<std::string> output;  // "..." stands for any lines
    std::size_t line = 0;
};

std::vector<Step> read_steps(const std::string& path) {
    std::vector<Step> steps;
    std::ifstream file(path);
    bool inside = false;
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (line.starts_with("```")) {
            inside = line == "```console";
        } else if (inside && line.starts_with("$ ")) {
            steps.push_back({line.substr(2), {}, number});
        } else if (inside && !steps.empty()) {
            steps.back().output.push_back(line);
        }
    }
    return steps;
}

// Numbers and the blanks that align them differ from run to run.
std::string shape_of(const std::string& line) {
    std::string shape;
    for (const char c : line) {
        const bool digit = c >= '0' && c <= '9';
        const char symbol = digit ? '#' : c;
        const bool repeated = !shape.empty() && shape.back() == symbol;
        if (!(repeated && (digit || c == ' '))) shape += symbol;
    }
    return shape;
}

bool matches(const std::vector<std::string>& wanted, const std::vector<std::string>& got) {
    std::size_t at = 0;
    for (const std::string& line : wanted) {
        if (line == "...") return true;
        if (at >= got.size() || shape_of(got[at]) != shape_of(line)) return false;
        ++at;
    }
    return at == got.size();
}

struct Shown {
    std::vector<std::string> lines;
    int exit_code = -1;
};

Shown run(const std::string& command) {
    Shown shown;
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return shown;
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
        shown.lines.emplace_back(line.data());
        if (shown.lines.back().ends_with('\n')) shown.lines.back().pop_back();
    }
    const int status = ::pclose(pipe);
    shown.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return shown;
}

// The two scripts build and test all of this; .ci/run runs them whole, here they are only looked
// at.
void check_script(const std::string& command) {
    const std::string path = std::filesystem::path(WEFT_SOURCE_DIR) / command;
    EXPECT_EQ(run("test -x '" + path + "' && bash -n '" + path + "'").exit_code, 0) << path;
}

TEST(Readme, DoesWhatItShows) {
    const auto steps = read_steps(WEFT_SOURCE_DIR "/README.md");
    ASSERT_GT(steps.size(), 10U);
    const test::TempFolder folder;
    ASSERT_EQ(::setenv("WEFT_DEV_DIR", (folder.path() / "dev").c_str(), 1), 0);
    const std::string programs = std::filesystem::path(WEFT_PROGRAM).parent_path();
    const std::string path = "PATH='" + programs + "':\"$PATH\" ";
    for (const Step& step : steps) {
        SCOPED_TRACE("README.md:" + std::to_string(step.line) + ": " + step.command);
        if (step.command.starts_with("./scripts/")) {
            check_script(step.command.substr(2));
            continue;
        }
        const Shown shown = run(path + step.command);
        std::string text;
        for (const std::string& line : shown.lines) text += "  | " + line + "\n";
        EXPECT_EQ(shown.exit_code, 0) << text;
        EXPECT_TRUE(matches(step.output, shown.lines)) << text;
    }
    EXPECT_EQ(run(path + "weft dev down --clean").exit_code, 0);
}

TEST(Readme, ComparisonFindsADifference) {
    EXPECT_TRUE(matches({"ok 1.2 ms"}, {"ok 15.0  ms"}));
    EXPECT_FALSE(matches({"ok"}, {"no"}));
    EXPECT_FALSE(matches({"ok"}, {"ok", "more"}));
    EXPECT_FALSE(matches({"ok", "more"}, {"ok"}));
    EXPECT_TRUE(matches({"ok", "..."}, {"ok", "more"}));
}

}  // namespace
}  // namespace weft::e2e
