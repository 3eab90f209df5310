#pragma once
// A whole mesh in one thread: machines, clients, network, disks and the faults of a schedule
// between them. Same schedule, same trace.

#include "entity/type.h"
#include "sim/client_actor.h"
#include "sim/event_queue.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/observer.h"
#include "sim/oracle.h"
#include "sim/private_folder.h"
#include "sim/schedule.h"
#include "sim/trace_hash.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::sim {

struct WorldOptions {
    const entity::TypeTable* types = nullptr;
    std::FILE* trace = nullptr;
    RunObserver* observer = nullptr;
};

class World final : public MachineWorld, public ClientWorld, public NetworkWorld {
public:
    World(const Schedule& schedule, const WorldOptions& options);

    // Starts machines and clients, and puts the schedule's faults into the queue.
    void begin();
    void run_for(Duration time);
    void run_to(Instant moment);
    // Runs until `condition` holds, at most for `limit`; false when it never did.
    bool run_until(Duration limit, const std::function<bool()>& condition);

    // ---- faults
    // Carries one out now; its span ends by itself. False: there was nothing to break.
    bool apply(const FaultEvent& event);
    // The network is whole, clocks are right, disks well and every machine runs; spans still open
    // end here.
    void heal();
    // Keeps these machines broken from now on: cut off (bits of `cut`) or down.
    void break_machines(std::uint64_t broken, std::uint64_t cut);
    // Its disk was lost: its peers refuse it for ever (S18).
    bool lost(std::size_t machine) const { return lost_[machine]; }

    // Every machine but those of `except` (bits) and the lost ones has a leader for each of its
    // groups, and serves where it leads.
    bool all_ready(std::uint64_t except = 0) const;
    // Who of the others leads that group, and serves.
    std::optional<std::size_t> leader_of(PartitionId group, std::uint64_t except = 0) const;
    // I12 for the groups whose turn it is, or for all.
    void compare_states(bool all);

    Machine& machine(std::size_t i) { return *machines_[i]; }
    const Machine& machine(std::size_t i) const { return *machines_[i]; }
    std::size_t machines() const { return machines_.size(); }
    ClientActor& client(std::size_t i) { return *clients_[i]; }
    std::size_t clients() const { return clients_.size(); }
    const Schedule& schedule() const { return schedule_; }
    EventQueue& queue() { return queue_; }
    Network& network() { return network_; }
    const Histories& histories() const { return histories_; }
    Oracle& oracle() { return oracle_; }
    RunObserver* observer() const { return observer_; }
    // Rolling hash over everything that happens (I20).
    std::uint64_t trace_hash() const { return trace_.value(); }
    std::uint64_t faults_of(FaultKind kind) const {
        return fault_counts_[static_cast<std::size_t>(kind)];
    }

    // ---- MachineWorld, ClientWorld, NetworkWorld
    void link_peer(std::size_t from, NodeId to) override;
    void unlink_peer(std::size_t from, NodeId to) override;
    void send_peer(std::size_t from, NodeId to, Bytes frame) override;
    void send_client(std::size_t from, ClientRef to, Bytes frame) override;
    void send_gossip(std::size_t from, NodeId to, Bytes datagram) override;
    void leaves(std::size_t machine, const node::SendPeer& sent) override;
    void answers(std::size_t machine, const node::SendClient& sent) override;
    void hears(std::size_t machine, const node::Event& event) override;
    void synced(std::size_t machine, const storage::WriteBatch& batch) override;
    void read_back(std::size_t machine, const std::vector<storage::RecoveredGroup>& found) override;
    void round_done(std::size_t machine) override;
    void stopped(std::size_t machine, const node::Stop& stop) override;
    void machine_trace(std::size_t machine, TraceHash::Kind kind, std::uint64_t payload) override;
    void open_link(std::size_t client, client::LinkId link, const std::string& address) override;
    void close_link(std::size_t client, client::LinkId link) override;
    void send_node(std::size_t client, client::LinkId link, Bytes frame) override;
    void call_started(std::size_t client, std::uint64_t call) override;
    void call_ended(std::size_t client, const std::string& entity, const Operation& op) override;
    void arrived(const Transit& transit) override;
    void ghost_arrived(Endpoint from, Endpoint to, const Bytes& frame) override;

private:
    // A client's connection to one machine; `ref` is its name at the machine, zero while down.
    // Of one machine's process to another machine.
    enum class PeerWay : std::uint8_t { Unlinked, Connecting, Up };
    struct ClientLink {
        std::size_t machine = 0;
        ClientRef ref;
    };
    struct ClientEnd {
        std::size_t client = 0;
        client::LinkId link;
    };
    // ---- world.cpp
    void build_cluster(const WorldOptions& options);
    void add_clients(const Random& random);
    Endpoint client_endpoint(std::size_t client) const {
        return static_cast<Endpoint>(machines_.size() + client);
    }
    void watch_states();

