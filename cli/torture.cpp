#include "cli/torture.h"

#include "cli/dev_ports.h"
#include "cli/torture_alarms.h"
#include "core/error.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <thread>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Ms = std::chrono::milliseconds;

constexpr auto kReadyPatience = 60s;  // after the start
constexpr auto kHealPatience = 120s;  // from the last node's start to a healthy mesh
constexpr auto kReadPatience = 120s;  // of all final reads
constexpr auto kBetweenQuiet = 10s;

// Away from those of `weft dev` and of other tortures: the ports of a killed node are free, and
// another mesh that is made meanwhile could take them.
int first_port() {
    constexpr int kFrom = 20'000, kBlocks = 100;
    return kFrom + static_cast<int>(::getpid()) % kBlocks * kDevBlockStep;
}

class Torture {
public:
    Torture(const TortureOptions& options, const TortureHooks& hooks)
        : options_(options), hooks_(hooks) {}

    Result<TortureReport> run() {
        if (auto up = bring_up(); !up) return std::unexpected(std::move(up).error());
        auto result = torture();
        // Killed, not asked: a node that hangs must not keep us.
        if (const auto stopped = mesh_->stop_all(0ms); !stopped && result)
            return std::unexpected(stopped.error());
        if (result)
            for (TortureViolation& violation :
                 judge_torture({options_.folder, options_.seed, entities_, options_.keep},
                               std::move(records_)))
                result->violations.push_back(std::move(violation));
        return result;
    }

private:
    Result<void> bring_up() {
        auto library = faults_library();
        if (!library) return std::unexpected(std::move(library).error());
        auto lock = DevLock::take(options_.folder);
        if (!lock) return std::unexpected(std::move(lock).error());
        const auto ports = PortLock::take(kPortPatience);
        if (!ports) return std::unexpected(ports.error());
        auto mesh = DevMesh::create(options_.folder, {options_.nodes, false, first_port()});
        if (!mesh) return std::unexpected(std::move(mesh).error());
        mesh_ = *std::move(mesh);
        mesh_->run_as({options_.program, [this, path = *library](const DevNode& node) {
                           return faults_environment(path, control_file(*mesh_, node));
                       }});
        for (const DevNode& node : mesh_->nodes())
            if (auto started = mesh_->start(node); !started) return failed(started.error());
        for (const DevNode& node : mesh_->nodes()) mesh_->wait_listening(node);
        if (auto ready = wait_ready(*mesh_, kReadyPatience, hooks_.interrupted); !ready)
            return failed(ready.error());
        return {};
    }
    std::unexpected<Error> failed(const Error& error) {
        (void)mesh_->stop_all(0ms);
        return std::unexpected(error);
    }

