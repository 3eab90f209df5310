// Connections come and go, and what their nodes tell goes to whom it concerns.
#include "client/core/caller_state.h"
#include "client/core/strangers.h"
#include "routing/genesis.h"

#include <utility>

namespace weft::client {

void Caller::State::greet(const Step& step, LinkId link) {
    routing::ClientHello hello;
    hello.client = options.client;
    hello.program = options.program;
    hello.by_version = true;
    hello.nodes_digest = mesh.nodes_digest();
    const NodeIndex node = links.all()[link].node;
    if (node != kNoNode && routes.starving().size() <= routing::kWantedMax) {
        hello.known = mesh.told_by(node);
        hello.wanted = routes.starving();
    }
    step.out.push_back(SendNode{link, std::move(hello)});
}

// What was sent there and not answered may or may not have happened.
void Caller::State::lose_calls(const Step& step, LinkId link) {
    const std::vector<CallIndex> lost = lanes.sent_over(link);
    for (const CallIndex index : lost) {
        lanes.leader_lost(index);
        routes.lost(step, lanes[index].group);
        retry(step, index, true);
    }
    for (const CallIndex index : lost) pump(step, lanes[index].lane);
}

void Caller::State::on_hello(const Step& step, LinkId link, const routing::HelloReply& hello) {
    if (!links.may_hear(link)) return;
    if (hello.groups == 0 || hello.groups > routing::kGroupsMax || hello.node.is_zero()) return;
    if (mesh.is_foreign(hello)) {
        links.met_stranger(step, link, hello.cluster);
        lose_calls(step, link);
        if (!stranded(links.all())) return;
        // Nobody is left who could be asked, so waiting for the deadlines would be in vain.
        for (const CallIndex index : lanes.calls().indexes())
            if (lanes[index].state == PendingCall::State::Queued) expire(step, index);
        return;
    }
    links.met_ours(link);
    if (!mesh.is_met()) {
        mesh.meet(hello);
        routes.set_groups(hello.groups);
        ids.set_groups(hello.groups);
    }
    ids.learn_time(step.time(), hello.log_time_ms);
    const bool readable = learn_nodes(hello);
    const NodeIndex self = mesh.find(hello.node);
    if (self == kNoNode) return;
    if (!links.bind(step, link, self, mesh.nodes()[self].info.client_address))
        return lose_calls(step, link);
    mesh.learn_time(self, step.time(), hello.log_time_ms);
    if (readable)
        for (const Claim& claim : mesh.learn_leaders(self, hello)) take_claim(step, claim);
    // Calls that waited for the first hello find their groups, in the order they were made.
    for (const LaneIndex lane : lanes.take_unplaced()) go_on(step, lane);
    // The leader of these may have been known before its link was ready.
    const std::vector<PartitionId> hungry = routes.starving();
    for (const PartitionId group : hungry)
        if (links.ready_link(routes.leader(group)) == link) flush(step, group);
}

bool Caller::State::learn_nodes(const routing::HelloReply& hello) {
    const bool readable = mesh.learn_nodes(hello);
    for (std::size_t i = 0; i < hello.nodes.size(); ++i)
        if (mesh.places()[i] != kNoNode)
            links.place(mesh.places()[i], hello.nodes[i].client_address);
    return readable;
}

}  // namespace weft::client
