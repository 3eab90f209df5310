#pragma once
// The inside of Node: a switchboard between rules that own their state (docs/adr/0011). What
// carries their answers on stands in the .cpp files named below.

#include "node/admin/desk.h"
#include "node/check_turns.h"
#include "node/clocks.h"
#include "node/contact/beat_schedule.h"
#include "node/contact/confirm_rounds.h"
#include "node/disk/fetches.h"
#include "node/disk/health.h"
#include "node/disk/rounds.h"
#include "node/draining.h"
#include "node/founding.h"
#include "node/homing.h"
#include "node/large_reads.h"
#include "node/local_partitions.h"
#include "node/members.h"
#include "node/node.h"
#include "node/own_requests.h"
#include "node/parts.h"
#include "node/peers.h"
#include "node/recent_events.h"
#include "node/roster.h"
#include "node/session_rate.h"
#include "node/short_connections.h"
#include "node/step.h"
#include "node/sweeper.h"
#include "node/told_routes.h"
#include "node/view.h"
#include "routing/placement.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::node {

struct Node::State {
    State(NodeOptions given, const entity::TypeTable& type_table, const Random& random,
          weft::Log sink);

    // ---- partitions.cpp: stepping one partition and carrying out what it asks
    void host_partitions(std::vector<storage::RecoveredGroup> recovered, const Random& random);
    void step_partition(const Step& step, LocalPartition& local, replication::PartitionEvent event);
    void carry_out(const Step& step, LocalPartition& local, replication::Effect& effect);
    void on_reply(const Step& step, replication::SendReply& reply);
    void on_role_changed(const Step& step, LocalPartition& local);
    void note_leader(const Step& step, const LocalPartition& local, std::string_view what,
                     Term term);
    void after_step(LocalPartition& local);
    void tell_contacts(const LocalPartition& local);
    void tick(const Step& step, LocalPartition& local);
    void meet_members(LocalPartition& local);

    // ---- peer_events.cpp: links, boots, hellos, messages
    void on(const Step& step, FromPeer& event);
    void on(const Step& step, const PeerLink& event);
    void tell_evidence(const Step& step, const Peer& peer, EvidenceNews news);
    void on_hello(const Step& step, Peer& peer, const FromPeer& event, const PeerHello& hello);
    void carry_out(const Step& step, Peer& peer, const HelloNews& news);
    void say_hello(const Step& step, Peer& peer, HelloToken token, bool answers = false);
    void peers_timer(const Step& step);
    void step_shared(const Step& step, const Peer& peer, const replication::PartitionEvent& event);
    void deliver(const Step& step, Peer& peer, replication::PeerMessage& message);
    void deliver_appends(const Step& step, Peer& peer, const replication::AppendBatch& batch);
    void deliver_group(const Step& step, const Peer& peer, PartitionId group,
                       replication::GroupMessage message);

    // ---- links.cpp: what follows from the roster
    void on(const Step& step, const RosterChanged& event);
    void meet_roster();
    void part_with(const Step& step, Peer& peer);

    // ---- pasts.cpp: what this node remembers of its peers' disks
    void recall_pasts();
    void write_past(NodeId node, const Past& row);

    // ---- gossip.cpp: what members say to each other
    void on(const Step& step, FromGossip& event);
    void step_members(const Step& step, const membership::Event& event);
    void note_change(const Step& step, const membership::MemberChanged& change);

    // ---- contact/heartbeats.cpp, contact/reads.cpp: heartbeats, confirm rounds
    void heartbeats(const Step& step);
    void on_heartbeat(const Step& step, Peer& peer, const replication::Heartbeat& beat);
    void on_heartbeat_answer(const Step& step, Peer& peer,
                             const replication::HeartbeatAnswer& answer);
    void on_confirm(const Step& step, Peer& peer, const replication::Confirm& confirm);
    void on_confirm_answer(const Step& step, Peer& peer, const replication::ConfirmAnswer& answer);
    void step_refused(const Step& step, const Peer& peer,
                      const std::vector<replication::GroupTerm>& refused);
    void begin_confirms(const Step& step);
    void serve(const Step& step, const std::vector<Confirmed>& confirmed);
    void expire_confirms(const Step& step);

