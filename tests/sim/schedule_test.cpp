#include "sim/schedule.h"

#include "sim/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace weft::sim {
namespace {

TEST(Schedule, TheSameSeedDrawsTheSame) {
    for (const Profile profile : {Profile::Swarm, Profile::NoFaults, Profile::Standard}) {
        EXPECT_EQ(draw_schedule(7, profile), draw_schedule(7, profile));
        EXPECT_NE(draw_schedule(7, profile), draw_schedule(8, profile));
        EXPECT_EQ(parse_profile(profile_name(profile)), profile);
    }
}

TEST(Schedule, TheStoreIsDrawnByTheSeedAndChangesNothingElse) {
    int mixed_real = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        const Schedule memory = draw_schedule(seed, Profile::Swarm, StoreKind::Memory);
        const Schedule mixed = draw_schedule(seed, Profile::Swarm, StoreKind::Mixed);
        Schedule real = draw_schedule(seed, Profile::Swarm, StoreKind::Real);
        EXPECT_EQ(memory.config.real_store, 0U);
        EXPECT_EQ(real.config.real_store, 1U);
        EXPECT_EQ(config_error(real.config), std::nullopt) << "seed " << seed;
        EXPECT_TRUE(schedule_text(real).ends_with(", real store"));
        EXPECT_EQ(mixed, mixed.config.real_store != 0 ? real : memory);
        mixed_real += mixed.config.real_store != 0 ? 1 : 0;
        real.config.real_store = memory.config.real_store;
        real.config.erase_slice_chunks = memory.config.erase_slice_chunks;
        real.config.trim_chunks_min = memory.config.trim_chunks_min;
        real.config.log_slack_bytes = memory.config.log_slack_bytes;
        EXPECT_EQ(real, memory);
    }
    EXPECT_GT(mixed_real, 150);
    EXPECT_LT(mixed_real, 250);
    for (const StoreKind store : {StoreKind::Memory, StoreKind::Real, StoreKind::Mixed})
        EXPECT_EQ(parse_store(store_name(store)), store);
}

TEST(Schedule, EveryDrawnConfigurationIsPossible) {
    std::set<std::uint64_t> sizes;
    std::set<FaultKind> kinds;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        const Schedule schedule = draw_schedule(seed, Profile::Swarm);
        EXPECT_EQ(config_error(schedule.config), std::nullopt) << "seed " << seed;
        EXPECT_TRUE(std::ranges::is_sorted(schedule.faults, {}, &FaultEvent::at));
        sizes.insert(schedule.config.nodes);
        for (const FaultEvent& event : schedule.faults) kinds.insert(event.kind);
    }
    EXPECT_EQ(sizes, (std::set<std::uint64_t>{1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(kinds.size(), kFaultKinds);
}

// Every bound is one of a few in some seeds and the product's in others.
TEST(Schedule, EveryBoundIsDrawnTinyAndLeftAlone) {
    const RunConfig product;
    std::map<std::string_view, std::pair<int, int>> seen;  // below the default, the default
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        const RunConfig config = draw_schedule(seed, Profile::Swarm).config;
        std::map<std::string_view, std::uint64_t> values;
        for_each_field(config, [&](std::string_view name, std::uint64_t v) { values[name] = v; });
        for_each_field(product, [&](std::string_view name, std::uint64_t v) {
            seen[name].first += values[name] < v ? 1 : 0;
            seen[name].second += values[name] == v ? 1 : 0;
        });
    }
    for (const std::string_view name : {"cached_log_bytes",
                                        "append_bytes",
                                        "append_entries",
                                        "uncommitted_bytes",
                                        "peer_inflight_bytes",
                                        "persist_bytes",
                                        "mailbox",
                                        "mailbox_bytes",
                                        "cached_bytes",
                                        "session_window",
                                        "session_reply_bytes",
                                        "sessions",
                                        "waiting_reads",
                                        "waiting_read_bytes",
                                        "waiting_replies",
                                        "in_flight",
                                        "large_state_bytes",
                                        "large_reads",
                                        "large_read_bytes",
                                        "large_read_share",
                                        "batch_bytes",
                                        "laggard_entries",
                                        "laggard_bytes",
                                        "page_bytes",
                                        "page_rows",
                                        "log_page_bytes",
                                        "own_sweep_rows",
                                        "snapshot_sweep_rows",
                                        "snapshot_resend_ms",
                                        "snapshot_patience_ms",
                                        "snapshot_pause_ms",
                                        "snapshot_receive_patience_ms",
                                        "round_events"}) {
        EXPECT_GT(seen[name].first, 50) << name;
        EXPECT_GT(seen[name].second, 50) << name;
    }
}

// About one seed in forty, with faults and without, has a workload beyond the product's bounds, and
// those bounds.
TEST(Schedule, AFewSeedsAreLarge) {
    int large = 0, wide = 0;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        const RunConfig config = draw_schedule(seed, Profile::Swarm).config;
        if (config.large == 0) continue;
        ++large;
        if (config.entities > 1000) ++wide;
        EXPECT_EQ(config.page_bytes, RunConfig{}.page_bytes);
        EXPECT_EQ(config.append_bytes, RunConfig{}.append_bytes);
        EXPECT_LT(config.chaos_ms, RunConfig{}.chaos_ms);
    }
    EXPECT_GT(large, 30);
    EXPECT_LT(large, 70);
    EXPECT_GT(wide, large / 4);
    EXPECT_LT(wide, large * 3 / 4);
}

