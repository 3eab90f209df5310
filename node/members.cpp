// Who is there (docs/membership.md): for people, and for hints. Nothing that decides asks it.

#include "membership/dropped.h"
#include "node/state.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace weft::node {

namespace {

using membership::MemberState;

// Nobody answers for so long, though a lone member asks fifteen times a second.
constexpr Duration kAloneAfter = std::chrono::seconds(30);

std::string_view name_of(const membership::MemberChanged& change) {
    switch (change.to) {
        case MemberState::Suspect:
            return "member.suspected";
        case MemberState::Dead:
            return "member.dead";
        case MemberState::Left:
            return "member.left";
        default:
            break;
    }
    if (change.from == MemberState::Suspect) return "member.refuted";
    return change.from == MemberState::Unseen ? "member.joined" : "member.returned";
}

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
    note_alone();
}

void Node::State::note_changes() {
    for (const membership::MemberChanged& change : said.changes) {
        const std::string_view what = name_of(change);
        log.info(
            what,
            {{"node", change.node}, {"boot", change.incarnation.boot}, {"by", change.accuser}});
        const bool accused = change.accuser != NodeId{};
        events.add(now.wall, what, roster.name_of(change.node),
                   fmt::format("boot {}{}{}", change.incarnation.boot.value, accused ? " by " : "",
                               accused ? roster.name_of(change.accuser) : ""));
    }
    if (!said.superseded || superseded) return;
    superseded = true;
    log.error("self.superseded", {{"boot", options.boot}});
}

// Whom nobody answers says once why that may be: to the others it looks dead, and they to it.
void Node::State::note_alone() {
    if (swim.members().live() > 1 || draining.active()) return alone_due.reset();
    if (!alone_due) alone_due = now.mono + kAloneAfter;
    if (*alone_due > now.mono) return;
    alone_due = Instant::never();
    const auto left = [&](const Peer& peer) {
        return swim.state(peer.record.node) == MemberState::Left;
    };
    const auto others = std::views::values(peers);
    if (std::ranges::all_of(others, left)) return;  // or there never was anybody
    const auto links = static_cast<std::uint64_t>(std::ranges::count(others, true, &Peer::up));
    const std::string_view why =
        superseded ? "a later start of this node was heard of: its folder may have been copied"
        : links == 0
            ? "no link to a member is proven: addresses, network, or another process as this node"
            : "links are proven and no datagram counts: UDP, or other gossip keys";
    log.warn(
        "members.alone",
        {{"links", links}, {"dropped", membership::dropped_in_all(swim.counts())}, {"why", why}});
    events.add(now.wall, "members.alone", roster.name_of(options.self), std::string(why));
}

}  // namespace weft::node
