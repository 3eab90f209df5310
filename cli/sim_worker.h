#pragma once
// One worker process of a hunt: runs its share of the seeds and tells each result over a pipe.

#include "sim/run.h"
#include "weft/result.h"

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

struct HuntOptions;

struct SimResult {
    sim::RunReport report;
    std::int64_t cpu_ns = 0;  // of the (first) run
};

// One line, without its end; the parent reads it back. Nothing when a line is not of this kind.
std::string encode_result(const SimResult& result);
std::optional<SimResult> decode_result(std::string_view line);

class SimWorker {
public:
    // Worker `number` of options.jobs takes every jobs-th seed. `signals`: the mask it is to have.
    static Result<SimWorker> start(const HuntOptions& options, std::uint64_t number,
                                   const sigset_t& signals);
    SimWorker(SimWorker&& other) noexcept;
    SimWorker& operator=(SimWorker&&) = delete;
    ~SimWorker();

    bool running() const { return fd_ >= 0; }
    int fd() const { return fd_; }
    // What has come; never blocks. A worker that died is reported as a violation of its seed.
    std::vector<SimResult> read_results();
    // Ends the process if it still runs.
    void stop();

private:
    SimWorker(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
    void ended(std::vector<SimResult>& results);

    pid_t pid_ = 0;
    int fd_ = -1;
    std::string unread_;
    std::uint64_t seed_ = 0;  // under way
    bool under_way_ = false;
};

}  // namespace weft::cli
