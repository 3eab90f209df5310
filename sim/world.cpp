#include "sim/world.h"

#include "core/hash.h"
#include "core/invariant.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft::sim {

World::World(WorldOptions options, const entity::TypeTable& types)
    : options_(std::move(options)),
      random_(options_.seed),
      fault_random_(random_.stream("faults")),
      network_(queue_, random_.stream("network")),
      oracle_(options_.machines) {
    build_cluster(types);
    for (std::size_t i = 0; i < options_.machines; ++i) {
        machines_.push_back(std::make_unique<Machine>(
            i, cluster_, queue_, *this, random_.stream(fmt::format("machine {}", i))));
        by_node_[machines_[i]->record().node] = i;
        if (options_.faults.has(Family::ClockSkew)) {
            machines_[i]->clock.rate_ppm = static_cast<std::int64_t>(random_.below(400)) - 200;
            machines_[i]->clock.wall_offset_ms =
                static_cast<std::int64_t>(random_.below(4000)) - 2000;
        }
    }
    link_up_.assign(options_.machines, std::vector<bool>(options_.machines, false));
    for (std::size_t i = 0; i < options_.clients; ++i) {
        client::SessionOptions session;
        Random id = random_.stream(fmt::format("client id {}", i));
        for (std::uint8_t& byte : session.client.bytes)
            byte = static_cast<std::uint8_t>(id.below(256));
        for (const auto& machine : machines_)
            session.addresses.push_back(machine->record().client_address);
        session.program = fmt::format("client {}", i);
        clients_.push_back(
            std::make_unique<ClientActor>(i, std::move(session), options_.workload, queue_, *this,
                                          histories_, random_.stream(fmt::format("client {}", i))));
    }
    client_links_.resize(options_.clients);
}

void World::build_cluster(const entity::TypeTable& types) {
    cluster_.types = &types;
    cluster_.options = options_.node;
    cluster_.trace = options_.trace;
    routing::Genesis& genesis = cluster_.genesis;
    genesis.groups = options_.groups;
    genesis.replicas = 3;
    for (std::size_t i = 0; i < options_.machines; ++i) {
        routing::NodeRecord record;
        Random id = random_.stream(fmt::format("node id {}", i));
        for (std::uint8_t& byte : record.node.bytes)
            byte = static_cast<std::uint8_t>(id.below(256));
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
    apply_network_families();
    for (std::size_t i = 0; i < machines_.size(); ++i) restart(i);
    for (const auto& client : clients_) client->begin();
}

void World::run_for(Duration time) {
    const Instant until = queue_.now() + time;
    while (queue_.run_one(until)) {
    }
}

bool World::run_until(Duration limit, const std::function<bool()>& condition) {
    const Instant until = queue_.now() + limit;
    while (!condition()) {
        if (queue_.now() >= until) return false;
        run_for(std::min(Duration(std::chrono::milliseconds(20)), until - queue_.now()));
    }
    return true;
}

bool World::all_ready() const {
    return std::all_of(machines_.begin(), machines_.end(), [](const auto& machine) {
        return machine->alive() && !machine->paused() && machine->node().ready();
    });
}

void World::trace(Endpoint from, Endpoint to, const Bytes& frame) {
    // The last eight bytes of the header are the checksum over all the rest.
    std::uint64_t checksum = 0;
    std::memcpy(&checksum, frame.data() + wire::kFrameHeaderBytes - 8, sizeof checksum);
    const std::uint64_t time = static_cast<std::uint64_t>(queue_.now().ns);
    for (const std::uint64_t part : {time, std::uint64_t{from} << 32 | to, checksum})
        trace_hash_ = (trace_hash_ ^ part) * 0x9e3779b97f4a7c15ULL;
}

void World::send_peer(std::size_t from, NodeId to, Bytes frame) {
    const auto found = by_node_.find(to);
    if (found == by_node_.end() || !link_up_[from][found->second]) return;
    const std::size_t target = found->second;
    trace(static_cast<Endpoint>(from), static_cast<Endpoint>(target), frame);
    network_.send(
        static_cast<Endpoint>(from), static_cast<Endpoint>(target), std::move(frame),
        [this, target, life = machines_[target]->life()](const Bytes& bytes) {
            // A connection does not outlive the process at its end.
            if (machines_[target]->life() == life) machines_[target]->peer_frame(bytes);
        },
        Network::Copies::Two);
}

void World::send_client(std::size_t from, ClientRef to, Bytes frame) {
    const auto found = client_ends_.find(to);
    if (found == client_ends_.end()) return;
    const ClientEnd end = found->second;
    trace(static_cast<Endpoint>(from), client_endpoint(end.client), frame);
    network_.send(static_cast<Endpoint>(from), client_endpoint(end.client), std::move(frame),
                  [this, end, to](const Bytes& bytes) {
                      if (client_ends_.contains(to))
                          clients_[end.client]->node_frame(end.link, bytes);
                  });
}

void World::send_node(std::size_t client, client::LinkId link, Bytes frame) {
    const auto found = client_links_[client].find(link);
    if (found == client_links_[client].end() || found->second.ref == ClientRef{}) return;
    const ClientLink target = found->second;
    trace(client_endpoint(client), static_cast<Endpoint>(target.machine), frame);
    network_.send(client_endpoint(client), static_cast<Endpoint>(target.machine), std::move(frame),
                  [this, target](const Bytes& bytes) {
                      if (client_ends_.contains(target.ref))
                          machines_[target.machine]->client_frame(target.ref, bytes);
                  });
}

void World::round_done(std::size_t machine) {
    if (machines_[machine]->alive()) oracle_.after_round(machine, machines_[machine]->node());
}

void World::stopped(std::size_t machine, const node::Stop& stop) {
    WEFT_INVARIANT(stop.exit_code != 70, "machine {} gave up: {}", machine, stop.reason);
    queue_.after({}, [this, machine, life = machines_[machine]->life()] {
        if (machines_[machine]->life() == life) crash(machine);
    });
}

}  // namespace weft::sim
