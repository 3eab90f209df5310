#include "sim/world.h"

#include "core/hash.h"
#include "core/invariant.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft::sim {
namespace {

constexpr Duration kCompareEvery = std::chrono::milliseconds(500);
constexpr std::uint32_t kCompareRounds = 16;             // until every group had its turn
constexpr Duration kPatience = std::chrono::minutes(1);  // longer than any call
constexpr int kSyncFailed = 74;                          // a process that ends by that (S2)
constexpr std::uint64_t kNoRoute = ~std::uint64_t{0};    // of a datagram: it has no connection

std::uint64_t frame_checksum(const Bytes& frame) {
    // The last eight bytes of the header are the checksum over all the rest.
    std::uint64_t checksum = 0;
    for (std::size_t i = 0; i < 8; ++i)
        checksum |=
            std::uint64_t{static_cast<std::uint8_t>(frame.data()[wire::kFrameHeaderBytes - 8 + i])}
            << (8 * i);
    return checksum;
}

NodeId drawn_id(Random random) {
    NodeId id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random.below(256));
    return id;
}

Duration microseconds(std::uint64_t count) {
    return std::chrono::microseconds(static_cast<std::int64_t>(count));
}

void set_bounds(const RunConfig& config, replication::PartitionLimits& limits) {
    limits.mailbox_bytes = config.mailbox_bytes;
    limits.cached_bytes = config.cached_bytes;
    limits.waiting_read_bytes = config.waiting_read_bytes;
    limits.waiting_replies = config.waiting_replies;
    limits.session_reply_bytes = config.session_reply_bytes;
    limits.large_state_bytes = config.large_state_bytes;
    limits.laggard_entries = config.laggard_entries;
    limits.laggard_bytes = config.laggard_bytes;
    limits.page_bytes = config.page_bytes;
    limits.page_rows = config.page_rows;
    limits.log_page_bytes = config.log_page_bytes;
    limits.own_sweep_rows = config.own_sweep_rows;
    limits.snapshot_sweep_rows = config.snapshot_sweep_rows;
    limits.snapshot_resend = of_ms(config.snapshot_resend_ms);
    limits.snapshot_patience = of_ms(config.snapshot_patience_ms);
    limits.snapshot_pause = of_ms(config.snapshot_pause_ms);
    limits.snapshot_receive_patience = of_ms(config.snapshot_receive_patience_ms);
}

node::NodeOptions node_options(const RunConfig& config) {
    node::NodeOptions options;
    options.timings.heartbeat = of_ms(config.heartbeat_ms);
    options.timings.election_min = of_ms(config.election_min_ms);
    options.timings.election_max = of_ms(config.election_max_ms);
    options.limits.uncommitted_bytes = config.uncommitted_bytes;
    options.limits.peer_inflight_bytes = config.peer_inflight_bytes;
    options.limits.cached_log_bytes = config.cached_log_bytes;
    options.limits.append_bytes = config.append_bytes;
    options.limits.append_entries = static_cast<std::uint32_t>(config.append_entries);
    options.persist_bytes_max = config.persist_bytes;
    options.large_reads_max = config.large_reads;
    options.large_read_bytes_max = config.large_read_bytes;
    options.large_read_share = config.large_read_share;
    options.batch_bytes = config.batch_bytes;
    options.partition_limits.mailbox = config.mailbox;
    options.partition_limits.session_window = config.session_window;
    options.partition_limits.sessions = config.sessions;
    options.partition_limits.session_spared_ms =
        static_cast<std::int64_t>(config.session_spared_ms);
    options.partition_limits.waiting_reads = config.waiting_reads;
    options.partition_limits.passivate_after = of_ms(config.passivate_ms);
    set_bounds(config, options.partition_limits);
    options.sweep_log_bytes = config.sweep_log_bytes;
    options.sweep_rows = config.sweep_rows;
    return options;
}

