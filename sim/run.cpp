#include "sim/run.h"

#include "core/invariant.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/draw_config.h"
#include "sim/each_ready.h"
#include "sim/judge.h"
#include "sim/lead_in_turn.h"
#include "sim/world.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace weft::sim {
namespace {

// The one exception of weft: it carries a broken invariant out of the run.
struct Violation {
    std::string text;
};

void throw_violation(const BrokenInvariant& broken) {
    throw Violation{
        fmt::format("{} ({}:{}): {}", broken.condition, broken.file, broken.line, broken.message)};
}

void trace_history(std::FILE* trace, const std::string& entity, const History& history) {
    for (const Operation& op : history)
        fmt::print(trace, "{} client {} {}({}) -> {} outcome {} [{}..{}] {}\n", entity, op.client,
                   static_cast<int>(op.kind), op.argument, op.result.value_or("nothing"),
                   static_cast<int>(op.outcome), op.start_ns, op.end_ns, op.note);
}

class Run {
public:
    Run(World& world, const RunOptions& options, RunReport& report)
        : world_(world), options_(options), report_(report), config_(world.schedule().config) {}

    void play() {
        phase("warm-up");
        world_.begin();
        const Duration warm_up = of_ms(config_.warm_up_ms);
        (void)world_.run_until(warm_up, [this] { return world_.all_ready(0); });
        all_led_ns_ = world_.queue().now().ns;
        world_.run_to(Instant{} + of_ms(config_.warm_up_ms));
        phase("chaos");
        world_.run_to(Instant{} + of_ms(config_.warm_up_ms + config_.chaos_ms));
        if (heal_core() && heal_rest() && audit()) judge();
    }

private:
    bool fail(std::string text) {
        report_.violation = std::move(text);
        return false;
    }
    void phase(std::string_view name) {
        if (options_.observer != nullptr) options_.observer->phase(world_.queue().now(), name);
    }

    // A quorum of every group is whole again, the others stay broken: it must serve (I14).
    bool heal_core() {
        if (config_.core_broken == 0) return true;
        phase("quorum core");
        world_.heal();
        world_.break_machines(config_.core_broken, config_.core_cut);
        // Long enough that a leader without its quorum has noticed.
        world_.run_for(of_ms(2 * config_.election_max_ms));
        if (!ready_in_time(config_.core_broken))
            return fail("I14: a quorum is whole, but not ready:" + who_is_not_ready());
        world_.run_for(std::chrono::seconds(1));
        return true;
    }

    // The rest is healed, too, or stays broken for ever.
    bool heal_rest() {
        phase("heal");
        for (std::size_t i = 0; i < world_.clients(); ++i) world_.client(i).finish();
        const std::uint64_t broken = config_.core_stays != 0 ? config_.core_broken : 0;
        if (broken == 0) world_.heal();
        if (!ready_in_time(broken)) return fail("I14: not ready after heal:" + who_is_not_ready());
        return all_idle_within(std::chrono::seconds(30)) || refusing() ||
               fail("I14: calls did not end after heal");
    }

    // Every entity is read once more, and can be: from whoever leads, and from every replica that
    // is made the leader in turn.
    bool audit() {
        phase("audit");
        if (!read_everything()) return false;
        if (world_.schedule().fault_free() && !nothing_without_cause()) return false;
        for (std::size_t slot = 0; slot < config_.replicas && !refusing(); ++slot) {
            ask_to_lead(world_, slot);
            // Where leaderships end by themselves it may not come to pass.
            (void)world_.run_until(std::chrono::seconds(2),
                                   [&] { return leads_all(world_, slot); });
            if (!read_everything()) return false;
        }
        world_.run_for(of_ms(4 * config_.heartbeat_ms));
        world_.compare_states(true);
        return true;
    }

    bool read_everything() {
        const std::int64_t begun_ns = world_.queue().now().ns;
        world_.client(0).read_all();
        // Thousands that are refused one by one take as long as all their calls.
        if (!all_idle_within(std::chrono::seconds(40)) && !refusing())
            return fail("I14: final reads did not end");
        if (auto unread = unread_since(begun_ns)) return fail(std::move(*unread));
        return true;
    }