    // ---- clients.cpp: hello, requests, redirects
    void on(const Step& step, FromClient& event);
    void on(const Step& step, const ClientGone& event);
    void on(const Step& step, const ConnectionsShort& event) {
        short_connections.add(step.now.mono, event);
    }
    void on(const Step&, LinksUnderFaults& event) { link_faults = std::move(event.text); }
    void on_client_hello(const Step& step, ClientRef from, const routing::ClientHello& hello);
    void learn_routes();
    routing::HelloReply hello_reply(const Step& step, const routing::ClientHello& hello) const;
    void on_request(const Step& step, const Origin& from, Request& request);
    void on_large_read(const Step& step, const LocalPartition& local, replication::LargeRead& read);
    void hold(const Step& step, const Origin& asker);
    void answer_client(const Step& step, ClientRef client, Reply reply);
    void submit_large_reads(const Step& step);
    void refuse(const Step& step, const Origin& from, const Request& request, Error error);

    // ---- disk/writing.cpp: what is handed to the disk, and what follows from what it tells
    void close_batch(const Step& step);
    void step_durable(const Step& step);
    void on(const Step& step, const Persisted& event);
    void on(const Step& step, const StorageFull& event);
    void judge_disk(const Step& step);
    void look_for_room(const Step& step);
    void hand_over_all(const Step& step);

    // ---- sweep.cpp: writing dirty rows, and the way out
    void sweep_round(const Step& step);
    void on(const Step& step, const Drain& event);
    void on(const Step& step, const DiskLost& event);
    void drain_round(const Step& step);
    void tell_drained(bool swept) const;

    // ---- eligibility.cpp: who could lead, and whose clock is off
    void tell_eligibility(const Step& step, const Peer& peer,
                          const std::vector<ToldEligibility::Change>& changes);
    void learn_clock(const Step& step, const Peer& peer, std::int64_t wall_ms);
    void judge_clocks(const Step& step,
                      std::int64_t jump_ms = 0);  // our own's, since the last time
    void look_at_own_clock(const Step& step);
    // When the partition's leader was last heard; now, if that is this node.
    Instant leader_heard(const Step& step, const LocalPartition& local) const;
    void forget_contact(const Step& step, Peer& peer);

    // ---- leaderships.cpp: leaderships back to where the table wants them
    void send_leaders_home(const Step& step);
    std::optional<Homing::Home> seen_of_home(const LocalPartition& local, NodeId home) const;
    std::optional<NodeId> home_of(PartitionId group) const;

    // ---- asking.cpp: nodes as clients of the mesh
    Now time_of_sessions(const Step& step) const;
    void run_own_requests(const Step& step);
    void found_mesh(const Step& step);
    Founding::Seen seen_of_facts() const;
    void ask_facts(const Step& step, std::string_view command, std::string_view payload);
    void on_node_request(const Step& step, Peer& peer, NodeRequest& asked);
    void answer_node(const NodeRef& asker, Reply reply);

    // ---- admin.cpp: what people ask
    NodeView view(Now now) const;
    // One piece of work on questions.
    void answer_question(const Step& step);

    // ---- node.cpp
    void on(const Step& step, Fetched& event);
    void on(const Step& step, const Timer& event);
    void on(const Step& step, const RoundEnd& event);
    Instant next_deadline() const;
    // What the rules hold adds up.
    void check() const;

    // ---- settings and surroundings
    NodeOptions options;
    Roster roster;
    const entity::TypeTable& types;
    entity::TypeTable mesh_types;  // of group 0
    weft::Log log;
    routing::PlacementTable table;
    MeshId mesh;
    NodeCounters counters;
    CheckTurns checks;

    LocalPartitions hosted;
    Peers peers;
    Clocks clocks;
    Members mesh_members;
    RecentEvents events{4096};
    replication::Effects effects;  // of partitions; its batch is the round's
    ConfirmRounds confirms;
    BeatSchedule beats;
    Homing homing;

    DiskFetches fetches;
    AdminDesk desk;
    ToldRoutes told_routes;
    OwnRequests own_requests;

    LargeReads large_reads;

    DiskRounds rounds;
    DiskHealth disk;

    Sweeper sweeper;
    Draining draining;
    Founding founding;
    ShortConnections short_connections;
    std::optional<std::string> link_faults;  // nothing: none are possible
    SessionRate session_rate;
};

}  // namespace weft::node
