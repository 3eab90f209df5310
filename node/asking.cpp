// What this node asks of partitions on its own account, and what other nodes ask of this one: both
// take the way of every request.

#include "core/error.h"
#include "node/facts.h"
#include "node/state.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::node {

namespace {

std::optional<KnownLeader> leader_known_to(const LocalPartition* held) {
    if (held == nullptr) return std::nullopt;
    const replication::Replica& replica = held->partition.replica();
    if (!replica.leader()) return std::nullopt;
    return KnownLeader{*replica.leader(), replica.term()};
}

}  // namespace

// Sessions begin by the time that clients are told, and not before what group 0 has stamped: where
// a clock is behind, a session of that clock would be over when it begins.
Now Node::State::time_of_sessions(const Step& step) const {
    Now at = step.now;
    at.wall.ms = replication::told_time_ms(step.now.wall, clocks.stamps_back_ms());
    if (const LocalPartition* facts = hosted.find(PartitionId{0}))
        at.wall.ms = std::max(at.wall.ms, facts->partition.replica().next_stamp(at.wall));
    return at;
}

void Node::State::run_own_requests(const Step& step) {
    if (own_requests.deadline() > step.now.mono) return;
    const Now at = time_of_sessions(step);
    std::vector<OwnAttempt> attempts = own_requests.due(at);
    for (OwnAttempt& attempt : attempts)
        attempt.leader = leader_known_to(hosted.find(attempt.group));
    OwnEffects wanted;
    own_requests.run(at, attempts, wanted);
    for (OwnSend& send : wanted.sends) {
        Peer* peer = peers.find(send.to);
        if (send.to == options.self) {
            on_request(step, ThisNode{send.tag}, send.request);
        } else if (peer != nullptr && peer->greeting().greeted()) {
            peer->outbox.add(MeshMessage{NodeRequest{send.tag, std::move(send.request)}});
        } else {
            Reply unreached;
            unreached.id = send.request.id;
            unreached.error = make_error(ErrorNumber::NoLeader, "no link to that node");
            own_requests.on_reply(step.now, send.to, send.tag, std::move(unreached));
        }
    }
    for (const OwnEnd& end : wanted.ends) founding.on_end(step.now.mono, end);
}

// ---- the first facts of the mesh ----------------------------------------------------------------

// Of group 0; nothing once nobody asks any more.
Founding::Seen Node::State::seen_of_facts() const {
    if (founding.done()) return {};
    const LocalPartition* facts = hosted.find(PartitionId{0});
    const auto leader = leader_known_to(facts);
    if (!leader) return {};
    const bool here = leader->node == options.self;
    return {.led = true,
            .here = here,
            .ready = here && facts->partition.ready(),
            .home = !here && home_of(PartitionId{0}) == options.self};
}

void Node::State::found_mesh(const Step& step) {
    const auto question = founding.next(step.now.mono, seen_of_facts());
    if (question == Founding::Question::AreThere) ask_facts(step, kDescribeCommand, {});
    if (question == Founding::Question::Found)
        ask_facts(step, kFoundCommand, founding_facts(options.genesis, table, types));
}

void Node::State::ask_facts(const Step& step, std::string_view command, std::string_view payload) {
    const auto tag =
        own_requests.ask(step.now, facts_request(command, payload), Founding::kPatience);
    founding.asked(step.now.mono, tag ? std::optional(*tag) : std::nullopt);
}

// ---- what other nodes ask -----------------------------------------------------------------------

void Node::State::on_node_request(const Step& step, Peer& peer, NodeRequest& asked) {
    const NodeRef from{peer.record.node, peer.witness().boot(), asked.tag};
    if (!peer.requests.begin())
        return refuse(step, from, asked.request,
                      make_error(ErrorNumber::QueueFull, "too many requests of that node wait"));
    on_request(step, from, asked.request);
}

// Only to the process that has asked. Where the link has gone meanwhile it asks again.
void Node::State::answer_node(const NodeRef& asker, Reply reply) {
    Peer* peer = peers.find(asker.node);
    if (peer == nullptr || peer->witness().boot() != asker.boot) return;
    peer->requests.end();
    if (peer->greeting().up())
        peer->outbox.add(MeshMessage{NodeReply{asker.tag, std::move(reply)}});
}

}  // namespace weft::node