    Result<TortureLoadOptions> load_options() const {
        TortureLoadOptions load;
        load.seed = options_.seed;
        load.begin = begin_;
        load.mesh.addresses = mesh_->addresses();
        const auto cluster = mesh_->cluster();
        if (!cluster) return std::unexpected(cluster.error());
        load.mesh.cluster = *cluster;
        load.mesh.program = "weft torture";
        load.mesh.timeout = 10s;
        if (options_.full) {
            load.connections = 4;
            load.lanes = 24;
            load.cold = 5000;
            load.big_per_mille = 12;
            const auto seconds = std::max<std::int64_t>(1, options_.length / 1s);
            load.rate = std::min(
                20'000.0, static_cast<double>(kTortureRecords) / static_cast<double>(seconds));
        }
        return load;
    }

    Result<TortureReport> torture() {
        begin_ = Clock::now();
        const auto wanted = load_options();
        if (!wanted) return std::unexpected(wanted.error());
        auto deaths = DeathWatch::start(*mesh_);
        if (!deaths) return std::unexpected(std::move(deaths).error());
        Nemesis nemesis(*mesh_, [this](const std::string& text) { say(text); });
        auto started = TortureLoad::start(*wanted, nemesis.weather());
        if (!started) return std::unexpected(std::move(started).error());
        TortureLoad& load = **started;
        nemesis.start(draw_torture_plan(options_.seed, options_.nodes, options_.length));
        TortureReport report;
        report.interrupted = !watch(load);
        if (report.interrupted) nemesis.stop();
        nemesis.finish();
        load.stop();
        if (!report.interrupted) heal(load, report);
        report.counts = load.counts();
        report.nemesis = nemesis.report();
        for (const auto& list : {load.wrong(), report.nemesis.wrong})
            for (const std::string& text : list) report.violations.push_back({"", text, {}});
        judge_alarms(deaths->finish(), report);
        entities_ = TortureEntities(wanted->cold).count();
        records_ = load.take_records();
        report.unknown_left = static_cast<std::uint64_t>(
            std::ranges::count_if(records_, [](const TortureRecord& record) {
                return record.outcome == sim::OperationOutcome::Unknown &&
                       record.kind != sim::OperationKind::Get;
            }));
        return report;
    }

    // Of what membership said while there was load.
    void judge_alarms(const std::vector<HeldForDead>& deaths, TortureReport& report) const {
        const auto found = false_alarms(deaths, report.nemesis.silences);
        report.deaths = deaths.size();
        report.false_alarms = found.size();
        for (const HeldForDead& death : found)
            report.violations.push_back({"", alarm_text(death), {}});
    }
    std::string alarm_text(const HeldForDead& death) const {
        const auto seconds = [this](SteadyMoment at) {
            return std::chrono::duration<double>(at - begin_).count();
        };
        return fmt::format(
            "false alarm: {} held {} for dead at {:.1f} s, after a suspicion at {:.1f} s, and no "
            "fault made either of them silent",
            mesh_->nodes()[death.by].name, mesh_->nodes()[death.of].name, seconds(death.at),
            seconds(death.suspected));
    }

    // Until the time of the faults is over; false when interrupted.
    bool watch(TortureLoad& load) {
        const auto end = begin_ + options_.length;
        auto quiet = begin_ + kBetweenQuiet;
        while (Clock::now() < end) {
            if (hooks_.interrupted()) return false;
            std::this_thread::sleep_until(std::min(end, Clock::now() + 50ms));
            if (Clock::now() < quiet) continue;
            load.quiet_moment();
            quiet = Clock::now() + kBetweenQuiet;
            say(fmt::format("{} operations so far", load.operations()));
        }
        return true;
    }

    void heal(TortureLoad& load, TortureReport& report) {
        say("all faults are over; waiting until the mesh is healthy");
        const auto from = Clock::now();
        const auto ready = wait_ready(*mesh_, kHealPatience, hooks_.interrupted);
        report.healed_after = std::chrono::duration_cast<Ms>(Clock::now() - from);
        if (!ready)
            report.violations.push_back(
                {"",
                 fmt::format("not healthy {} s after the last fault: {}", report.healed_after / 1s,
                             ready.error().message),
                 {}});
        say("asking what became of unknown outcomes, then reading everything back");
        load.settle_all();
        load.read_all(kReadPatience);
        say("judging");
    }

    // Progress goes to the folder as well: beside a history it says what was done when.
    void say(const std::string& text) {
        const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
        const std::string line = fmt::format("{:7.1f} s  {}", seconds, text);
        const std::lock_guard guard(lock_);
        hooks_.tell(line);
        std::ofstream(options_.folder / "progress", std::ios::app) << line << "\n";
    }

    const TortureOptions& options_;
    const TortureHooks& hooks_;
    std::optional<DevMesh> mesh_;
    Clock::time_point begin_;
    std::mutex lock_;  // of what is told
    std::vector<TortureRecord> records_;
    std::uint32_t entities_ = 0;
};

}  // namespace

Result<TortureReport> run_torture(const TortureOptions& options, const TortureHooks& hooks) {
    return Torture(options, hooks).run();
}

}  // namespace weft::cli
