#include "cli/sim_hunt.h"

#include "cli/node_folder.h"
#include "cli/sim_worker.h"
#include "core/error.h"
#include "sim/private_folder.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace weft::cli {

namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr int kLookMs = 200;
constexpr double kSummaryEverySeconds = 10;

double seconds_since(SteadyClock::time_point begin) {
    return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

// SIGINT and SIGTERM become readable while this lives, instead of ending the process.
class Interrupts {
public:
    Interrupts() {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, &before_);
        fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    ~Interrupts() {
        if (fd_ >= 0) close(fd_);
        sigprocmask(SIG_SETMASK, &before_, nullptr);
    }
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
    int fd() const { return fd_; }
    const sigset_t& before() const { return before_; }

private:
    sigset_t before_{};
    int fd_ = -1;
};

class Hunt {
public:
    Hunt(const Shell& shell, const HuntOptions& options)
        : shell_(shell), options_(options), bar_(shell.human() && isatty(STDERR_FILENO) == 1) {}

    Result<HuntTotals> run() {
        totals_.store = options_.store;
        for (std::uint64_t i = 0; i < options_.jobs; ++i) {
            auto worker = SimWorker::start(options_, i, interrupts_.before());
            if (!worker) return std::unexpected(std::move(worker).error());
            workers_.push_back(std::move(*worker));
        }
        while (std::ranges::any_of(workers_, &SimWorker::running)) {
            look();
            if (interrupted() || late()) break;
            progress();
            if (auto written = summary(false); !written)
                return std::unexpected(std::move(written).error());
        }
        for (SimWorker& worker : workers_) worker.stop();
        // Of workers that had to be killed.
        sim::remove_abandoned_folders();
        if (bar_) shell_.note("\r\033[K");
        totals_.wall_seconds = seconds_since(begin_);
        if (auto written = summary(true); !written)
            return std::unexpected(std::move(written).error());
        if (auto written = hashes(); !written) return std::unexpected(std::move(written).error());
        return std::move(totals_);
    }

private:
    void look() {
        std::vector<pollfd> fds;
        for (const SimWorker& worker : workers_) fds.push_back({worker.fd(), POLLIN, 0});
        fds.push_back({interrupts_.fd(), POLLIN, 0});
        poll(fds.data(), fds.size(), kLookMs);
        for (SimWorker& worker : workers_)
            for (SimResult& result : worker.read_results()) take(std::move(result));
    }

    void take(SimResult result) {
        const sim::RunReport& report = result.report;
        ++totals_.seeds;
        totals_.operations += report.operations;
        totals_.unknown += report.unknown;
        totals_.frames += report.frames;
        totals_.events += report.events;
        totals_.committed += report.committed;
        totals_.elections += report.elections;
        totals_.states_compared += report.states_compared;
        totals_.entities_max = std::max(totals_.entities_max, report.entities);
        totals_.log_bytes_max = std::max(totals_.log_bytes_max, report.log_bytes);
        totals_.snapshot_pages_max = std::max(totals_.snapshot_pages_max, report.snapshot_pages);
        totals_.journal_ahead += report.journal_ahead;
        totals_.sockets_ahead += report.sockets_ahead;
        totals_.virtual_ms += report.virtual_ms;
        totals_.cpu_ns += result.cpu_ns;
        totals_.probes |= report.probes;
        // A sum: seeds end in any order.
        totals_.trace_hash += report.trace_hash * (2 * report.seed + 1);
        if (!options_.hashes_file.empty()) hashes_.emplace(report.seed, report.trace_hash);
        for (std::size_t i = 0; i < totals_.faults.size(); ++i)
            totals_.faults[i] += report.faults[i];
        if (report.ok()) return;
        if (bar_) shell_.note("\r\033[K");
        shell_.note(fmt::format("seed {} commit {}: {} | {} | replay: {}\n", report.seed,
                                WEFT_COMMIT, report.violation, report.plan,
                                replay_command(report.seed)));
        totals_.failures.push_back({report.seed, report.violation, report.plan});
    }

    std::string replay_command(std::uint64_t seed) const {
        std::string command = fmt::format("weft sim run --seeds {}", seed);
        if (options_.profile != sim::Profile::Swarm)
            command += fmt::format(" --profile {}", sim::profile_name(options_.profile));
        if (options_.store != sim::StoreKind::Memory)
            command += fmt::format(" --store {}", sim::store_name(options_.store));
        return command;
    }

    bool interrupted() {
        signalfd_siginfo info;
        if (::read(interrupts_.fd(), &info, sizeof info) != sizeof info) return false;
        totals_.interrupted = true;
        return true;
    }
    bool late() const {
        return options_.seconds_max > 0 && seconds_since(begin_) >= options_.seconds_max;
    }

    void progress() const {
        if (!bar_) return;
        const double wall = std::max(seconds_since(begin_), 0.001);
        const std::uint64_t count = options_.last - options_.first + 1;
        double part = static_cast<double>(totals_.seeds) / static_cast<double>(count);
        if (options_.seconds_max > 0) part = wall / options_.seconds_max;
        constexpr int kWidth = 30;
        const auto filled = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * kWidth);
        std::string bar(kWidth, ' ');
        std::fill_n(bar.begin(), filled, '=');
        shell_.note(fmt::format("\r[{}] {} seeds, {:.1f}/s, {} violations ", bar, totals_.seeds,
                                static_cast<double>(totals_.seeds) / wall,
                                totals_.failures.size()));
    }

    Result<void> hashes() {
        if (options_.hashes_file.empty()) return {};
        std::string text;
        for (const auto& [seed, hash] : hashes_) text += fmt::format("{} {:016x}\n", seed, hash);
        return write_file(options_.hashes_file, text, 0644);
    }

    Result<void> summary(bool last) {
        if (options_.summary_file.empty()) return {};
        const double now = seconds_since(begin_);
        if (!last && now < summary_due_) return {};
        summary_due_ = now + kSummaryEverySeconds;
        totals_.wall_seconds = now;
        std::string text = render(Format::Json, hunt_summary(totals_));
        for (const HuntFailure& failure : totals_.failures)
            text += fmt::format("seed {}: {} | {} | replay: {}\n", failure.seed, failure.violation,
                                failure.plan, replay_command(failure.seed));
        return write_file(options_.summary_file, text, 0644);
    }

    const Shell& shell_;
    const HuntOptions& options_;
    const bool bar_;
    Interrupts interrupts_;
    SteadyClock::time_point begin_ = SteadyClock::now();
    std::vector<SimWorker> workers_;
    HuntTotals totals_;
    std::map<std::uint64_t, std::uint64_t> hashes_;  // by seed
    double summary_due_ = 0;
};

}  // namespace

