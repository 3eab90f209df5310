#pragma once
// Everything about a run that is neither chance nor fault: sizes, workload, bounds, times. Plain
// numbers with their unit in the name, so that a schedule file, a shrinker and a report can walk
// over them.

#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>

namespace weft::sim {

inline Duration of_ms(std::uint64_t count) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(count));
}

struct RunConfig {
    // ---- the mesh
    std::uint64_t nodes = 3;       // 1 to kNodesMax
    std::uint64_t partitions = 4;  // a power of two
    std::uint64_t replicas = 3;
    // ---- clients and what they do
    std::uint64_t clients = 3;
    std::uint64_t readers = 0;           // of the clients: they only read
    std::uint64_t entities = 8;          // of each type
    std::uint64_t pipeline = 2;          // calls in flight per client
    std::uint64_t ops_per_second = 0;    // of all clients together; 0: as think_max_us says
    std::uint64_t think_max_us = 20000;  // between two calls
    std::uint64_t call_timeout_ms = 5000;
    std::uint64_t in_flight = 4096;        // calls that a client's session takes at once
    std::uint64_t attempt_ms = 2000;       // of silence before a client asks another node
    std::uint64_t addresses = 64;          // of nodes that a client is given; the first has all
    std::uint64_t links = 128;             // that a client has open at once
    std::uint64_t link_idle_ms = 300'000;  // without use, then it closes one
    std::uint64_t get_percent = 35;
    std::uint64_t cas_percent = 15;
    std::uint64_t delete_percent = 5;
    std::uint64_t counter_percent = 20;
    std::uint64_t hot_percent = 0;     // of the calls go to one entity
    std::uint64_t value_bytes = 0;     // of some values, at most; the others are short
    std::uint64_t tell_percent = 0;    // of the writes
    std::uint64_t ask_percent = 0;     // of unknown outcomes are asked for by request id
    std::uint64_t client_life_ms = 0;  // about, of a client's process; 0: it stays
    std::uint64_t patient = 0;         // of the clients: they stay with a silent node
    std::uint64_t large = 0;           // 1: entities and values beyond the product's bounds
    // ---- phases
    std::uint64_t warm_up_ms = 3000;
    std::uint64_t chaos_ms = 12000;
    std::uint64_t liveness_ms = 5000;  // deadline after each heal
    std::uint64_t core_broken = 0;     // bits: nodes kept broken when the quorum core heals
    std::uint64_t core_cut = 0;        // those of them that are cut off; the others are down
    std::uint64_t core_stays = 0;  // 1: the rest is never healed, and the core serves without it
    std::uint64_t may_refuse = 0;  // 1: faults beyond the budget; refusing is right, loss is not
    // ---- world
    std::uint64_t delay_min_us = 30;
    std::uint64_t delay_max_us = 300;
    std::uint64_t sync_min_us = 100;
    std::uint64_t sync_max_us = 2000;
    // ---- constants of the nodes (buggified by the swarm); the values here are the product's
    std::uint64_t heartbeat_ms = 100;
    std::uint64_t election_min_ms = 500;
    std::uint64_t election_max_ms = 1000;
    std::uint64_t round_events = 256;
    std::uint64_t sweep_log_bytes = std::uint64_t{64} << 20;
    std::uint64_t sweep_rows = 64;
    std::uint64_t passivate_ms = 60000;
    std::uint64_t cached_log_bytes = std::uint64_t{256} << 10;
    std::uint64_t append_bytes = std::uint64_t{256} << 10;
    std::uint64_t uncommitted_bytes = std::uint64_t{16} << 20;
    std::uint64_t peer_inflight_bytes = std::uint64_t{8} << 20;
    std::uint64_t mailbox = 1024;
    std::uint64_t session_window = 1024;
    std::uint64_t sessions = 65536;            // per group
    std::uint64_t session_spared_ms = 10'000;  // the floor spares younger ones
    std::uint64_t renew_session_ms = 300'000;  // of clients
    std::uint64_t waiting_reads = 16384;
    std::uint64_t append_entries = 4096;                    // of one catch-up append
    std::uint64_t persist_bytes = std::uint64_t{64} << 20;  // waiting for the disk
    std::uint64_t mailbox_bytes = std::uint64_t{16} << 20;
    std::uint64_t cached_bytes = std::uint64_t{4} << 20;  // of clean entities
    std::uint64_t session_reply_bytes = std::uint64_t{256} << 10;
    std::uint64_t waiting_read_bytes = std::uint64_t{16} << 20;
    std::uint64_t waiting_replies = 16384;                      // commands in flight
    std::uint64_t large_state_bytes = std::uint64_t{64} << 10;  // reads of more wait for a turn
    std::uint64_t large_reads = 1024;
    std::uint64_t large_read_bytes = std::uint64_t{4} << 20;    // of what they carry
    std::uint64_t large_read_share = std::uint64_t{256} << 10;  // of states read in a round
    std::uint64_t batch_bytes = std::uint64_t{256} << 10;       // of appends in one message
    std::uint64_t laggard_entries = 16384;  // beyond: compaction does not wait for a voter
    std::uint64_t laggard_bytes = std::uint64_t{64} << 20;
    std::uint64_t page_bytes = std::uint64_t{256}
                               << 10;  // of rows read, or sent as a part of a snapshot
    std::uint64_t page_rows = 1024;
    std::uint64_t log_page_bytes = std::uint64_t{1} << 20;  // of the log read to be applied
    std::uint64_t own_sweep_rows = 16;
    std::uint64_t snapshot_sweep_rows = 64;
    std::uint64_t snapshot_resend_ms = 1000;      // of a page that is not answered
    std::uint64_t snapshot_patience_ms = 10'000;  // with silence, then the transfer is given up
    std::uint64_t snapshot_pause_ms = 1000;       // before the next
    std::uint64_t snapshot_receive_patience_ms = 15'000;
    // ---- the store of every machine
    std::uint64_t real_store = 0;            // 1: LMDB in a folder, 0: the reference in memory
    std::uint64_t early_read_percent = 0;    // of reads see the disk as it is when they begin
    std::uint64_t erase_slice_chunks = 256;  // rows in memory; these three: LmdbStoreBounds
    std::uint64_t trim_chunks_min = 64;
    std::uint64_t log_slack_bytes = std::uint64_t{1} << 20;
    // ---- how thoroughly to check
    std::uint64_t check_steps = 1;  // full pass over a partition every so many steps of a node
    bool operator==(const RunConfig&) const = default;
};

