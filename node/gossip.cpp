// What members say to each other, and what people are told of it.

#include "membership/dropped.h"
#include "node/state.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace weft::node {

void Node::State::on(const Step& step, FromGossip& event) {
    step_members(step, membership::PacketReceived{event.content.view()});
}

void Node::State::step_members(const Step& step, const membership::Event& event) {
    const bool linked =
        std::ranges::any_of(peers.all(), [](const Peer& peer) { return peer.greeting().up(); });
    const auto [said, superseded, why_alone] =
        mesh_members.step(step.now.mono, event, {.draining = draining.active(), .linked = linked});
    for (const membership::Outgoing& packet : said.packets)
        step.out.list.emplace_back(SendGossip{packet.to, Bytes::copy_of(said.view(packet))});
    for (const membership::Outgoing& stream : said.streams)
        if (Peer* peer = peers.find(stream.to))
            peer->outbox.add(MeshMessage{MemberMessage{Bytes::copy_of(said.view(stream))}});
    for (const membership::MemberChanged& change : said.changes) note_change(step, change);
    if (superseded) log.error("self.superseded", {{"boot", options.boot}});
    if (!why_alone) return;
    log.warn("members.alone",
             {{"links", peers.links_up()},
              {"dropped", membership::dropped_in_all(mesh_members.swim().counts())},
              {"why", *why_alone}});
    events.add(step.now.wall, "members.alone", roster.name_of(options.self),
               std::string(*why_alone));
}

void Node::State::note_change(const Step& step, const membership::MemberChanged& change) {
    const std::string_view what = event_name(change);
    log.info(what,
             {{"node", change.node}, {"boot", change.incarnation.boot}, {"by", change.accuser}});
    const bool accused = change.accuser != NodeId{};
    events.add(step.now.wall, what, roster.name_of(change.node),
               fmt::format("boot {}{}{}", change.incarnation.boot.value, accused ? " by " : "",
                           accused ? roster.name_of(change.accuser) : ""));
}

}  // namespace weft::node
