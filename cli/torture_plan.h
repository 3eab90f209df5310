#pragma once
// What is done to the nodes and when: drawn from the seed alone, so that a seed repeats it.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::cli {

enum class TortureFault : std::uint8_t {
    KillOne,
    KillTwo,
    KillAll,
    PauseOne,
    PauseTwo,
    KillPaused,
    Absence,  // killed, and away for long while other faults go on
    ClockAhead,
    ClockBehind,
    ClockJumps,
    DiskFull,
    SyncError,
    Stall,
    Split,      // into two sides
    OneWayCut,  // of one link
    SlowLinks,  // of one node
    LossyLinks,
    Flapping,  // a split that comes and goes
};
inline constexpr std::size_t kTortureFaults = 18;
std::string_view torture_fault_name(TortureFault fault);

enum class NodeAct : std::uint8_t {
    Kill,
    Start,  // unless it runs
    Pause,
    Resume,   // if it is paused
    Control,  // `control` becomes the text of the node's control file (cli/faults_preload.cpp)
    // Of `links`, of no one node (cli/dev_faults.h):
    Cut,
    Slow,   // by `value` milliseconds
    Lossy,  // of `value` percent
    Heal,   // all that there are
};
// One way: from and to.
using NodeLink = std::pair<std::size_t, std::size_t>;

struct TortureStep {
    std::chrono::milliseconds at{};  // from the begin
    NodeAct act{};
    std::size_t node = 0;
    std::string control = {};
    std::vector<NodeLink> links = {};
    std::uint32_t value = 0;
};

struct TortureEpisode {
    TortureFault fault{};
    std::chrono::milliseconds from{}, until{};
};

struct TorturePlan {
    std::vector<TortureStep> steps;        // in order of time
    std::vector<TortureEpisode> episodes;  // in order of their begin
};

// What is being done at the moment; written by the nemesis alone.
struct TortureWeather {
    using Clock = std::chrono::steady_clock;
    static constexpr Clock::time_point kNever = Clock::time_point::max();

    std::atomic<int> faults{0};  // episodes under way
    // Since when a quorum of every group has been well all the time and no further node has fallen
    // ill; kNever: it is not. A node is well that runs, is not stopped, has a right clock and a
    // good disk, and whole links to all others that are well.
    std::atomic<Clock::time_point> well_since{Clock::time_point::min()};
};

// As few nodes as are easily found, without which all links that are left are whole.
std::vector<std::size_t> nodes_to_blame(std::vector<NodeLink> faulty);

// `nodes`: 1 to 9. The last steps, at `length`, make every node run without a fault.
TorturePlan draw_torture_plan(std::uint64_t seed, std::size_t nodes,
                              std::chrono::milliseconds length);

}  // namespace weft::cli
