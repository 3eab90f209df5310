// One node's disk fails; the mesh goes on and nothing acknowledged is lost.

#include "tests/e2e/test_mesh.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

class Disk : public LoadTest {
protected:
    std::string fault_file() const { return file("fault"); }
    void set_fault(const std::string& fault) const { std::ofstream(fault_file()) << fault; }
    void clear_fault() const { std::filesystem::remove(fault_file()); }

    // Starts `node` again with the failing disk under it.
    void restart_with_faults(const std::string& node) {
        EXPECT_EQ(weft("dev kill " + node).exit_code, 0);
        const Ran ran =
            weft("dev start " + node,
                 "LD_PRELOAD='" WEFT_FAULTS_LIBRARY "' WEFT_FAULTS='" + fault_file() + "'");
        ASSERT_EQ(ran.exit_code, 0) << ran.output;
        ASSERT_TRUE(becomes_healthy(20));
    }
    std::string state_of(const std::string& node) const {
        const Ran ran = weft("-o json dev status");
        const auto json = nlohmann::json::parse(ran.output, nullptr, false);
        if (json.is_array())
            for (const auto& row : json)
                if (row.value("node", "") == node) return row.value("state", "");
        return "";
    }
    bool becomes(const std::string& node, const std::string& state) const {
        for (int i = 0; i < 100; ++i) {
            if (state_of(node) == state) return true;
            std::this_thread::sleep_for(100ms);
        }
        return false;
    }
};

// S2: a sync error ends the process with 74; under the same kernel it may not start again,
// because the page cache may hold what the disk does not.
TEST_F(Disk, FailedSyncEndsTheNodeAndKeepsItDown) {
    ASSERT_NO_FATAL_FAILURE(restart_with_faults("b"));
    start_load({"put", "get=40,cas=20", 6, 300, 8});
    std::this_thread::sleep_for(1s);
    set_fault("sync");
    EXPECT_TRUE(becomes("b", "stopped"));
    clear_fault();
    const Ran again = weft("dev start b");
    EXPECT_NE(again.exit_code, 0);
    EXPECT_NE(again.output.find("WEFT-5004"), std::string::npos) << again.output;
    finish_and_check();
}

// The node answers reads only and leads nothing; with room again it goes on by itself.
TEST_F(Disk, FullDiskOnOneNodeStopsNobodyElse) {
    ASSERT_NO_FATAL_FAILURE(restart_with_faults("c"));
    start_load({"put", "get=40,cas=20", 9, 300, 8});
    std::this_thread::sleep_for(1s);
    set_fault("full");
    std::this_thread::sleep_for(3s);
    EXPECT_EQ(weft("health --timeout 2s").exit_code, 10) << "a full disk must be told";
    clear_fault();
    finish_and_check();
    EXPECT_EQ(state_of("c"), "alive");
    EXPECT_TRUE(becomes_healthy(30));
}

// A byte of a stored value was flipped while the node was down: it must be noticed, never served,
// and fetched again from the others.
TEST_F(Disk, DamagedRecordIsNamedAndMended) {
    constexpr int kPuts = 20;
    const auto value_of = [](int i) {
        return fmt::format("marked-{:03}-", i) + std::string(200, 'v');
    };
    for (int i = 0; i < kPuts; ++i)
        ASSERT_EQ(weft(fmt::format("put kv/damage-{} {}", i, value_of(i))).exit_code, 0);
    ASSERT_EQ(weft("dev kill a").exit_code, 0);
    const auto data = folder() / "a" / "data" / "data.mdb";
    {
        std::fstream file(data, std::ios::in | std::ios::out | std::ios::binary);
        const std::string bytes(std::istreambuf_iterator<char>(file), {});
        file.clear();
        // LMDB copies pages: every copy is hit, whichever one is in use.
        int copies = 0;
        for (std::size_t at = bytes.find("marked-007-"); at != std::string::npos;
             at = bytes.find("marked-007-", at + 1), ++copies) {
            file.seekp(static_cast<std::streamoff>(at) + 20);
            file.put('X');
        }
        ASSERT_GT(copies, 0);
    }
    EXPECT_EQ(weft("data check a").exit_code, 10);
    const Ran started = weft("dev start a");
    EXPECT_EQ(started.exit_code, 0) << started.output;
    for (int i = 0; i < kPuts; ++i) {
        const Ran read = weft(fmt::format("get --timeout 20s kv/damage-{}", i));
        EXPECT_EQ(read.exit_code, 0) << read.output;
        EXPECT_EQ(read.output, value_of(i) + "\n");
    }
    EXPECT_TRUE(becomes_healthy(30));
    EXPECT_EQ(weft("dev kill a").exit_code, 0);
    const Ran mended = weft("data check a");
    EXPECT_EQ(mended.exit_code, 0) << mended.output;
}

}  // namespace
}  // namespace weft::e2e
