// More data than any bound inside: what was acknowledged is read back after kill -9 of two and of
// all three nodes, with a log beyond the size that starts a sweep, with the sweep, the compaction
// and a snapshot under way.

#include "tests/e2e/ledger.h"
#include "tests/e2e/test_mesh.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

constexpr int kSmallKeys = 10'000;
constexpr int kSmallAtOnce = 250;  // so that a sweep has something to do for a while
constexpr std::size_t kSmallBytes = 300;
constexpr int kBigKeys = 3;
constexpr std::size_t kBigBytes = std::size_t{512} << 10;
constexpr std::size_t kBytesAtOnce = kBigKeys * kBigBytes;
constexpr std::uint64_t kSweepBytes = std::uint64_t{64} << 20;  // NodeOptions::sweep_log_bytes

class Size : public MeshTest {
protected:
    void SetUp() override {
        MeshTest::SetUp();
        ConnectOptions options;
        for (const auto& row : weft_json("dev status"))
            options.addresses.push_back(row.at("client").get<std::string>());
        auto mesh = connect(options);
        ASSERT_TRUE(mesh.has_value()) << mesh.error().message;
        ledger_ = std::make_unique<Ledger>(*mesh);
    }
    void TearDown() override {
        ledger_.reset();
        MeshTest::TearDown();
    }

    void kill_at_once(const Names& names) const {
        std::vector<std::future<Ran>> kills;
        for (const std::string& name : names) kills.push_back(weft_beside("dev kill " + name));
        for (auto& kill : kills) {
            const Ran ran = kill.get();
            EXPECT_EQ(ran.exit_code, 0) << ran.output;
        }
    }
    void start(const Names& names) const {
        for (const std::string& name : names) {
            const Ran ran = weft("dev start " + name);
            EXPECT_EQ(ran.exit_code, 0) << ran.output;
        }
    }
    void expect_everything_there() const {
        const auto differences = ledger_->differences();
        EXPECT_TRUE(differences.empty())
            << differences.size() << " of them, the first: " << differences.front();
    }

    std::vector<std::string> log_lines(const std::string& node) const {
        std::ifstream file(folder() / node / "log");
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) lines.push_back(line);
        return lines;
    }
    // How often `event` stands in the log of a node.
    std::size_t count_of(const std::string& node, std::string_view event) const {
        const auto has = [&](const std::string& line) { return line.contains(event); };
        return static_cast<std::size_t>(std::ranges::count_if(log_lines(node), has));
    }
    bool is_sweeping(const std::string& node) const {
        bool sweeping = false;
        for (const std::string& line : log_lines(node)) {
            if (line.contains(" sweep.begun")) sweeping = true;
            if (line.contains(" sweep.ended") || line.contains(" node.started")) sweeping = false;
        }
        return sweeping;
    }
    template <class Condition>
    bool comes_true(Condition&& condition) const {
        for (int i = 0; i < 3000; ++i) {
            if (condition()) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }

    void put_small(int keys) {
        for (int i = 0; i < keys; ++i)
            ledger_->put(fmt::format("small-{}", small_++ % kSmallKeys), kSmallBytes);
    }
    void put_big() {
        for (int i = 0; i < kBigKeys; ++i) ledger_->put(fmt::format("big-{}", i), kBigBytes);
    }
    // Many entities to sweep, and more log than what starts a sweep, most of it of few groups.
    // Returns while a sweep of one of `names` goes on and puts are on their way.
    void fill_until_a_sweep_goes_on(const Names& names) {
        const auto sweeping = [&] {
            return std::ranges::any_of(names, [&](const auto& node) { return is_sweeping(node); });
        };
        for (std::uint64_t sent = 0; sent < kSweepBytes || !sweeping(); sent += kBytesAtOnce) {
            ASSERT_LT(sent, 4 * kSweepBytes) << "no sweep begins";
            put_big();
            put_small(kSmallAtOnce);
        }
    }

    const Names all_{"a", "b", "c"};
    std::unique_ptr<Ledger> ledger_;

private:
    int small_ = 0;
};

// The log of one group alone is larger than any single read of it.
TEST_F(Size, KillOfAllThreeLosesNoAddition) {
    const auto bench = weft_json("bench call --clients 1 --pipeline 64 --entities 1 --seconds 4");
    const auto& outcomes = bench.at("outcomes");
    const auto done = outcomes.at("done").get<long long>();
    const auto unknown = outcomes.at("unknown").get<long long>();
    kill_at_once(all_);
    start(all_);
    ASSERT_TRUE(becomes_healthy(30));
    const Ran read = weft("call --timeout 20s counter/bench-0 get");
    ASSERT_EQ(read.exit_code, 0) << read.output;
    EXPECT_GE(std::stoll(read.output), done);
    EXPECT_LE(std::stoll(read.output), done + unknown);
}

TEST_F(Size, KillOfAllThreeWhileSweepingLosesNothingInAnyOrderOfStart) {
    Names order = all_;
    do {
        SCOPED_TRACE(fmt::format("{}", fmt::join(order, " then ")));
        fill_until_a_sweep_goes_on(all_);
        kill_at_once(all_);
        start(order);
        ASSERT_TRUE(becomes_healthy(30));
        expect_everything_there();
    } while (!HasFailure() && std::ranges::next_permutation(order).found);
}

TEST_F(Size, KillOfTwoInAnyOrderWhileSweepingLosesNothing) {
    for (const std::string& first : all_) {
        for (const std::string& second : nodes_but(first)) {
            SCOPED_TRACE(first + " then " + second);
            fill_until_a_sweep_goes_on(all_);
            kill_at_once({first});
            put_big();
            kill_at_once({second});
            start({first, second});
            ASSERT_TRUE(becomes_healthy(30));
            expect_everything_there();
            if (HasFailure()) return;
        }
    }
}

// The node that was away gets snapshots, for the others have compacted what it lacks.
TEST_F(Size, KillOfAllThreeDuringASnapshotLosesNothing) {
    put_small(kSmallKeys);
    ledger_->drain();
    kill_at_once({"c"});
    // As long as it counts as in contact (election_max) the others keep their logs for it.
    std::this_thread::sleep_for(1500ms);
    fill_until_a_sweep_goes_on({"a", "b"});
    // One that has not swept yet would send c its log instead.
    const auto has_swept = [&](const char* name) { return count_of(name, "sweep.begun") > 0; };
    for (int more = 0; !(has_swept("a") && has_swept("b")); ++more) {
        ASSERT_LT(more, 50);
        put_big();
        put_small(kSmallAtOnce);
    }
    ledger_->drain();
    ASSERT_TRUE(comes_true([&] { return !is_sweeping("a") && !is_sweeping("b"); }));
    start({"c"});
    ASSERT_TRUE(comes_true([&] { return count_of("c", "partition.snapshot_receiving") > 0; }));
    put_big();
    kill_at_once(all_);
    start({"c", "a", "b"});
    ASSERT_TRUE(becomes_healthy(30));
    expect_everything_there();
    // Each of the others is away once: what c has is needed.
    for (const char* away : {"a", "b"}) {
        kill_at_once({away});
        expect_everything_there();
        start({away});
        ASSERT_TRUE(becomes_healthy(30));
    }
    EXPECT_GT(count_of("c", "partition.snapshot_installed"), 0U);
}

}  // namespace
}  // namespace weft::e2e
