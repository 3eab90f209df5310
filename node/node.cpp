#include "node/node.h"

#include "core/hash.h"
#include "core/invariant.h"
#include "node/facts.h"
#include "node/state.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node {

namespace {

MeshId mesh_of(const NodeOptions& options) {
    std::string bytes = options.genesis_bytes;
    if (bytes.empty()) bytes = routing::encode_genesis(options.genesis).value_or(std::string());
    return {xxh3_128(bytes), routing::cluster_id(bytes)};
}

}  // namespace

Node::State::State(NodeOptions given, const entity::TypeTable& type_table, const Random& random,
                   weft::Log sink)
    : options(std::move(given)),
      roster(options.genesis),
      types(type_table),
      log(sink),
      table(routing::PlacementTable::first(options.genesis)),
      mesh(mesh_of(options)),
      checks(options.check_every_step, options.steps_per_check),
      peers(options.nonce, first_round<ContactRound>(options.boot)),
      clocks(table.groups(), options.timings.election_max, log),
      mesh_members(options.self,
                   membership::Swim({mesh.cluster, options.self, options.boot}, options.membership,
                                    roster.nodes(), random.stream("members"))),
      confirms({.self = options.self,
                .first_round = first_round<ConfirmRound>(options.boot),
                .age_max = 2 * options.timings.heartbeat}),
      beats(options.timings.heartbeat),
      homing(table.groups(), options.timings.election_min),
      told_routes(options.self, options.boot, table.groups()),
      own_requests({.client = own_client(options.self, options.boot)}, table),
      large_reads({.reads_max = options.large_reads_max,
                   .bytes_max = options.large_read_bytes_max,
                   .share = options.large_read_share}),
      rounds(table.groups()),
      disk(options.timings.election_min, log),
      sweeper({.log_bytes = options.sweep_log_bytes, .rows = options.sweep_rows}, log),
      founding(log) {
    mesh_types.add(make_facts_type());
    meet_roster();
    recall_pasts();
}

void Node::State::on(const Step& step, Fetched& event) {
    const auto owner = fetches.answered(event.id);
    if (!owner) return desk.on_fetched(event.id, std::move(event.result));
    step_partition(step, *hosted.find(owner->group),
                   replication::Fetched{owner->id, std::move(event.result)});
}

void Node::State::on(const Step& step, const Timer&) {
    for (const PartitionId group : hosted.take_due(step.now.mono)) tick(step, *hosted.find(group));
    judge_disk(step);
    if (mesh_members.deadline() <= step.now.mono) step_members(step, membership::Tick{});
    heartbeats(step);
    send_leaders_home(step);
    look_for_room(step);
    peers_timer(step);
    expire_confirms(step);
}

void Node::State::on(const Step& step, const RoundEnd&) {
    told_routes.end_round();
    submit_large_reads(step);
    drain_round(step);
    sweep_round(step);
    found_mesh(step);
    run_own_requests(step);
    begin_confirms(step);
    close_batch(step);
    peers.flush(options.batch_bytes, disk.stats().durable, step.out.list);
    if (checks.after_round()) check();
}

Instant Node::State::next_deadline() const {
    const Instant next = std::min({hosted.deadline(), beats.deadline(), homing.deadline(),
                                   disk.deadline(rounds.oldest()), mesh_members.deadline(),
                                   sweeper.deadline(), draining.deadline(), confirms.deadline()});
    return std::min({next, peers.deadline(), large_reads.deadline(), own_requests.deadline(),
                     founding.deadline()});
}

void Node::State::check() const {
    hosted.check(peers);
    rounds.check();
    disk.check(rounds.waiting());
    sweeper.check(rounds.at_hand());
    founding.check();
    clocks.check();
    large_reads.check();
    desk.check();
    std::vector<replication::GroupTerm> led;
    for (const LocalPartition& local : hosted.all())
        if (local.role == replication::Role::Leader) led.push_back({local.id, local.term});
    confirms.check(led);
    mesh_members.swim().check();
    beats.check(!peers.empty());
    peers.check(rounds.at_hand());
}

// ---- the public face ----------------------------------------------------------------------------

Node::Node(NodeOptions options, std::vector<storage::RecoveredGroup> recovered,
           const entity::TypeTable& types, Random random, weft::Log log)
    : state_(std::make_unique<State>(std::move(options), types, random, log)) {
    state_->host_partitions(std::move(recovered), random);
}

Node::~Node() = default;

void Node::step(Now now, Event event, Effects& out) {
    const Step step{now, out};
    state_->peers.take_link_changes(out.list);  // of the start: before anything is said to anybody
    state_->look_at_own_clock(step);
    std::visit([&](auto& what) { state_->on(step, what); }, event);
    state_->peers.take_link_changes(out.list);
    if (state_->checks.after_step()) state_->check();
}

bool Node::has_questions() const { return state_->desk.any(); }

void Node::answer_question(Now now, Effects& out) { state_->answer_question({now, out}); }

Instant Node::next_deadline() const { return state_->next_deadline(); }
bool Node::ready() const { return state_->view({}).ready(); }
NodeId Node::self() const { return state_->options.self; }
const membership::Swim& Node::members() const { return state_->mesh_members.swim(); }
Lsn Node::told_durable(NodeId peer) const {
    const Peer* known = state_->peers.find(peer);
    return known != nullptr ? known->witness().durable() : Lsn{};
}
const NodeCounters& Node::counters() const { return state_->counters; }

bool Node::knows(NodeId node) const {
    return node != state_->options.self && state_->roster.find(node) != nullptr;
}

std::vector<PartitionId> Node::hosted() const {
    std::vector<PartitionId> groups;
    for (const LocalPartition& local : std::as_const(state_->hosted).all())
        groups.push_back(local.id);
    return groups;
}

bool Node::hosts(PartitionId group) const { return state_->hosted.find(group) != nullptr; }

void Node::take_touched(std::vector<PartitionId>& groups) { state_->hosted.take_touched(groups); }

const replication::Partition& Node::partition(PartitionId group) const {
    const LocalPartition* found = state_->hosted.find(group);
    WEFT_INVARIANT(found != nullptr, "group {} is not hosted", group.value);
    return found->partition;
}

}  // namespace weft::node