    std::optional<std::string> unread_since(std::int64_t begun_ns) const {
        if (refusing()) return std::nullopt;
        for (const auto& [entity, history] : world_.histories()) {
            const Operation* last = nullptr;
            for (const Operation& op : history)
                if (op.client == 0 && op.start_ns >= begun_ns &&
                    (last == nullptr || op.end_ns > last->end_ns))
                    last = &op;
            if (last != nullptr && last->outcome != OperationOutcome::Done)
                return fmt::format("I14: the final read of {} is not answered: {}", entity,
                                   last->note);
        }
        return std::nullopt;
    }
    bool refusing() const { return config_.may_refuse != 0; }
    // A replica that waits for a snapshot may have to wait for another's first; pages of a few rows
    // take their time.
    Duration deadline() const {
        constexpr std::uint64_t kRowsOfAnEntity = 4, kTransfers = 2;
        constexpr std::uint64_t kSmallPage = 16, kSmallPageBytes = 4096;
        Duration limit = of_ms(config_.liveness_ms);
        if (config_.page_rows <= kSmallPage || config_.page_bytes <= kSmallPageBytes)
            limit += of_ms(kTransfers * kRowsOfAnEntity * 2 * config_.entities *
                           undisturbed_page_ms(config_));
        return limit;
    }
    bool ready_in_time(std::uint64_t except) {
        EachReady each(world_, except);
        const bool hasty = is_hasty(config_.election_min_ms);
        return world_.run_until(deadline(), [&] {
            return hasty ? each.look() : world_.all_ready(except);
        }) || refusing();
    }
    bool all_idle_within(Duration limit) {
        return world_.run_until(limit, [this] {
            for (std::size_t i = 0; i < world_.clients(); ++i)
                if (!world_.client(i).idle()) return false;
            return true;
        });
    }

    std::string who_is_not_ready() const {
        std::string out;
        for (std::size_t i = 0; i < world_.machines(); ++i) {
            const Machine& machine = world_.machine(i);
            if (!machine.alive()) {
                out += fmt::format(" n{} down;", i);
                continue;
            }
            for (const PartitionId group : machine.node().hosted()) {
                const auto status = machine.node().partition(group).status();
                if (status.leader && !status.damaged) continue;
                out += fmt::format(" n{} g{} term {} commit {} last {} damaged {};", i, group.value,
                                   status.term.value, status.commit.value, status.last.value,
                                   status.damaged);
            }
        }
        return out;
    }

    void judge() {
        if (const auto wrong = wrong_history(world_.histories())) {
            fail(fmt::format("{}: {}", wrong->entity, wrong->rule));
            return trace(wrong->entity, world_.histories().at(wrong->entity));
        }
    }
    void trace(const std::string& entity, const History& history) const {
        if (options_.trace != nullptr) trace_history(options_.trace, entity, history);
    }

    // I22. What came before a group had its first leader may be refused. Buffers of a few may
    // refuse in a quiet world, too, calls of a process that ends are left open, clients that soon
    // ask elsewhere answer a later call first now and then, and time-outs near
    // to what disk and network take end leaderships: those are their cause.
    bool nothing_without_cause() {
        if (is_hasty(config_.election_min_ms)) return true;
        const bool roomy = is_roomy();
        for (const auto& [entity, history] : world_.histories()) {
            for (const Operation& op : history) {
                const bool refused = op.outcome == OperationOutcome::NotDone;
                if (refused && op.start_ns < all_led_ns_) continue;
                if (roomy && (refused || op.outcome == OperationOutcome::Unknown)) {
                    trace(entity, history);
                    return fail(fmt::format("I22: {} is {} without a fault: {}", entity,
                                            refused ? "not done" : "unknown", op.note));
                }
            }
        }
        for (std::uint32_t g = 0; g <= config_.partitions; ++g) {
            const std::uint64_t elections = world_.oracle().elections(PartitionId{g});
            if (elections <= 1) continue;
            return fail(
                fmt::format("I22: group {} had {} elections without a fault", g, elections));
        }
        return true;
    }

