#pragma once
// What is done to the nodes and when: drawn from the seed alone, so that a seed repeats it.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
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
};
inline constexpr std::size_t kTortureFaults = 13;
std::string_view torture_fault_name(TortureFault fault);

enum class NodeAct : std::uint8_t {
    Kill,
    Start,  // unless it runs
    Pause,
    Resume,   // if it is paused
    Control,  // `control` becomes the text of the node's control file (cli/faults_preload.cpp)
};

struct TortureStep {
    std::chrono::milliseconds at{};  // from the begin
    NodeAct act{};
    std::size_t node = 0;
    std::string control;
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
    // ill; kNever: it is not. A node is well that runs, is not stopped, and has a right clock and a
    // good disk.
    std::atomic<Clock::time_point> well_since{Clock::time_point::min()};
};

// `nodes`: 1 to 9. The last steps, at `length`, make every node run without a fault.
TorturePlan draw_torture_plan(std::uint64_t seed, std::size_t nodes,
                              std::chrono::milliseconds length);

}  // namespace weft::cli
