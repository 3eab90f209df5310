// A disk that comes back older, and a file that goes away, with real processes.

#include "tests/e2e/test_mesh.h"

#include <fmt/core.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class PastDisk : public MeshTest {
protected:
    fs::path data_of(const std::string& node) const { return folder() / node / "data"; }
    fs::path old_copy() const { return file("old"); }
    void copy_out(const std::string& node) const {
        fs::copy(data_of(node), old_copy(), fs::copy_options::recursive);
    }
    void put_back(const std::string& node) const {
        fs::remove_all(data_of(node));
        fs::copy(old_copy(), data_of(node), fs::copy_options::recursive);
    }
    void put(int times) const {
        for (int i = 0; i < times; ++i)
            ASSERT_EQ(weft(fmt::format("put kv/k{} v{}", i, i)).exit_code, 0);
    }
    std::string state_at(const std::string& by, const std::string& of) const {
        const Ran ran = weft("-o json peers");
        const auto json = nlohmann::json::parse(ran.printed, nullptr, false);
        if (!json.is_array()) return ran.output;
        for (const auto& row : json)
            if (row.value("node", "") == by && row.value("peer", "") == of)
                return row.value("state", "") + ": " + row.value("reason", "");
        return "no such row";
    }
    bool becomes(const std::string& by, const std::string& of, const std::string& state) const {
        std::string found;
        for (int i = 0; i < 100; ++i) {
            found = state_at(by, of);
            if (found.starts_with(state)) return true;
            std::this_thread::sleep_for(100ms);
        }
        std::fprintf(stderr, "%s holds of %s: %s\n", by.c_str(), of.c_str(), found.c_str());
        return false;
    }
    std::string log_of(const std::string& node) const {
        std::ifstream log(folder() / node / "log");
        return {std::istreambuf_iterator<char>(log), {}};
    }
    void kill(const std::string& node) const { ASSERT_EQ(weft("dev kill " + node).exit_code, 0); }
};

// The usual backup: a copy between two runs lands on the boot number of the run after it.
TEST_F(PastDisk, ACopyPutBackIsRefusedAndBothSidesSayWhy) {
    put(5);
    kill("a");
    copy_out("a");
    ASSERT_EQ(weft("dev start a").exit_code, 0);
    ASSERT_TRUE(becomes_healthy(20));
    put(20);
    kill("a");
    put_back("a");
    weft("dev start a");
    for (const char* by : {"b", "c"}) EXPECT_TRUE(becomes(by, "a", "refused: its disk"));
    EXPECT_TRUE(becomes("a", "b", "refuses us: it refuses this node: its disk"));
    EXPECT_EQ(weft("health").exit_code, 10);
    for (const char* by : {"a", "b", "c"})
        EXPECT_NE(log_of(by).find("WEFT-2002"), std::string::npos) << by;
    kill("b");
    ASSERT_EQ(weft("dev start b").exit_code, 0);
    EXPECT_TRUE(becomes("b", "a", "refused: its disk")) << "forgotten by a restart";
    EXPECT_EQ(weft("get --timeout 20s kv/k4").output, "v4\n");
}

// c has seen a later state of a before it ended: what a acknowledged since must not be undone by
// the two of them.
TEST_F(PastDisk, AWitnessThatRestartedStillKnows) {
    put(5);
    kill("a");
    copy_out("a");
    ASSERT_EQ(weft("dev start a").exit_code, 0);
    ASSERT_TRUE(becomes_healthy(20));
    put(40);
    kill("c");
    ASSERT_EQ(weft("put --timeout 20s kv/k0 v0-acknowledged").exit_code, 0);
    kill("a");
    kill("b");
    put_back("a");
    weft("dev start c");
    weft("dev start a");
    EXPECT_TRUE(becomes("c", "a", "refused: its disk"));
    EXPECT_NE(weft("get --timeout 2s kv/k0").exit_code, 0) << "served without a majority";
    ASSERT_EQ(weft("dev start b").exit_code, 0);
    EXPECT_EQ(weft("get --timeout 20s kv/k0").output, "v0-acknowledged\n");
}

TEST_F(PastDisk, AWipedDiskIsRefused) {
    put(5);
    kill("a");
    fs::remove_all(data_of("a"));
    weft("dev start a");
    for (const char* by : {"b", "c"}) EXPECT_TRUE(becomes(by, "a", "refused: its "));
    EXPECT_EQ(weft("get --timeout 20s kv/k4").output, "v4\n");
}

TEST_F(PastDisk, ADataFileDeletedUnderANodeEndsItWith74) {
    put(5);
    ASSERT_TRUE(fs::remove(data_of("a") / "data.mdb"));
    bool ended = false;
    for (int i = 0; i < 50 && !ended; ++i) {
        std::this_thread::sleep_for(100ms);
        ended = log_of("a").find("node.stopped") != std::string::npos;
    }
    EXPECT_TRUE(ended) << "not noticed within 5 s";
    const std::string log = log_of("a");
    EXPECT_NE(log.find("WEFT-5009"), std::string::npos);
    EXPECT_NE(log.find((data_of("a") / "data.mdb").string()), std::string::npos);
    EXPECT_NE(log.find("exit=74"), std::string::npos);
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(weft(fmt::format("put --timeout 10s kv/k{} w{}", i, i)).exit_code, 0);
    // a does not answer, and that is said behind the list.
    const auto partitions =
        nlohmann::json::parse(weft("-o json partition list").printed, nullptr, false);
    ASSERT_TRUE(partitions.is_array());
    EXPECT_FALSE(partitions.empty());
    for (const auto& row : partitions) EXPECT_NE(row.value("leader", ""), "a") << row.dump();
}

}  // namespace
}  // namespace weft::e2e
