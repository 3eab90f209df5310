#pragma once
// A whole mesh in one thread: machines, clients, network, disks and the faults between them. Same
// seed, same trace.

#include "entity/type.h"
#include "sim/client_actor.h"
#include "sim/clock.h"
#include "sim/fault_plan.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/oracle.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weft::sim {

struct WorldOptions {
    std::uint64_t seed = 1;
    std::size_t machines = 3;
    std::uint32_t groups = 4;
    std::size_t clients = 3;
    Workload workload;
    FaultPlan faults;
    node::NodeOptions node;  // timings and limits
    std::FILE* trace = nullptr;
};

class World final : public MachineWorld, public ClientWorld {
public:
    World(WorldOptions options, const entity::TypeTable& types);

    // Starts machines and clients.
    void begin();
    void run_for(Duration time);
    // Runs until `condition` holds, at most for `limit`; false when it never did.
    bool run_until(Duration limit, const std::function<bool()>& condition);

    // ---- faults
    void start_faults();
    void stop_faults() { faulting_ = false; }
    void crash(std::size_t machine);
    void restart(std::size_t machine);
    void power_loss();
    // Everything runs and reaches everything again.
    void heal();
    void cut_both(std::size_t a, std::size_t b);

    bool all_ready() const;
    Machine& machine(std::size_t i) { return *machines_[i]; }
    std::size_t machines() const { return machines_.size(); }
    ClientActor& client(std::size_t i) { return *clients_[i]; }
    std::size_t clients() const { return clients_.size(); }
    EventQueue& queue() { return queue_; }
    Network& network() { return network_; }
    const Histories& histories() const { return histories_; }
    const Oracle& oracle() const { return oracle_; }
    // Rolling hash over (time, sender, receiver, frame checksum) of everything sent.
    std::uint64_t trace_hash() const { return trace_hash_; }
    std::uint64_t faults_of(Family family) const {
        return fault_counts_[static_cast<std::size_t>(family)];
    }

    // ---- MachineWorld, ClientWorld
    void send_peer(std::size_t from, NodeId to, Bytes frame) override;
    void send_client(std::size_t from, ClientRef to, Bytes frame) override;
    void round_done(std::size_t machine) override;
    void stopped(std::size_t machine, const node::Stop& stop) override;
    void open_link(std::size_t client, client::LinkId link, const std::string& address) override;
    void close_link(std::size_t client, client::LinkId link) override;
    void send_node(std::size_t client, client::LinkId link, Bytes frame) override;

private:
    // A client's connection to one machine; `ref` is its name at the machine, zero while down.
    struct ClientLink {
        std::size_t machine = 0;
        ClientRef ref;
        bool open = true;
    };
    struct ClientEnd {
        std::size_t client = 0;
        client::LinkId link = 0;
    };
    void build_cluster(const entity::TypeTable& types);
    void try_peer_link(std::size_t from, std::size_t to, std::uint64_t life);
    void try_client_link(std::size_t client, client::LinkId link);
    void drop_links_to(std::size_t machine);
    void next_fault();
    void inject();
    void inject_on_link();
    void damage_a_record();
    void apply_network_families();
    void trace(Endpoint from, Endpoint to, const Bytes& frame);
    Endpoint client_endpoint(std::size_t client) const {
        return static_cast<Endpoint>(machines_.size() + client);
    }

    WorldOptions options_;
    Random random_;
    Random fault_random_;
    EventQueue queue_;
    Network network_;
    Cluster cluster_;
    Histories histories_;
    Oracle oracle_;
    std::vector<std::unique_ptr<Machine>> machines_;
    std::map<NodeId, std::size_t> by_node_;
    std::vector<std::vector<bool>> link_up_;  // [from][to]
    std::vector<std::unique_ptr<ClientActor>> clients_;
    std::vector<std::map<client::LinkId, ClientLink>> client_links_;
    std::map<ClientRef, ClientEnd> client_ends_;
    std::uint64_t next_ref_ = 1;
    bool faulting_ = false;
    std::optional<std::size_t> damaged_;  // the one machine whose disk may lie
    std::array<std::uint64_t, kFamilies> fault_counts_{};
    std::uint64_t trace_hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace weft::sim