Workload workload(const RunConfig& config, std::size_t client) {
    Workload work;
    work.entities = static_cast<std::uint32_t>(config.entities);
    work.pipeline = static_cast<std::uint32_t>(config.pipeline);
    work.think_max = microseconds(config.think_max_us);
    if (config.ops_per_second > 0)
        work.interval = Duration{
            static_cast<std::int64_t>(1'000'000'000 * config.clients / config.ops_per_second)};
    work.timeout = of_ms(config.call_timeout_ms);
    const bool reads = client < config.readers;
    work.get_percent = reads ? 100 : static_cast<std::uint32_t>(config.get_percent);
    work.cas_percent = static_cast<std::uint32_t>(config.cas_percent);
    work.delete_percent = static_cast<std::uint32_t>(config.delete_percent);
    work.counter_percent = static_cast<std::uint32_t>(config.counter_percent);
    work.hot_percent = static_cast<std::uint32_t>(config.hot_percent);
    work.value_bytes = static_cast<std::size_t>(config.value_bytes);
    work.tell_percent = static_cast<std::uint32_t>(config.tell_percent);
    work.ask_percent = static_cast<std::uint32_t>(config.ask_percent);
    work.life = of_ms(config.client_life_ms);
    return work;
}

}  // namespace

World::World(const Schedule& schedule, const WorldOptions& options)
    : schedule_(schedule),
      network_(queue_, *this, schedule.config.nodes + schedule.config.clients,
               Random(schedule.seed).stream("network")),
      oracle_(schedule.config.nodes),
      observer_(options.observer) {
    const Random random(schedule_.seed);
    build_cluster(options);
    network_.observer = observer_;
    network_.times.delay_min = microseconds(schedule_.config.delay_min_us);
    network_.times.delay_max = microseconds(schedule_.config.delay_max_us);
    const std::size_t nodes = schedule_.config.nodes;
    for (std::size_t i = 0; i < nodes; ++i) {
        machines_.push_back(std::make_unique<Machine>(i, cluster_, queue_, *this,
                                                      random.stream(fmt::format("machine {}", i))));
        machines_[i]->disk().times.sync_min = microseconds(schedule_.config.sync_min_us);
        machines_[i]->disk().times.sync_max = microseconds(schedule_.config.sync_max_us);
        machines_[i]->disk().times.early_percent = schedule_.config.early_read_percent;
        by_node_[machines_[i]->record().node] = i;
        oracle_.promises().is_node(i, machines_[i]->record().node);
        link_chance_.push_back(random.stream(fmt::format("connections {}", i)));
    }
    ways_.assign(nodes, std::vector<PeerWay>(nodes, PeerWay::Unlinked));
    holds_.assign(nodes, 0);
    kills_.assign(nodes, Kill{});
    lost_.assign(nodes, false);
    add_clients(random);
}

void World::add_clients(const Random& random) {
    for (std::size_t i = 0; i < schedule_.config.clients; ++i) {
        client::CallerOptions caller;
        Random id = random.stream(fmt::format("client id {}", i));
        for (std::uint8_t& byte : caller.client.bytes)
            byte = static_cast<std::uint8_t>(id.below(256));
        // The first one reads all values at the end, whoever is there.
        const std::size_t given = i == 0 ? kNodesMax : schedule_.config.addresses;
        for (std::size_t k = 0; k < std::min(given, machines_.size()); ++k)
            caller.addresses.push_back(
                machines_[(i + k) % machines_.size()]->record().client_address);
        caller.renew_start = of_ms(schedule_.config.renew_session_ms);
        caller.in_flight_max = schedule_.config.in_flight;
        caller.attempt_timeout = of_ms(schedule_.config.attempt_ms);
        caller.links_max = schedule_.config.links;
        caller.link_idle = of_ms(schedule_.config.link_idle_ms);
        if (i + schedule_.config.patient >= schedule_.config.clients)
            caller.attempt_timeout = kPatience;
        caller.program = fmt::format("client {}", i);
        clients_.push_back(std::make_unique<ClientActor>(
            i, std::move(caller), workload(schedule_.config, i), queue_, *this, histories_,
            random.stream(fmt::format("client {}", i))));
    }
    client_links_.resize(clients_.size());
}

void World::build_cluster(const WorldOptions& options) {
    const RunConfig& config = schedule_.config;
    const Random random(schedule_.seed);
    cluster_.types = options.types;
    cluster_.options = node_options(config);
    cluster_.trace = options.trace;
    cluster_.round_events = config.round_events;
    cluster_.check_steps = config.check_steps;
    if (config.real_store != 0) cluster_.disks = disks_.emplace().path();
    cluster_.bounds.erase_slice_chunks = config.erase_slice_chunks;
    cluster_.bounds.trim_chunks_min = config.trim_chunks_min;
    cluster_.bounds.log_slack_bytes = config.log_slack_bytes;
    routing::Genesis& genesis = cluster_.genesis;
    genesis.groups = static_cast<std::uint32_t>(config.partitions);
    genesis.replicas = static_cast<std::uint32_t>(config.replicas);
    for (std::size_t i = 0; i < config.nodes; ++i) {
        routing::NodeRecord record;
        record.node = drawn_id(random.stream(fmt::format("node id {}", i)));
        record.name = fmt::format("n{}", i);
        record.mesh_address = fmt::format("127.0.0.1:{}", 7340 + 10 * i);
        record.client_address = fmt::format("127.0.0.1:{}", 7341 + 10 * i);
        record.host = record.name;
        genesis.founders.push_back(std::move(record));
    }
    std::sort(genesis.founders.begin(), genesis.founders.end(),
              [](const auto& a, const auto& b) { return a.node < b.node; });
    auto bytes = routing::encode_genesis(genesis);
    WEFT_INVARIANT(bytes.has_value(), "genesis of the simulated mesh: {}", bytes.error().message);
    cluster_.genesis_bytes = std::move(*bytes);
    cluster_.id = routing::cluster_id(cluster_.genesis_bytes);
}

void World::begin() {
    for (std::size_t i = 0; i < schedule_.faults.size(); ++i) {
        const FaultKind kind = schedule_.faults[i].kind;
        if (kind == FaultKind::Ghost || kind == FaultKind::FormerBoot) network_.keep();
        queue_.at(Instant{} + schedule_.faults[i].at, [this, i, epoch = fault_epoch_] {
            if (epoch == fault_epoch_) apply(schedule_.faults[i]);
        });
    }
    for (std::size_t i = 0; i < machines_.size(); ++i) restart(i);
    for (const auto& client : clients_) client->begin();
    watch_states();
}

void World::watch_states() {
    queue_.after(kCompareEvery, [this] {
        compare_states(false);
        watch_states();
    });
}

void World::compare_states(bool all) {
    std::vector<const node::Node*> nodes;
    for (const auto& machine : machines_)
        nodes.push_back(machine->alive() ? &machine->node() : nullptr);
    const auto groups = static_cast<std::uint32_t>(schedule_.config.partitions) + 1;
    const std::uint32_t count = all ? groups : (groups + kCompareRounds - 1) / kCompareRounds;
    for (std::uint32_t i = 0; i < count; ++i) {
        oracle_.compare_states(PartitionId{next_compared_}, nodes);
        next_compared_ = (next_compared_ + 1) % groups;
    }
}

void World::run_to(Instant moment) {
    while (queue_.run_one(moment)) {
    }
}

void World::run_for(Duration time) { run_to(queue_.now() + time); }

bool World::run_until(Duration limit, const std::function<bool()>& condition) {
    const Instant until = queue_.now() + limit;
    while (!condition()) {
        if (queue_.now() >= until) return false;
        run_for(std::min(Duration(std::chrono::milliseconds(20)), until - queue_.now()));
    }
    return true;
}

bool World::all_ready(std::uint64_t except) const {
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if ((except >> i & 1) != 0 || lost_[i]) continue;
        const Machine& machine = *machines_[i];
        if (!machine.alive() || machine.paused() || !machine.node().ready()) return false;
    }
    for (std::uint32_t g = 0; g <= schedule_.config.partitions; ++g)
        if (!leader_of(PartitionId{g}, except)) return false;
    return true;
}