std::string never_reached(sim::ProbeSet reached) {
    std::string names;
    for (std::size_t i = 0; i < sim::kProbes.size(); ++i) {
        if ((reached >> i & 1) != 0) continue;
        if (!names.empty()) names += ' ';
        names += sim::kProbes[i];
    }
    return names;
}

Result<HuntTotals> hunt(const Shell& shell, const HuntOptions& options) {
    return Hunt(shell, options).run();
}

Record hunt_summary(const HuntTotals& totals) {
    const double cpu = static_cast<double>(totals.cpu_ns) / 1e9;
    const double virtual_seconds = static_cast<double>(totals.virtual_ms) / 1000.0;
    Record record{
        {"seeds", totals.seeds},
        {"violations", std::uint64_t{totals.failures.size()}},
        {"interrupted", totals.interrupted},
        {"commit", std::string(WEFT_COMMIT)},
        {"store", std::string(sim::store_name(totals.store))},
        {"operations_checked", totals.operations},
        {"unknown_outcomes", totals.unknown},
        {"entries_committed", totals.committed},
        {"elections", totals.elections},
        {"states_compared", totals.states_compared},
        {"entities_written_max", totals.entities_max},
        {"log_bytes_of_a_group_max", totals.log_bytes_max},
        {"snapshot_pages_sent_max", totals.snapshot_pages_max},
        {"crashed_journal_ahead", totals.journal_ahead},
        {"crashed_sockets_ahead", totals.sockets_ahead},
        {"frames", totals.frames},
        {"events", totals.events},
        {"virtual_seconds", virtual_seconds},
        {"cpu_seconds", cpu},
        {"virtual_seconds_per_cpu_second", cpu > 0 ? virtual_seconds / cpu : 0.0},
        {"seeds_per_second",
         totals.wall_seconds > 0 ? static_cast<double>(totals.seeds) / totals.wall_seconds : 0.0},
        {"trace_hash", fmt::format("{:016x}", totals.trace_hash)},
        {"probes_never_reached", never_reached(totals.probes)}};
    for (std::size_t i = 0; i < totals.faults.size(); ++i)
        if (totals.faults[i] > 0)
            record.push_back(
                {fmt::format("fault_{}", sim::fault_name(static_cast<sim::FaultKind>(i))),
                 totals.faults[i]});
    return record;
}

}  // namespace weft::cli