// Reference C.2: one good copy of every record stays on some machine.
TEST(Schedule, DisksLieOnOneMachineUnlessRefusingIsAllowed) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        const Schedule schedule = draw_schedule(seed, Profile::Swarm);
        std::set<std::uint32_t> liars;
        for (const FaultEvent& event : schedule.faults)
            if (event.kind >= FaultKind::BitFlip && event.kind <= FaultKind::Swap)
                liars.insert(event.a);
        EXPECT_TRUE(liars.size() <= 1 || schedule.config.may_refuse == 1) << "seed " << seed;
    }
}

TEST(Schedule, DamageIsAimedAtRestartsAndAtWhatOnlyOneHas) {
    std::size_t found_by_it = 0, behind_it = 0, newest = 0, others = 0;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        const Schedule schedule = draw_schedule(seed, Profile::Swarm);
        for (const FaultEvent& damage : schedule.faults) {
            if (damage.kind < FaultKind::BitFlip || damage.kind > FaultKind::Swap) continue;
            bool aimed = false;
            for (const FaultEvent& crash : schedule.faults) {
                const Duration behind = damage.at - crash.at - crash.lasts;
                if (crash.kind != FaultKind::Crash || crash.a != damage.a) continue;
                if (behind == -std::chrono::milliseconds(1)) aimed = ++found_by_it != 0;
                if (behind >= Duration{} && behind <= std::chrono::milliseconds(100))
                    aimed = ++behind_it != 0;
            }
            if (!aimed) ++others;
            if (damage.amount == kNewest) ++newest;
        }
    }
    EXPECT_GT(found_by_it, 100U);
    EXPECT_GT(behind_it, 100U);
    EXPECT_GT(newest, 100U);
    EXPECT_GT(others, 100U);
}

// An answer that comes when the next transfer reads (S19).
TEST(Schedule, SomeReadsAreLaterThanTwoTransfersArePatient) {
    std::size_t runs = 0;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        const Schedule schedule = draw_schedule(seed, Profile::Swarm);
        const RunConfig& config = schedule.config;
        const std::uint64_t next_reads_ms =
            2 * config.snapshot_patience_ms + config.snapshot_pause_ms;
        const auto late = std::ranges::count_if(schedule.faults, [&](const FaultEvent& fault) {
            return fault.kind == FaultKind::SlowFetch && fault.a == kLeader &&
                   fault.lasts <= std::chrono::milliseconds(40) &&
                   fault.amount > static_cast<std::int64_t>(1000 * next_reads_ms);
        });
        if (late > 20 && config.page_rows <= 3) ++runs;
    }
    EXPECT_GT(runs, 20U);
}

