// Links between real nodes that are cut, one way or both, slow or lossy: a minority refuses, what
// was acknowledged stays, and all is well again without a person.

#include "tests/e2e/test_mesh.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

class Partition : public LoadTest {
protected:
    void expect_ok(const std::string& arguments) const {
        const Ran ran = weft(arguments);
        EXPECT_EQ(ran.exit_code, 0) << arguments << "\n" << ran.output;
    }
    void for_a_while(const std::string& arguments) const {
        expect_ok(arguments);
        std::this_thread::sleep_for(1200ms);
    }
    // Partitions that node leads, as it says itself.
    int leads(const std::string& node) const {
        for (const auto& row : weft_json("dev status"))
            if (row.value("node", "") == node) return row.value("leads", -1);
        return -1;
    }
    // Not within the time of one call: the old leader finds out by itself.
    bool comes_to_lead(const std::string& node, bool some) const {
        const auto until = std::chrono::steady_clock::now() + 15s;
        while (std::chrono::steady_clock::now() < until) {
            if ((leads(node) > 0) == some) return true;
            std::this_thread::sleep_for(100ms);
        }
        return false;
    }
    void expect_not_done(const std::string& arguments) const {
        const auto begin = std::chrono::steady_clock::now();
        const Ran ran = weft(arguments + " --timeout 2s");
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
        EXPECT_EQ(ran.exit_code, 8) << ran.output;
        EXPECT_NE(ran.output.find("WEFT-6004"), std::string::npos) << ran.output;
    }
    void heals() const {
        expect_ok("dev heal");
        EXPECT_TRUE(becomes_healthy(30));
    }
};

class PartitionOfFour : public Partition {
protected:
    int nodes() const override { return 4; }
};

TEST_F(Partition, AMinorityServesNothingAndTheMajorityGoesOn) {
    const std::string alone = some_leader();
    expect_ok("put kv/x before");
    expect_ok("dev split " + alone);
    EXPECT_TRUE(comes_to_lead(alone, false)) << "nobody hears it";
    expect_ok("put kv/x after --timeout 10s");
    // It says itself that all its partitions are without a leader.
    const Ran health = weft("health");
    EXPECT_EQ(health.exit_code, 10);
    EXPECT_NE(health.output.find(alone + ": 65 partitions without a leader"), std::string::npos)
        << health.output;
    heals();
    EXPECT_EQ(weft("get --raw kv/x").output, "after");
    EXPECT_TRUE(comes_to_lead(alone, true)) << "leaderships go home";
}

TEST_F(Partition, WithoutAMajorityNothingIsDone) {
    expect_ok("put kv/x before");
    expect_ok("dev split a b c");
    for (const char* node : {"a", "b", "c"}) EXPECT_TRUE(comes_to_lead(node, false)) << node;
    expect_not_done("put kv/x after");
    expect_not_done("get kv/x");
    expect_not_done("call counter/n add by=1");
    heals();
    EXPECT_EQ(weft("get --raw kv/x").output, "before");
}

TEST_F(Partition, SplitsOfEveryShapeUnderLoad) {
    start_load({.seconds = 22});
    start_load({.kind = "call", .mix = "", .seconds = 22, .rate = 200, .entities = 4});
    for (const char* node : {"a", "b", "c"}) for_a_while(std::string("dev split ") + node);
    for (const char* bridge : {"a,b b,c", "b,c c,a", "c,a a,b"})
        for_a_while(std::string("dev split ") + bridge);
    expect_ok("dev heal");
    for (const char* link : {"'a>b'", "'b>c'", "'c>a'"})
        for_a_while(std::string("dev cut ") + link);
    heals();
    finish_and_check();
}

TEST_F(Partition, FlappingSlowAndLossyLinksUnderLoad) {
    start_load({.seconds = 18});
    start_load({.kind = "call", .mix = "", .seconds = 18, .rate = 200, .entities = 4});
    for (int i = 0; i < 8; ++i) {
        expect_ok(std::string("dev split ") + "abc"[i % 3]);
        std::this_thread::sleep_for(150ms);
        expect_ok("dev heal");
        std::this_thread::sleep_for(150ms);
    }
    for_a_while("dev slow b 150ms");
    for_a_while("dev lossy c 30%");
    for_a_while("dev lossy 'a>b' 60%");
    for_a_while("dev split b");
    heals();
    finish_and_check();
}

TEST_F(PartitionOfFour, HalvesUnderLoad) {
    start_load({.seconds = 14});
    for (const char* half : {"a,b", "a,c", "a,d"}) for_a_while(std::string("dev split ") + half);
    for_a_while("dev split a,b b,c c,d d,a");
    heals();
    finish_and_check();
}