std::optional<std::size_t> World::leader_of(PartitionId group, std::uint64_t except) const {
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if ((except >> i & 1) != 0 || !machines_[i]->alive()) continue;
        const node::Node& node = machines_[i]->node();
        if (node.hosts(group) && node.partition(group).ready()) return i;
    }
    return std::nullopt;
}

// ---- what moves ---------------------------------------------------------------------------------

void World::send_peer(std::size_t from, NodeId to, Bytes frame) {
    const auto found = by_node_.find(to);
    if (found == by_node_.end() || ways_[from][found->second] != PeerWay::Up) return;
    const std::size_t target = found->second;
    trace_.add(queue_.now(), static_cast<Endpoint>(from), TraceHash::Kind::Send,
               frame_checksum(frame));
    network_.send({static_cast<Endpoint>(from), static_cast<Endpoint>(target),
                   machines_[target]->life(), std::move(frame)},
                  Network::Copies::Two);
}

void World::send_gossip(std::size_t from, NodeId to, Bytes datagram) {
    const auto found = by_node_.find(to);
    if (found == by_node_.end()) return;
    trace_.add(queue_.now(), static_cast<Endpoint>(from), TraceHash::Kind::Send,
               xxh3_64(datagram.view()));
    network_.send({static_cast<Endpoint>(from), static_cast<Endpoint>(found->second), kNoRoute,
                   std::move(datagram)},
                  Network::Copies::Datagram);
}

