#include "sim/schedule.h"

#include <fmt/core.h>

#include <array>
#include <bit>

namespace weft::sim {

namespace {

struct Bound {
    std::string_view name;
    std::uint64_t low, high;
};
// Beyond these a run would take for ever or could not begin; what the node refuses is its own.
constexpr std::uint64_t kDay = 86'400'000;
constexpr std::uint64_t kHuge = std::uint64_t{1} << 40;
constexpr Bound kBounds[] = {{"nodes", 1, kNodesMax},
                             {"partitions", 1, 16384},
                             {"replicas", 1, 7},
                             {"clients", 1, 256},
                             {"entities", 1, 1'000'000},
                             {"pipeline", 1, 1024},
                             {"ops_per_second", 0, 1'000'000},
                             {"think_max_us", 0, kDay * 1000},
                             {"call_timeout_ms", 1, kDay},
                             {"get_percent", 0, 100},
                             {"cas_percent", 0, 100},
                             {"delete_percent", 0, 100},
                             {"counter_percent", 0, 100},
                             {"hot_percent", 0, 100},
                             {"tell_percent", 0, 100},
                             {"ask_percent", 0, 100},
                             {"client_life_ms", 0, kDay},
                             {"large", 0, 1},
                             {"warm_up_ms", 0, kDay},
                             {"chaos_ms", 0, kDay * 366},
                             {"liveness_ms", 1, kDay},
                             {"core_stays", 0, 1},
                             {"may_refuse", 0, 1},
                             {"delay_min_us", 0, kDay * 1000},
                             {"delay_max_us", 0, kDay * 1000},
                             {"sync_min_us", 0, kDay * 1000},
                             {"sync_max_us", 0, kDay * 1000},
                             {"heartbeat_ms", 1, 3'600'000},
                             {"election_min_ms", 2, 3'600'000},
                             {"election_max_ms", 2, 3'600'000},
                             {"round_events", 1, 1'000'000},
                             {"sweep_rows", 1, 1'000'000},
                             {"sweep_log_bytes", 1, kHuge},
                             {"cached_log_bytes", 1, kHuge},
                             {"append_bytes", 1, kHuge},
                             {"uncommitted_bytes", 1, kHuge},
                             {"peer_inflight_bytes", 1, kHuge},
                             {"passivate_ms", 1, kDay * 366},
                             {"mailbox", 1, kHuge},
                             {"session_window", 1, kHuge},
                             {"sessions", 1, kHuge},
                             {"session_spared_ms", 0, kDay},
                             {"renew_session_ms", 1, kDay},
                             {"waiting_reads", 1, kHuge},
                             {"append_entries", 1, 4096},
                             {"persist_bytes", 1, kHuge},
                             {"mailbox_bytes", 1, kHuge},
                             {"cached_bytes", 0, kHuge},
                             {"session_reply_bytes", 1, kHuge},
                             {"waiting_read_bytes", 1, kHuge},
                             {"waiting_replies", 1, kHuge},
                             {"in_flight", 1, 4096},
                             {"large_state_bytes", 0, kHuge},
                             {"large_reads", 1, kHuge},
                             {"large_read_bytes", 1, kHuge},
                             {"large_read_share", 1, kHuge},
                             {"batch_bytes", 1, kHuge},
                             {"laggard_entries", 0, kHuge},
                             {"laggard_bytes", 0, kHuge},
                             {"page_bytes", 1, kHuge},
                             {"page_rows", 1, kHuge},
                             {"log_page_bytes", 1, kHuge},
                             {"own_sweep_rows", 1, kHuge},
                             {"snapshot_sweep_rows", 1, kHuge},
                             {"snapshot_resend_ms", 1, kDay},
                             {"snapshot_patience_ms", 1, kDay},
                             {"snapshot_pause_ms", 0, kDay},
                             {"snapshot_receive_patience_ms", 1, kDay},
                             {"real_store", 0, 1},
                             {"early_read_percent", 0, 100},
                             {"erase_slice_chunks", 1, kHuge},
                             {"trim_chunks_min", 1, kHuge},
                             {"log_slack_bytes", 0, kHuge},
                             {"check_steps", 1, kHuge}};

}  // namespace

std::optional<std::string> config_error(const RunConfig& config) {
    std::optional<std::string> wrong;
    for_each_field(config, [&](std::string_view name, std::uint64_t value) {
        for (const Bound& bound : kBounds)
            if (!wrong && bound.name == name && (value < bound.low || value > bound.high))
                wrong = fmt::format("{} is {}, it must be {} to {}", name, value, bound.low,
                                    bound.high);
    });
    if (wrong) return wrong;
    if (!std::has_single_bit(config.partitions))
        return fmt::format("partitions is {}, it must be a power of two", config.partitions);
    if (config.delay_min_us > config.delay_max_us) return "delay_min_us is above delay_max_us";
    if (config.sync_min_us > config.sync_max_us) return "sync_min_us is above sync_max_us";
    if (config.election_min_ms > config.election_max_ms)
        return "election_min_ms is above election_max_ms";
    if (config.heartbeat_ms * 2 > config.election_min_ms)
        return "heartbeat_ms is above half of election_min_ms: every pause would be an election";
    if (config.get_percent + config.cas_percent + config.delete_percent > 100)
        return "get, cas and delete are above 100 percent together";
    return std::nullopt;
}

std::optional<Profile> parse_profile(std::string_view name) {
    for (const Profile profile : {Profile::Swarm, Profile::NoFaults, Profile::Standard})
        if (profile_name(profile) == name) return profile;
    return std::nullopt;
}

std::string_view profile_name(Profile profile) {
    switch (profile) {
        case Profile::Swarm:
            return "swarm";
        case Profile::NoFaults:
            return "no-faults";
        case Profile::Standard:
            break;
    }
    return "standard";
}

std::optional<StoreKind> parse_store(std::string_view name) {
    for (const StoreKind store : {StoreKind::Memory, StoreKind::Real, StoreKind::Mixed})
        if (store_name(store) == name) return store;
    return std::nullopt;
}

std::string_view store_name(StoreKind store) {
    switch (store) {
        case StoreKind::Memory:
            return "memory";
        case StoreKind::Real:
            return "real";
        case StoreKind::Mixed:
            break;
    }
    return "mixed";
}

std::string schedule_text(const Schedule& schedule) {
    std::array<std::uint64_t, kFaultKinds> counts{};
    for (const FaultEvent& event : schedule.faults) ++counts[static_cast<std::size_t>(event.kind)];
    std::string faults;
    for (std::size_t i = 0; i < kFaultKinds; ++i)
        if (counts[i] > 0)
            faults += fmt::format(" {} {}", counts[i], fault_name(static_cast<FaultKind>(i)));
    return fmt::format("{} nodes, {} partitions, {} clients{}, faults:{}{}{}",
                       schedule.config.nodes, schedule.config.partitions, schedule.config.clients,
                       schedule.config.large != 0 ? ", large" : "",
                       faults.empty() ? " none" : faults,
                       schedule.config.may_refuse != 0 ? ", may refuse" : "",
                       schedule.config.real_store != 0 ? ", real store" : "");
}

}  // namespace weft::sim
