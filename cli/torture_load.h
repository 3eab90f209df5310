#pragma once
// The load of `weft torture`: connections with many operations on their way, few entities that all
// of them use and thousands of others; everything that was answered is kept for the judge.

#include "cli/histogram.h"
#include "cli/torture_history.h"
#include "cli/torture_plan.h"
#include "weft/client.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace weft::cli {

// At most so many operations of one entity are on their way: a search for an order stays possible.
inline constexpr int kTortureInFlight = 8;
inline constexpr std::size_t kTortureRecords = 4'000'000;

struct TortureLoadOptions {
    std::uint64_t seed = 1;
    std::chrono::steady_clock::time_point begin;  // the moments of the history count from here
    ConnectOptions mesh;
    std::uint32_t connections = 2, lanes = 4;  // operations on their way: their product
    std::uint32_t cold = 1000;                 // entities that few use
    std::uint32_t big_per_mille = 4;           // operations with values to 1 MiB
    double rate = 400;                         // operations per second at most, all together
    std::chrono::milliseconds timeout{5000};
};

// One call's, from when it began or a quorum was well again.
struct TortureWait {
    std::chrono::nanoseconds from{}, took{};  // from: in the history's time
    std::uint32_t entity = 0;
    Outcome outcome{};
};

struct TortureCounts {
    std::uint64_t done = 0, rejected = 0, not_done = 0, unknown = 0, settled = 0;
    std::uint64_t bytes_written = 0, entities = 0;
    Histogram latency_ns, faulty_latency_ns;  // of answers; the second while a fault was active
    std::chrono::nanoseconds longest_gap{};   // between two answers
    TortureWait longest_wait;                 // as TortureWeather::well_since counts
    std::uint64_t operations() const { return done + rejected + not_done + unknown; }
};

struct TortureShared;
class TortureConnection;

class TortureLoad {
public:
    static Result<std::unique_ptr<TortureLoad>> start(const TortureLoadOptions& options,
                                                      const TortureWeather& weather);
    ~TortureLoad();
    TortureLoad(const TortureLoad&) = delete;
    TortureLoad& operator=(const TortureLoad&) = delete;

    // Waits until nothing is on its way, asks what became of unknown outcomes, and goes on.
    void quiet_moment();
    // The same, and does not go on.
    void stop();
    // After stop(): asks what became of all that is unknown.
    void settle_all();
    // After stop(): reads every entity that was used, into the history. What cannot be read within
    // `patience` is in wrong().
    void read_all(std::chrono::milliseconds patience);

    std::uint64_t operations() const;
    TortureCounts counts() const;
    std::vector<TortureRecord> take_records();
    // Contents that are no written value, and what could not be read.
    std::vector<std::string> wrong() const;

private:
    TortureLoad() = default;
    void pause();

    std::shared_ptr<TortureShared> shared_;
    std::vector<std::shared_ptr<TortureConnection>> connections_;
    std::vector<std::thread> threads_;
};

}  // namespace weft::cli