TEST_F(Partition, ANodeThatStartsWithinASplitStaysCutOff) {
    expect_ok("dev split c");
    expect_ok("dev kill c");
    expect_ok("dev start c");
    std::this_thread::sleep_for(2s);
    EXPECT_EQ(leads("c"), 0);
    const Ran health = weft("health");
    EXPECT_NE(health.output.find("c: no contact with "), std::string::npos) << health.output;
    // Paused, it takes the order when it goes on.
    expect_ok("dev pause c");
    const Ran cut = weft("dev cut c");
    EXPECT_EQ(cut.exit_code, 0) << cut.output;
    expect_ok("dev resume c");
    EXPECT_NE(weft("-o ndjson dev status").output.find("\"c\""), std::string::npos);
    heals();
}

// Whoever looks at a node sees that it is one for tests, and what a test does to it.
TEST_F(Partition, HealthTellsOfFaults) {
    const auto check = [this](const std::string& node) {
        auto rows = nlohmann::json::parse(weft("-o json health").printed, nullptr, false);
        for (const auto& row : rows)
            if (row.value("node", "") == node && row.value("check", "") == "faults") return row;
        return nlohmann::json::object();
    };
    EXPECT_TRUE(check("b").value("ok", false));
    EXPECT_NE(check("b").value("reason", "").find("a test may cut"), std::string::npos);
    expect_ok("dev slow 'b>c' 5ms");
    EXPECT_FALSE(check("b").value("ok", true));
    EXPECT_NE(check("b").value("reason", "").find("to c: 5 ms late"), std::string::npos);
    EXPECT_TRUE(check("c").value("ok", false)) << "the sender has it";
    heals();
    EXPECT_TRUE(check("b").value("ok", false));
}

// Each ends before anything of the node is there.
TEST_F(Partition, ASocketThatCannotBeIsRefused) {
    expect_ok("dev kill c");
    const std::string run = "node run '" + (folder() / "c").string() + "' --fault-socket ";
    const std::string in_use = run + "'" + (folder() / "a" / "faults").string() + "'";
    const std::string is_file = run + "'" + (folder() / "c" / "genesis").string() + "'";
    const std::string too_long = run + file(std::string(120, 'x')).string();
    const std::string nowhere = run + "/nowhere/faults";
    const std::string empty = run + "''";
    const std::string beyond = run + "faults --listen-client 0.0.0.0:7399";
    const Refused cases[] = {
        {empty.c_str(), 2, "--fault-socket is empty"},
        {too_long.c_str(), 78, "at most 107 are possible"},
        {nowhere.c_str(), 78, "cannot make the fault socket /nowhere/faults"},
        {in_use.c_str(), 78, "another process listens there"},
        {is_file.c_str(), 78, "or it is a file"},
        {beyond.c_str(), 2, "0.0.0.0:7399"},
    };
    expect_refused(cases);
    expect_ok("dev split a");
    EXPECT_NE(weft("dev heal").output.find("all links are whole"), std::string::npos)
        << "the socket of a is as it was";
    // What kill -9 left behind is replaced.
    EXPECT_TRUE(std::filesystem::exists(folder() / "c" / "faults"));
    expect_ok("dev start c");
    EXPECT_EQ(weft_json("dev cut c").size(), 4U);
    EXPECT_EQ(std::filesystem::status(folder() / "c" / "faults").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(Partition, WhatMakesNoSenseIsNamed) {
    constexpr Refused kCases[] = {
        {"dev split a,b,c", 2, "one side holds all nodes"},
        {"dev split 'a|'", 2, "a side without a node"},
        {"dev split 'a|z'", 5, "no node 'z' in this mesh; there are a, b, c"},
        {"dev cut 'a>a'", 2, "no link of two nodes"},
        {"dev slow a 1h", 2, "'1h' is no delay"},
        {"dev slow a 10001ms", 2, "is no delay"},
        {"dev lossy a 101%", 2, "'101%' is no share"},
        {"dev lossy a -- -1", 2, "'-1' is no share"},
        {"dev split --addr 127.0.0.1:1 a", 2, "--addr"},
        {"-c /nowhere dev heal", 3, "no dev mesh in /nowhere"},
    };
    expect_refused(kCases);
    EXPECT_EQ(weft_json("dev heal").size(), 0U);
    const auto cut = weft_json("dev cut 'a>b'");
    ASSERT_EQ(cut.size(), 1U);
    EXPECT_EQ(cut[0].value("from", ""), "a");
    EXPECT_EQ(cut[0].value("to", ""), "b");
    EXPECT_TRUE(cut[0].value("cut", false));
    EXPECT_NE(weft("dev status").output.find("faults in force: a>b cut"), std::string::npos);
    EXPECT_EQ(weft_json("dev status")[0].value("faults", ""), "a>b cut");
    EXPECT_EQ(weft_json("dev status")[2].value("faults", "none"), "");
    for (const char* node : {"a", "b", "c"}) expect_ok(std::string("dev kill ") + node);
    EXPECT_EQ(weft("dev heal").exit_code, 3);
}

}  // namespace
}  // namespace weft::e2e