    // Of a time-out: disk and network may take as long without any fault.
    bool is_hasty(std::uint64_t time_out_ms) const {
        return time_out_ms * 1000 < 8 * (config_.delay_max_us * 2 + config_.sync_max_us);
    }
    bool is_roomy() const {
        return config_.client_life_ms == 0 && !is_hasty(config_.attempt_ms) &&
               config_.mailbox > 64 && config_.session_window > 64 && config_.sessions > 64 &&
               config_.waiting_reads > 64 && config_.waiting_replies > 64 &&
               config_.in_flight > 64 && config_.large_reads > 64 &&
               config_.large_read_bytes > 1'000'000 && config_.uncommitted_bytes > 1'000'000 &&
               config_.persist_bytes > 1'000'000 && config_.mailbox_bytes > 1'000'000 &&
               config_.waiting_read_bytes > 1'000'000 && config_.session_reply_bytes > 100'000;
    }

    World& world_;
    const RunOptions& options_;
    RunReport& report_;
    const RunConfig& config_;
    std::int64_t all_led_ns_ = 0;
};

bool is_done_write(const Operation& op) {
    return op.outcome == OperationOutcome::Done && op.kind != OperationKind::Get;
}

void count(World& world, RunReport& report) {
    for (const auto& [entity, history] : world.histories()) {
        report.operations += history.size();
        if (std::ranges::any_of(history, is_done_write)) ++report.entities;
        for (const Operation& op : history) {
            report.done += op.outcome == OperationOutcome::Done ? 1 : 0;
            report.rejected += op.outcome == OperationOutcome::Rejected ? 1 : 0;
            report.not_done += op.outcome == OperationOutcome::NotDone ? 1 : 0;
            report.unknown += op.outcome == OperationOutcome::Unknown ? 1 : 0;
        }
    }
    const Promises::Counts& promises = world.oracle().promises().counts();
    report.log_bytes = promises.log_bytes;
    report.snapshot_pages = promises.pages_sent;
    report.trace_hash = world.trace_hash();
    report.committed = world.oracle().committed_entries();
    report.elections = world.oracle().elections();
    report.states_compared = world.oracle().states_compared();
    report.frames = world.network().counters().sent;
    report.events = world.queue().executed();
    report.virtual_ms = world.queue().now().ns / 1'000'000;
    for (std::size_t i = 0; i < world.machines(); ++i) {
        report.journal_ahead += world.machine(i).cut_rounds().journal_ahead;
        report.sockets_ahead += world.machine(i).cut_rounds().sockets_ahead;
    }
    for (std::size_t i = 0; i < kFaultKinds; ++i)
        report.faults[i] = world.faults_of(static_cast<FaultKind>(i));
}

}  // namespace

RunReport run(const Schedule& schedule, const RunOptions& options) {
    RunReport report;
    report.seed = schedule.seed;
    report.plan = schedule_text(schedule);
    if (auto wrong = config_error(schedule.config)) {
        report.violation = "the configuration is impossible: " + *wrong;
        return report;
    }
    entity::TypeTable builtin;
    builtin.add(entity::make_kv());
    builtin.add(entity::make_counter());
    const InvariantHandler before = set_invariant_handler(throw_violation);
    {
        const ProbeWatch probes;
        std::optional<World> world;
        try {
            world.emplace(schedule,
                          WorldOptions{options.types != nullptr ? options.types : &builtin,
                                       options.trace, options.observer});
            Run(*world, options, report).play();
        } catch (const Violation& violation) {
            report.violation = violation.text;
        }
        if (world) {
            report.violation_at = world->queue().now() - Instant{};
            count(*world, report);
        }
        report.probes = probes.reached();
        if (!report.ok() && options.observer != nullptr)
            options.observer->violation(Instant{} + report.violation_at, report.violation);
    }
    set_invariant_handler(before);
    return report;
}

RunReport run_seed(std::uint64_t seed, Profile profile, StoreKind store,
                   const RunOptions& options) {
    return run(draw_schedule(seed, profile, store), options);
}

}  // namespace weft::sim