void World::leaves(std::size_t machine, const node::SendPeer& sent) {
    oracle_.leaves(machine, machines_[machine]->node(), sent);
}

void World::answers(std::size_t machine, const node::SendClient& sent) {
    oracle_.answers(machine, machines_[machine]->node(), sent);
}

void World::hears(std::size_t machine, const node::Event& event) {
    oracle_.hears(machine, machines_[machine]->node(), event, *cluster_.types);
}

void World::synced(std::size_t machine, const storage::WriteBatch& batch) {
    oracle_.promises().applied(machine, batch);
}

void World::read_back(std::size_t machine, const std::vector<storage::RecoveredGroup>& found) {
    oracle_.promises().read_back(machine, found);
}

void World::send_client(std::size_t from, ClientRef to, Bytes frame) {
    const auto found = client_ends_.find(to);
    if (found == client_ends_.end()) return;
    trace_.add(queue_.now(), static_cast<Endpoint>(from), TraceHash::Kind::Send,
               frame_checksum(frame));
    network_.send({static_cast<Endpoint>(from), client_endpoint(found->second.client), to.value,
                   std::move(frame)},
                  Network::Copies::One);
}

void World::send_node(std::size_t client, client::LinkId link, Bytes frame) {
    const auto found = client_links_[client].find(link);
    if (found == client_links_[client].end() || found->second.ref == ClientRef{}) return;
    const ClientLink& target = found->second;
    trace_.add(queue_.now(), client_endpoint(client), TraceHash::Kind::Send, frame_checksum(frame));
    network_.send({client_endpoint(client), static_cast<Endpoint>(target.machine), target.ref.value,
                   std::move(frame)},
                  Network::Copies::One);
}

void World::arrived(const Transit& transit) {
    if (transit.route == kNoRoute) {
        trace_.add(queue_.now(), transit.to, TraceHash::Kind::Deliver,
                   xxh3_64(transit.frame.view()));
        return machines_[transit.to]->event(node::FromGossip{transit.frame});
    }
    trace_.add(queue_.now(), transit.to, TraceHash::Kind::Deliver, frame_checksum(transit.frame));
    if (transit.from < machines_.size() && transit.to < machines_.size()) {
        // A connection does not outlive the process at its end.
        Machine& target = *machines_[transit.to];
        if (target.life() == transit.route) target.peer_frame(transit.frame);
        return;
    }
    const ClientRef ref{transit.route};
    const auto found = client_ends_.find(ref);
    if (found == client_ends_.end()) return;
    if (transit.to < machines_.size())
        machines_[transit.to]->client_frame(ref, transit.frame);
    else
        clients_[found->second.client]->node_frame(found->second.link, transit.frame);
}

void World::ghost_arrived(Endpoint, Endpoint to, const Bytes& frame) {
    trace_.add(queue_.now(), to, TraceHash::Kind::Deliver, frame_checksum(frame));
    if (to < machines_.size()) machines_[to]->peer_frame(frame);
}

void World::round_done(std::size_t machine) {
    Machine& at = *machines_[machine];
    oracle_.after_round(machine, at.node_for_checks());
    if (observer_ != nullptr) observer_->round(queue_.now(), machine, at.node());
}

void World::stopped(std::size_t machine, const node::Stop& stop) {
    WEFT_INVARIANT(stop.exit_code != 70, "machine {} gave up: {}", machine, stop.reason);
    const Kill kill = std::exchange(kills_[machine], Kill{});
    using enum DiskImage::Ending;
    hold_down(machine, kill.salt, stop.exit_code == kSyncFailed ? SyncFailed : Killed);
    later(kill.down, [this, machine] { let_up(machine); });
}

void World::machine_trace(std::size_t machine, TraceHash::Kind kind, std::uint64_t payload) {
    trace_.add(queue_.now(), static_cast<Endpoint>(machine), kind, payload);
}

void World::call_started(std::size_t client, std::uint64_t call) {
    trace_.add(queue_.now(), client_endpoint(client), TraceHash::Kind::CallStarted, call);
}

void World::call_ended(std::size_t client, const std::string& entity, const Operation& op) {
    const std::uint64_t payload =
        xxh3_64(op.result.value_or("")) ^ static_cast<std::uint64_t>(op.outcome);
    trace_.add(queue_.now(), client_endpoint(client), TraceHash::Kind::CallEnded, payload);
    if (observer_ != nullptr) observer_->operation(entity, op);
}

}  // namespace weft::sim
