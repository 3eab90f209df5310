#include "sim/seed.h"

#include "core/invariant.h"
#include "sim/checkers/linearizability.h"

#include <fmt/core.h>

#include <exception>
#include <string>
#include <utility>

namespace weft::sim {
namespace {

// The one exception of weft: it carries a broken invariant out of the seed.
struct Violation {
    std::string text;
};

void throw_violation(const BrokenInvariant& broken) {
    throw Violation{
        fmt::format("{} ({}:{}): {}", broken.condition, broken.file, broken.line, broken.message)};
}

WorldOptions draw(std::uint64_t seed, const SwarmOptions& swarm) {
    WorldOptions options;
    options.seed = seed;
    options.trace = swarm.trace;
    Random random = Random(seed).stream("swarm");
    constexpr std::size_t kSizes[] = {1, 2, 3, 3, 3, 3, 4, 5, 5, 7};
    options.machines = kSizes[random.below(10)];
    options.groups = std::uint32_t{1} << random.below(4);
    options.clients = 1 + random.below(5);
    options.workload.entities = 1 + static_cast<std::uint32_t>(random.below(12));
    options.workload.pipeline = 1 + static_cast<std::uint32_t>(random.below(4));
    options.workload.think_max = std::chrono::milliseconds(1 + random.below(60));
    options.workload.timeout = std::chrono::milliseconds(300 + random.below(8000));
    options.faults = FaultPlan::draw(random);
    if (swarm.no_faults) options.faults = FaultPlan{};
    options.node.sweep_log_bytes = std::uint64_t{1} << (12 + random.below(10));
    options.node.sweep_rows = 1 + random.below(64);
    options.node.partition_limits.passivate_after =
        std::chrono::milliseconds(500 + random.below(9500));
    if (options.faults.has(Family::SmallSizes)) {
        options.node.limits.cached_log_bytes = 1;
        options.node.limits.append_bytes = 1;
        options.node.limits.uncommitted_bytes = 2000;
        options.node.limits.peer_inflight_bytes = 600;
        options.node.partition_limits.mailbox = 2;
        options.node.partition_limits.session_window = 8;
        options.node.partition_limits.waiting_reads = 4;
    }
    return options;
}

void trace_history(std::FILE* trace, const std::string& entity, const History& history) {
    for (const Operation& op : history)
        fmt::print(trace, "{} client {} {}({}) -> {} outcome {} [{}..{}] {}\n", entity, op.client,
                   static_cast<int>(op.kind), op.argument, op.result.value_or("nothing"),
                   static_cast<int>(op.outcome), op.start_ns, op.end_ns, op.note);
}

void check_histories(const World& world, const SwarmOptions& swarm, SeedReport& report) {
    for (const auto& [entity, history] : world.histories()) {
        report.operations += history.size();
        const Model model = entity.starts_with("counter/") ? Model::Counter : Model::Kv;
        const Verdict verdict = check_linearizable(history, model, 2'000'000);
        if (verdict.linearizable || !report.ok()) continue;
        if (swarm.trace != nullptr) trace_history(swarm.trace, entity, history);
        report.violation = fmt::format("I5: {} is not linearizable: {}", entity, verdict.reason);
    }
}

// The first refused call, for the report of a fault-free run.
std::string first_not_done(const World& world) {
    for (const auto& [entity, history] : world.histories())
        for (const Operation& op : history)
            if (op.outcome == OperationOutcome::NotDone)
                return fmt::format("{}: {}", entity, op.note);
    return {};
}

void count(const World& world, SeedReport& report) {
    for (const auto& [entity, history] : world.histories()) {
        for (const Operation& op : history) {
            report.done += op.outcome == OperationOutcome::Done ? 1 : 0;
            report.rejected += op.outcome == OperationOutcome::Rejected ? 1 : 0;
            report.not_done += op.outcome == OperationOutcome::NotDone ? 1 : 0;
            report.unknown += op.outcome == OperationOutcome::Unknown ? 1 : 0;
        }
    }
}

bool all_idle(World& world) {
    for (std::size_t i = 0; i < world.clients(); ++i)
        if (!world.client(i).idle()) return false;
    return true;
}

std::string who_is_not_ready(World& world) {
    std::string out;
    for (std::size_t i = 0; i < world.machines(); ++i) {
        Machine& machine = world.machine(i);
        if (!machine.alive()) {
            out += fmt::format(" n{} down;", i);
            continue;
        }
        for (const GroupId group : machine.node().hosted()) {
            const auto status = machine.node().partition(group).status();
            if (status.leader && !status.damaged) continue;
            out += fmt::format(" n{} g{} term {} commit {} last {} damaged {};", i, group.value,
                               status.term.value, status.commit.value, status.last.value,
                               status.damaged);
        }
    }
    return out;
}

void play(World& world, const WorldOptions& options, const SwarmOptions& swarm,
          SeedReport& report) {
    world.begin();
    // A fault that is on from the start may slow this down; it must not stop it for ever.
    world.run_until(std::chrono::seconds(5), [&] { return world.all_ready(); });
    world.run_for(std::chrono::seconds(1));
    world.start_faults();
    world.run_for(swarm.chaos);
    for (std::size_t i = 0; i < world.clients(); ++i) world.client(i).finish();
    world.heal();
    if (!world.run_until(swarm.liveness, [&] { return world.all_ready(); })) {
        report.violation = "I14: not ready after heal:" + who_is_not_ready(world);
        return;
    }
    if (!world.run_until(std::chrono::seconds(30), [&] { return all_idle(world); })) {
        report.violation = "I14: calls did not end after heal";
        return;
    }
    world.client(0).read_all();
    if (!world.run_until(std::chrono::seconds(40), [&] { return all_idle(world); })) {
        report.violation = "I14: final reads did not end";
        return;
    }
    check_histories(world, swarm, report);
    if (!options.faults.any() && report.ok()) {
        count(world, report);
        if (report.unknown > 0 || report.not_done > 0)
            report.violation = fmt::format("I22: {} unknown, {} not done without a fault: {}",
                                           report.unknown, report.not_done, first_not_done(world));
        for (std::uint32_t g = 0; g <= options.groups && report.ok(); ++g)
            if (world.oracle().elections(GroupId{g}) > 1)
                report.violation = fmt::format("I22: group {} had {} elections without a fault", g,
                                               world.oracle().elections(GroupId{g}));
    }
}

}  // namespace

SeedReport run_seed(std::uint64_t seed, const entity::TypeTable& types, const SwarmOptions& swarm) {
    SeedReport report;
    report.seed = seed;
    const WorldOptions options = draw(seed, swarm);
    report.plan = fmt::format("{} machines, {} groups, {} clients, faults {}", options.machines,
                              options.groups, options.clients, options.faults.text());
    const InvariantHandler before = set_invariant_handler(throw_violation);
    {
        World world(options, types);
        try {
            play(world, options, swarm, report);
        } catch (const Violation& violation) {
            report.violation = violation.text;
        }
        report.done = report.rejected = report.not_done = report.unknown = 0;
        count(world, report);
        report.trace_hash = world.trace_hash();
        report.committed = world.oracle().committed_entries();
        report.frames = world.network().counters().sent;
        report.virtual_ms = world.queue().now().ns / 1'000'000;
        for (std::size_t i = 0; i < kFamilies; ++i)
            report.faults[i] = world.faults_of(static_cast<Family>(i));
    }
    set_invariant_handler(before);
    return report;
}

}  // namespace weft::sim