// A repair whose append ends with it (S22).
TEST(Schedule, SomeLeadersFindDamageInWhatTheyWroteCutOff) {
    std::set<std::uint64_t> runs;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        const Schedule schedule = draw_schedule(seed, Profile::Swarm);
        if (schedule.config.append_entries != 1 || schedule.config.readers != 0) continue;
        const auto has = [&](FaultKind kind, std::uint32_t who, Duration ends) {
            return std::ranges::any_of(schedule.faults, [&](const FaultEvent& fault) {
                return fault.kind == kind && fault.a == who && fault.at + fault.lasts == ends;
            });
        };
        for (const FaultEvent& apart : schedule.faults) {
            if (apart.kind != FaultKind::Sides) continue;
            for (const FaultEvent& damage : schedule.faults) {
                const Duration up = damage.at + std::chrono::milliseconds(1);
                if (damage.amount == kNewest && damage.a == apart.a && apart.at < damage.at &&
                    has(FaultKind::Crash, apart.a, up) &&
                    std::ranges::any_of(
                        schedule.faults,
                        [&](const FaultEvent& jump) {
                            return jump.kind == FaultKind::ClockJump && jump.a == apart.a &&
                                   has(FaultKind::Pause, kLeader,
                                       jump.at - of_ms(schedule.config.election_min_ms) +
                                           of_ms(schedule.config.election_max_ms));
                        }))
                    runs.insert(seed);
            }
        }
    }
    EXPECT_GT(runs.size(), 20U);
}

TEST(Schedule, TheStandardProfileIsWhatItsFiguresAreMeasuredOn) {
    const Schedule schedule = draw_schedule(1, Profile::Standard);
    EXPECT_EQ(schedule.config.nodes, 5U);
    EXPECT_EQ(schedule.config.partitions, 64U);
    EXPECT_EQ(schedule.config.ops_per_second, 200U);
    EXPECT_GT(schedule.faults.size(), 30U);
}

TEST(Schedule, NamesOfFaultsAreReadBack) {
    for (std::size_t i = 0; i < kFaultKinds; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        EXPECT_FALSE(fault_name(kind).empty());
        EXPECT_EQ(fault_kind(fault_name(kind)), kind);
    }
    EXPECT_EQ(fault_kind("meteor"), std::nullopt);
}

TEST(Schedule, AbsurdNumbersAreRefusedInWords) {
    const RunConfig good;
    EXPECT_EQ(config_error(good), std::nullopt);
    std::size_t fields = 0;
    for_each_field(good, [&](std::string_view, std::uint64_t) { ++fields; });
    EXPECT_EQ(fields * sizeof(std::uint64_t), sizeof(RunConfig)) << "a field is not visited";
    RunConfig bad;
    bad.nodes = 0;
    EXPECT_EQ(config_error(bad), "nodes is 0, it must be 1 to 64");
    bad = RunConfig{};
    bad.partitions = 3;
    EXPECT_EQ(config_error(bad), "partitions is 3, it must be a power of two");
    Schedule schedule;
    schedule.config = bad;
    EXPECT_EQ(run(schedule).violation,
              "the configuration is impossible: partitions is 3, it must be a power of two");
}

// What makes shrinking work: a fault that is left out takes nothing else with it.
TEST(Schedule, AFaultLeftOutMovesNothingBeforeIt) {
    Schedule whole;
    whole.seed = 11;
    whole.config.chaos_ms = 4000;
    FaultEvent pause{
        std::chrono::seconds(6), FaultKind::Pause, 1, 0, std::chrono::seconds(1), 0, 1};
    FaultEvent loss{
        std::chrono::seconds(4), FaultKind::Loss, 0, 1, std::chrono::seconds(2), 200, 2};
    whole.faults = {loss, pause};
    Schedule less = whole;
    less.faults = {loss};
    class UntilPause final : public RunObserver {
    public:
        void frame(const FrameSeen& seen) override {
            if (seen.sent < Instant{} + std::chrono::seconds(6))
                sum_ = sum_ * 31 + static_cast<std::uint64_t>(seen.arrives.ns) + seen.bytes;
        }
        std::uint64_t sum_ = 0;
    };
    UntilPause of_whole, of_less;
    RunOptions options;
    options.observer = &of_whole;
    EXPECT_TRUE(run(whole, options).ok());
    options.observer = &of_less;
    EXPECT_TRUE(run(less, options).ok());
    EXPECT_EQ(of_whole.sum_, of_less.sum_);
    EXPECT_NE(of_whole.sum_, 0U);
}

}  // namespace
}  // namespace weft::sim
