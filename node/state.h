#pragma once
// The inside of Node: a switchboard between rules that own their state (docs/adr/0011). What
// carries their answers on stands in the .cpp files named below.

#include "node/admin/desk.h"
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
    State(NodeOptions given, const entity::TypeTable& type_table, Random seed, weft::Log sink);

    // ---- partitions.cpp: stepping one partition and carrying out what it asks
    void host_groups(std::vector<storage::RecoveredGroup> recovered);
    LocalPartition* find(PartitionId group) { return hosted.find(group); }
    const LocalPartition* find(PartitionId group) const { return hosted.find(group); }
    void step_partition(LocalPartition& group, replication::PartitionEvent event);
    void step_all(const replication::PartitionEvent& event);
    void carry_out(LocalPartition& local, replication::Effect& effect);
    void on_append(const replication::SendAppend& append);
    void on_reply(replication::SendReply& reply);
    void on_role_changed(LocalPartition& local);
    void note_leader(const LocalPartition& local, std::string_view what, Term term);
    void after_step(LocalPartition& local);
    void tell_contacts(const LocalPartition& local);
    void tick(LocalPartition& local);
    void meet_members(LocalPartition& local);

    // ---- peer_events.cpp: links, boots, hellos, messages
    void on(FromPeer& event);
    void on(const PeerLink& event);
    void new_boot(Peer& peer, const Witness::Judgement& judged);
    void tell_evidence(const Peer& peer, EvidenceNews news);
    void on_hello(Peer& peer, const FromPeer& event, const PeerHello& hello);
    void on_hello_answer(Peer& peer, const PeerHello& hello);
    std::string hello_conflict(const PeerHello& hello) const;
    void say_hello(Peer& peer);
    void answer_hello(Peer& peer);
    PeerHello own_hello(const Peer& peer) const;
    void greet(Peer& peer);
    void peers_timer();
    void step_shared(const Peer& peer, const replication::PartitionEvent& event);
    void deliver(Peer& peer, replication::PeerMessage& message);
    void deliver_appends(Peer& peer, const replication::AppendBatch& batch);
    void deliver_group(const Peer& peer, PartitionId group, replication::GroupMessage message);

    // ---- links.cpp: what follows from the roster
    void on(const RosterChanged& event);
    void on_roster_change();
    void part_with(Peer& peer);

    // ---- pasts.cpp: what this node remembers of its peers' disks
    void recall_pasts();
    bool judge(Peer& peer, const FromPeer& event, const PeerHello& hello);
    void on_condemned(Peer& peer, const FromPeer& event, const Witness::Judgement& judged);
    void write_past(NodeId node, const Past& row);
    void record_positions();
    void pasts_persisted();

    // ---- gossip.cpp: what members say to each other
    void on(FromGossip& event);
    void step_members(const membership::Event& event);
    void note_change(const membership::MemberChanged& change);

    // ---- contact/heartbeats.cpp, contact/reads.cpp: heartbeats, confirm rounds
    void heartbeats();
    void on_heartbeat(Peer& peer, const replication::Heartbeat& beat);
    void on_heartbeat_answer(Peer& peer, const replication::HeartbeatAnswer& answer);
    void on_confirm(Peer& peer, const replication::Confirm& confirm);
    void on_confirm_answer(Peer& peer, const replication::ConfirmAnswer& answer);
    void step_refused(const Peer& peer, const std::vector<replication::GroupTerm>& refused);
    void begin_confirms();
    void serve(const std::vector<Confirmed>& confirmed);
    void expire_confirms();

    // ---- clients.cpp: hello, requests, redirects
    void on(FromClient& event);
    void on(const ClientGone& event);
    void on(const ConnectionsShort& event) { short_connections.add(now.mono, event); }
    void on(LinksUnderFaults& event) { link_faults = std::move(event.text); }
    void on_client_hello(ClientRef from, const routing::ClientHello& hello);
    void learn_routes();
    routing::HelloReply hello_reply(const routing::ClientHello& hello) const;
    void on_request(const Origin& from, Request& request);
    std::optional<Error> check_room(const Request& request, const LocalPartition& local) const;
    void on_large_read(const LocalPartition& local, replication::LargeRead& read);
    void hold(const Origin& asker);
    void answer_client(ClientRef client, Reply reply);
    void submit_large_reads();
    void refuse(const Origin& from, const Request& request, Error error);

    // ---- journal.cpp: what is handed to the disk, and what follows from what it tells
    void close_batch();
    void hand_to_disk(RoundSeq seq);
    void step_durable();
    void on(const Persisted& event);
    void on(const StorageFull& event);
    void judge_disk();
    std::uint32_t disk_age_ms() const;
    void look_for_room();
    void hand_over_all();

    // ---- sweep.cpp: writing dirty rows, and the way out
    void sweep_round();
    void on(const Drain& event);
    void on(const DiskLost& event);
    void drain_round();
    void end_drain(bool swept);
    std::size_t groups_to_hand_over() const;

    // ---- standing.cpp: who could lead, and whose clock is off
    void tell_standing(const Peer& peer, const std::vector<ToldStanding::Change>& changes);
    void learn_clock(const Peer& peer, std::int64_t wall_ms);
    void judge_clocks(std::int64_t jump_ms = 0);  // our own's, since the last time
    void look_at_own_clock();
    // When the partition's leader was last heard; now, if that is this node.
    Instant leader_heard(const LocalPartition& local) const;
    // The link or the process is another one now: what was known of it is void.
    void forget_contact(Peer& peer);

    // ---- leaderships.cpp: leaderships back to where the table wants them
    void send_leaders_home();
    bool should_go_home(const LocalPartition& local, NodeId home) const;
    std::optional<NodeId> home_of(PartitionId group) const;

    // ---- asking.cpp: nodes as clients of the mesh
    static ClientId own_client(NodeId self, Boot boot);
    std::optional<KnownLeader> leader_of(PartitionId group) const;
    Now time_of_sessions() const;
    void run_own_requests();
    void found_mesh();
    Founding::Seen seen_of_facts() const;
    void ask_facts(std::string_view command, std::string_view payload);
    void on_node_request(Peer& peer, NodeRequest& asked);
    void answer_node(const NodeRef& asker, Reply reply);

    // ---- admin.cpp: what people ask
    NodeView view() const;
    // One piece of work on questions.
    void answer_question();

    // ---- node.cpp
    void on(Fetched& event);
    void on(const Timer& event);
    void on(const RoundEnd& event);
    Instant next_deadline() const;
    // What the rules hold adds up.
    void check() const;

    // ---- settings and surroundings
    NodeOptions options;
    Roster roster;
    const entity::TypeTable& types;
    entity::TypeTable mesh_types;  // of group 0
    Random random;
    weft::Log log;
    routing::PlacementTable table;
    Digest genesis_digest;
    ClusterId cluster;
    NodeCounters counters;
    std::uint64_t steps = 0;  // of partitions
    std::uint64_t rounds_ended = 0;
    Now now{};
    Effects* out = nullptr;  // of the step under way

    LocalPartitions hosted;
    Peers peers;
    Clocks clocks;
    Members mesh_members;
    RecentEvents events{4096};
    replication::Effects effects;  // of partitions; its batch is the round's
    ConfirmRounds confirms;
    std::vector<ClaimVerdict> verdicts;  // scratch: of the beat at hand
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
