// What the program tells of itself and of its nodes: version, errors, manual, logs, colours.

#include "tests/e2e/test_mesh.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

class Telling : public MeshTest {
protected:
    // The same at a terminal: standard output and standard error together.
    std::string at_terminal(const std::string& arguments, const std::string& environment) const {
        const std::string out = file("typescript");
        const std::string command = "TERM=xterm " + environment + " WEFT_DEV_DIR='" +
                                    folder().string() + "' script -qec \"'" WEFT_PROGRAM "' " +
                                    arguments + "\" /dev/null > '" + out + "' < /dev/null";
        if (std::system(command.c_str()) == -1) return {};
        std::ostringstream text;
        text << std::ifstream(out).rdbuf();
        return text.str();
    }
    std::string log_of(const std::string& node) const { return folder() / node / "log"; }
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST_F(Telling, VersionHelpAndGuesses) {
    EXPECT_EQ(weft("--version").output, weft("version").output);
    EXPECT_EQ(weft("--version").exit_code, 0);
    EXPECT_EQ(weft("help dev kill").output, weft("dev kill --help").output);
    EXPECT_TRUE(contains(weft("help put").output, "Usage: weft put "));
    const Ran wrong = weft("stat");
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_TRUE(contains(wrong.output, "did you mean 'weft status'?")) << wrong.output;
}

TEST_F(Telling, WhatAnErrorMeans) {
    const auto all = weft_json("explain");
    EXPECT_GT(all.size(), 40U);
    for (const auto& page : all) {
        const auto one = weft_json("explain " + page.at("number").get<std::string>());
        EXPECT_EQ(one, page);
    }
    const Ran text = weft("explain 1006");
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_TRUE(text.output.starts_with("WEFT-1006: ")) << text.output;
    EXPECT_TRUE(contains(text.output, "exit status 3")) << text.output;
    const Ran unknown = weft("explain WEFT-1012");
    EXPECT_EQ(unknown.exit_code, 5);
    EXPECT_TRUE(contains(unknown.output, "the nearest is WEFT-1011")) << unknown.output;
    EXPECT_EQ(weft("explain frob").exit_code, 2);
}

TEST_F(Telling, CompletionsAndManualPages) {
    for (const std::string shell : {"bash", "zsh", "fish"})
        EXPECT_EQ(weft("completions " + shell).exit_code, 0) << shell;
    EXPECT_EQ(weft("completions tcsh").exit_code, 2);
    EXPECT_TRUE(contains(weft("man dev kill").output, ".TH WEFT\\-DEV\\-KILL 1"));
    EXPECT_EQ(weft("man frob").exit_code, 2);
    const auto written = weft_json("man --out '" + file("man1").string() + "'");
    EXPECT_GT(written.at("pages"), 35);
    EXPECT_TRUE(std::filesystem::exists(file("man1") / "weft.1"));
    EXPECT_TRUE(std::filesystem::exists(file("man1") / "weft-put.1"));
}

TEST_F(Telling, TheLogOfANode) {
    for (const auto& node : weft_json("dev status"))
        EXPECT_EQ(node.at("log"), log_of(node.at("node").get<std::string>()));
    EXPECT_TRUE(contains(weft("log a -n 1000").output, "node.ready"));
    EXPECT_EQ(weft("log z").exit_code, 5);
    EXPECT_EQ(weft("-c /no/such/folder log a").exit_code, 3);
    std::ofstream(log_of("b"), std::ios::app) << "one\ntwo \033]0;owned\007\n";
    const Ran raw = weft("-c '" + folder().string() + "' log b --lines 2");
    EXPECT_EQ(raw.output, "one\ntwo \033]0;owned\007\n") << "a pipe gets the bytes";
    const std::string shown = at_terminal("log b -n 1", "");
    EXPECT_TRUE(contains(shown, "two \\x1b]0;owned\\x07")) << shown;
    EXPECT_FALSE(contains(shown, "\033]0;owned")) << shown;
}

TEST_F(Telling, FollowsALogAcrossARestartAndARotation) {
    const std::string out = file("followed");
    const std::string command = "WEFT_DEV_DIR='" + folder().string() + "' timeout 60 '" +
                                WEFT_PROGRAM "' log b -f -n 0 > '" + out + "' & echo $! > '" +
                                file("pid").string() + "'";
    ASSERT_NE(std::system(command.c_str()), -1);
    const auto arrives = [&](const std::string& text) {
        for (int i = 0; i < 200; ++i) {
            std::ostringstream seen;
            seen << std::ifstream(out).rdbuf();
            if (contains(seen.str(), text)) return true;
            std::this_thread::sleep_for(50ms);
        }
        return false;
    };
    // Until it reads, what is added may be before its begin.
    bool reads = false;
    for (int i = 0; i < 100 && !reads; ++i) {
        std::ofstream(log_of("b"), std::ios::app) << "a line of the test\n";
        std::this_thread::sleep_for(50ms);
        reads = std::filesystem::file_size(out) > 0;
    }
    EXPECT_TRUE(arrives("a line of the test"));
    EXPECT_EQ(weft("dev kill b").exit_code, 0);
    EXPECT_EQ(weft("dev start b").exit_code, 0);
    EXPECT_TRUE(arrives("node.ready"));
    std::filesystem::rename(log_of("b"), log_of("b") + ".1");
    std::ofstream(log_of("b"), std::ios::app) << "of the new file\n";
    EXPECT_TRUE(arrives("of the new file"));
    std::filesystem::resize_file(log_of("b"), 0);
    std::this_thread::sleep_for(300ms);
    std::ofstream(log_of("b"), std::ios::app) << "cut\n";
    EXPECT_TRUE(arrives("\ncut\n"));
    std::ifstream pid(file("pid"));
    std::string number;
    pid >> number;
    EXPECT_EQ(std::system(("kill " + number).c_str()), 0);
    // The test has made it: 'dev down --clean' leaves it.
    EXPECT_TRUE(std::filesystem::remove(log_of("b") + ".1"));
}

TEST_F(Telling, HasColoursAtATerminalOnly) {
    EXPECT_TRUE(contains(at_terminal("get kv/none", ""), "\033[1;31merror WEFT-8102"));
    EXPECT_FALSE(contains(at_terminal("get kv/none", "NO_COLOR=1"), "\033"));
    EXPECT_FALSE(contains(at_terminal("get kv/none --color=never", ""), "\033"));
    EXPECT_TRUE(contains(at_terminal("frobnicate", ""), "\033[1;31merror WEFT-1005"));
    EXPECT_TRUE(contains(at_terminal("health", ""), "\033[1;32mhealthy"));
    for (const std::string arguments : {"get kv/none", "health", "frobnicate", "explain", "help"})
        EXPECT_FALSE(contains(weft(arguments).output, "\033")) << arguments;
    EXPECT_TRUE(contains(weft("get kv/none --color always").output, "\033[1;31merror"));
    EXPECT_EQ(weft("status --color blue").exit_code, 2);
    EXPECT_EQ(weft("dev kill c").exit_code, 0);
    EXPECT_TRUE(contains(at_terminal("health", ""), "\033[1;31munhealthy\033[0m"));
}

TEST_F(Telling, WhenSomethingOfTheJournalHappened) {
    EXPECT_EQ(weft("put kv/dated x").exit_code, 0);
    const auto rows = weft_json("journal kv/dated");
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_GT(rows[0].at("stamp"), 1'600'000'000'000);
    const std::string time = rows[0].at("time");
    EXPECT_EQ(time.size(), 24U);
    EXPECT_TRUE(time.starts_with("20") && time.ends_with("Z")) << time;
    EXPECT_TRUE(contains(weft("journal kv/dated").output, time));
    EXPECT_EQ(rows[0].at("value"), "x");
    EXPECT_EQ(weft("put kv/dated " + std::string(100, 'y')).exit_code, 0);
    const std::string cut = weft("journal kv/dated").output;
    EXPECT_TRUE(contains(cut, ": " + std::string(40, 'y') + "...\n")) << cut;
    EXPECT_TRUE(contains(weft("journal --full kv/dated").output, std::string(100, 'y') + "\n"));
    EXPECT_EQ(weft("call counter/dated add 5").exit_code, 0);
    EXPECT_TRUE(contains(weft("journal counter/dated").output, "1 event: "));
}

}  // namespace
}  // namespace weft::e2e