inline constexpr std::uint64_t kNodesMax = 64;

template <class Config, class Visit>
void for_each_field_of_the_world(Config& config, Visit& visit) {
    visit("nodes", config.nodes);
    visit("partitions", config.partitions);
    visit("replicas", config.replicas);
    visit("clients", config.clients);
    visit("readers", config.readers);
    visit("entities", config.entities);
    visit("pipeline", config.pipeline);
    visit("ops_per_second", config.ops_per_second);
    visit("think_max_us", config.think_max_us);
    visit("call_timeout_ms", config.call_timeout_ms);
    visit("in_flight", config.in_flight);
    visit("attempt_ms", config.attempt_ms);
    visit("addresses", config.addresses);
    visit("links", config.links);
    visit("link_idle_ms", config.link_idle_ms);
    visit("get_percent", config.get_percent);
    visit("cas_percent", config.cas_percent);
    visit("delete_percent", config.delete_percent);
    visit("counter_percent", config.counter_percent);
    visit("hot_percent", config.hot_percent);
    visit("value_bytes", config.value_bytes);
    visit("tell_percent", config.tell_percent);
    visit("ask_percent", config.ask_percent);
    visit("client_life_ms", config.client_life_ms);
    visit("patient", config.patient);
    visit("large", config.large);
    visit("warm_up_ms", config.warm_up_ms);
    visit("chaos_ms", config.chaos_ms);
    visit("liveness_ms", config.liveness_ms);
    visit("core_broken", config.core_broken);
    visit("core_cut", config.core_cut);
    visit("core_stays", config.core_stays);
    visit("may_refuse", config.may_refuse);
    visit("delay_min_us", config.delay_min_us);
    visit("delay_max_us", config.delay_max_us);
    visit("sync_min_us", config.sync_min_us);
    visit("sync_max_us", config.sync_max_us);
}
template <class Config, class Visit>
void for_each_field_of_machines(Config& config, Visit& visit) {
    visit("heartbeat_ms", config.heartbeat_ms);
    visit("election_min_ms", config.election_min_ms);
    visit("election_max_ms", config.election_max_ms);
    visit("round_events", config.round_events);
    visit("sweep_log_bytes", config.sweep_log_bytes);
    visit("sweep_rows", config.sweep_rows);
    visit("passivate_ms", config.passivate_ms);
    visit("cached_log_bytes", config.cached_log_bytes);
    visit("append_bytes", config.append_bytes);
    visit("uncommitted_bytes", config.uncommitted_bytes);
    visit("peer_inflight_bytes", config.peer_inflight_bytes);
    visit("mailbox", config.mailbox);
    visit("session_window", config.session_window);
    visit("sessions", config.sessions);
    visit("session_spared_ms", config.session_spared_ms);
    visit("renew_session_ms", config.renew_session_ms);
    visit("waiting_reads", config.waiting_reads);
    visit("append_entries", config.append_entries);
    visit("persist_bytes", config.persist_bytes);
    visit("mailbox_bytes", config.mailbox_bytes);
    visit("cached_bytes", config.cached_bytes);
    visit("session_reply_bytes", config.session_reply_bytes);
    visit("waiting_read_bytes", config.waiting_read_bytes);
    visit("waiting_replies", config.waiting_replies);
    visit("large_state_bytes", config.large_state_bytes);
    visit("large_reads", config.large_reads);
    visit("large_read_bytes", config.large_read_bytes);
    visit("large_read_share", config.large_read_share);
    visit("batch_bytes", config.batch_bytes);
    visit("laggard_entries", config.laggard_entries);
    visit("laggard_bytes", config.laggard_bytes);
    visit("page_bytes", config.page_bytes);
    visit("page_rows", config.page_rows);
    visit("log_page_bytes", config.log_page_bytes);
    visit("own_sweep_rows", config.own_sweep_rows);
    visit("snapshot_sweep_rows", config.snapshot_sweep_rows);
    visit("snapshot_resend_ms", config.snapshot_resend_ms);
    visit("snapshot_patience_ms", config.snapshot_patience_ms);
    visit("snapshot_pause_ms", config.snapshot_pause_ms);
    visit("snapshot_receive_patience_ms", config.snapshot_receive_patience_ms);
    visit("real_store", config.real_store);
    visit("early_read_percent", config.early_read_percent);
    visit("erase_slice_chunks", config.erase_slice_chunks);
    visit("trim_chunks_min", config.trim_chunks_min);
    visit("log_slack_bytes", config.log_slack_bytes);
    visit("check_steps", config.check_steps);
}
// Calls `visit(name, value)` for every field, in the order above. `Config` is RunConfig, const or
// not.
template <class Config, class Visit>
void for_each_field(Config& config, Visit&& visit) {
    for_each_field_of_the_world(config, visit);
    for_each_field_of_machines(config, visit);
}

// What is wrong with the numbers, in words; nothing when a run can be made of them.
std::optional<std::string> config_error(const RunConfig& config);

}  // namespace weft::sim