    // ---- links.cpp: connections, and the life of machines they hang on
    void restart(std::size_t machine);
    void crash(std::size_t machine, std::uint64_t salt, DiskImage::Ending ending);
    void try_peer_link(std::size_t from, std::size_t to, std::uint64_t life);
    void try_client_link(std::size_t client, client::LinkId link);
    void drop_links_to(std::size_t machine);
    Duration notice_delay(std::size_t end) {
        return std::chrono::milliseconds(1 + link_chance_[end].below(5));
    }

    // ---- faults.cpp: process, disk, clock
    FaultEvent aimed(FaultEvent event) const;
    bool in_range(const FaultEvent& event) const;
    bool carry_out(const FaultEvent& event);
    void at_end(const FaultEvent& event, std::function<void()> undo);
    void later(Duration delay, std::function<void()> action);
    void hold_down(std::size_t machine, std::uint64_t salt,
                   DiskImage::Ending ending = DiskImage::Ending::Power);
    void let_up(std::size_t machine);
    void crash_for(const FaultEvent& event);
    void crash_loop(std::size_t machine, Instant until, Duration up, Random salt);
    void power_loss(const FaultEvent& event);
    bool disk_fault(const FaultEvent& event);
    bool damage_record(const FaultEvent& event);
    bool damage_log(const FaultEvent& event, Random chance);
    std::vector<DiskImage::LogExtent> newest(std::size_t machine) const;
    bool is_its_own(std::size_t machine, PartitionId group, LogIndex index) const;
    bool damage_row(std::size_t machine, Random chance);
    bool can_be_spared(std::size_t machine, PartitionId group, LogIndex index) const;
    void wipe(const FaultEvent& event);
    void roll_back(const FaultEvent& event);
    std::pair<Lsn, Lsn> told_of(std::size_t machine) const;
    void clock_fault(const FaultEvent& event);

    // ---- network_faults.cpp
    bool network_fault(const FaultEvent& event);
    using OnLink = std::function<void(Endpoint from, Endpoint to)>;
    void on_links(const FaultEvent& event, const OnLink& action);
    void while_lasting(const FaultEvent& event,
                       const std::function<void(Endpoint, Endpoint, int)>& set);
    void split(const FaultEvent& event);
    void sides(const FaultEvent& event);
    void neighbours_only(const FaultEvent& event);
    void flap(const FaultEvent& event, Instant until, bool cut);
    void slow_peer(const FaultEvent& event);
    void former_boot(const FaultEvent& event);
    void cut_pairs(const FaultEvent& event, std::vector<std::pair<Endpoint, Endpoint>> pairs);
    void cut_both(Endpoint a, Endpoint b, int by);

    const Schedule schedule_;
    EventQueue queue_;
    Network network_;
    Cluster cluster_;
    std::optional<PrivateFolder> disks_;  // outlives the machines
    Histories histories_;
    Oracle oracle_;
    RunObserver* observer_ = nullptr;
    TraceHash trace_;
    std::vector<std::unique_ptr<Machine>> machines_;
    std::map<NodeId, std::size_t> by_node_;
    std::vector<std::vector<PeerWay>> ways_;  // [from][to]
    std::vector<Random> link_chance_;         // by machine
    std::vector<std::unique_ptr<ClientActor>> clients_;
    std::vector<std::map<client::LinkId, ClientLink>> client_links_;
    std::map<ClientRef, ClientEnd> client_ends_;
    std::uint64_t next_ref_ = 1;

    // Faults in force. What a former epoch wanted to undo was undone by heal().
    std::uint64_t fault_epoch_ = 0;
    std::vector<int> holds_;  // by machine: reasons to stay down
    struct Kill {
        Duration down = std::chrono::seconds(1);
        std::uint64_t salt = 0;
    };
    std::vector<Kill> kills_;  // by machine: what follows when its process ends by itself
    std::vector<bool> lost_;
    std::array<std::uint64_t, kFaultKinds> fault_counts_{};
    std::uint32_t next_compared_ = 0;
};

}  // namespace weft::sim
