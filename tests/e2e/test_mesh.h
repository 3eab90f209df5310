#pragma once
// A dev mesh of real processes in a folder of the test's own, driven through the program `weft` as
// a user would.

#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <future>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::e2e {

struct Ran {
    int exit_code = -1;
    std::string printed;  // to standard output
    std::string output;   // the same; errors too when it failed
};

class MeshTest : public ::testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;
    virtual int nodes() const { return 3; }

    // Runs `weft ARGUMENTS` (shell words) and waits. `environment`: "NAME=value ..." or nothing.
    Ran weft(const std::string& arguments, const std::string& environment = "") const;
    // The same, and the output must be JSON and the exit code 0.
    nlohmann::json weft_json(const std::string& arguments) const;
    struct Refused {
        const char* arguments;
        int exit_code;
        const char* named;
    };
    // Each ends so, and says what is named, why, and what to do.
    void expect_refused(std::span<const Refused> cases) const;
    // As weft(), beside the test.
    std::future<Ran> weft_beside(const std::string& arguments) const;

    // A node that leads partitions which hold entities: each leads about a third of them.
    std::string some_leader() const;
    std::vector<std::string> nodes_but(const std::string& name) const;
    bool becomes_healthy(int seconds) const;

    std::filesystem::path folder() const { return temp_.path() / "dev"; }
    std::filesystem::path file(const std::string& name) const { return temp_.path() / name; }

private:
    test::TempFolder temp_;
};

// A bench run under way and what its history says afterwards.
struct LoadPlan {
    std::string kind = "put";  // put or call
    std::string mix = "get=40,cas=20";
    int seconds = 8;
    int rate = 400;
    int entities = 8;
};

class LoadTest : public MeshTest {
protected:
    void start_load(const LoadPlan& plan);
    // Waits for the end of all loads, reads every entity once more, and checks that each entity's
    // history is linearizable: that covers lost acknowledgements, stale reads and double effects.
    void finish_and_check();

private:
    struct Running {
        LoadPlan plan;
        std::string history;
        std::future<Ran> ran;
    };
    void check_history(const Running& load);
    void check_counters(const Running& load);

    std::vector<Running> loads_;
};

}  // namespace weft::e2e
