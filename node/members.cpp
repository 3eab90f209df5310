// Who is there (docs/membership.md): for people, and for hints. Nothing that decides asks it.

#include "node/state.h"

#include <string_view>
#include <utility>

namespace weft::node {

namespace {

// By state.
constexpr std::string_view kChanges[] = {"member.unseen", "member.alive", "member.suspected",
                                         "member.dead", "member.left"};

}  // namespace

void Node::State::on(FromGossip& event) {
    step_members(membership::PacketReceived{event.content.view()});
}

// Alone there is nobody to ask.
Instant Node::State::members_deadline() const {
    return peers.empty() ? Instant::never() : swim.deadline();
}

void Node::State::step_members(const membership::Event& event) {
    said.clear();
    swim.step(now.mono, event, said);
    for (const membership::Outgoing& packet : said.packets)
        out->list.emplace_back(SendGossip{packet.to, Bytes::copy_of(said.view(packet))});
    for (const membership::Outgoing& stream : said.streams)
        if (Peer* peer = find_peer(stream.to))
            peer->outbox.add(MeshMessage{MemberMessage{Bytes::copy_of(said.view(stream))}});
    note_changes();
}

void Node::State::note_changes() {
    for (const membership::MemberChanged& change : said.changes)
        log.info(
            kChanges[std::to_underlying(change.to)],
            {{"node", change.node}, {"boot", change.incarnation.boot}, {"by", change.accuser}});
    if (!said.superseded || superseded) return;
    superseded = true;
    log.error("self.superseded", {{"boot", options.boot}});
}

}  // namespace weft::node
