// Who is there (docs/membership.md): for people, and for hints. Nothing that decides asks it.

#include "core/error.h"
#include "membership/dropped.h"
#include "node/admin/table.h"
#include "node/admin/text.h"
#include "node/state.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace weft::node {

namespace {

using membership::MemberState;

constexpr std::size_t kEventsOfAnAnswer = 1024;
// Nobody answers for so long, though a lone member asks fifteen times a second.
constexpr Duration kAloneAfter = std::chrono::seconds(30);

constexpr std::string_view kStates[] = {"unseen", "alive", "suspect", "dead", "left"};
constexpr std::string_view kQualities[] = {"good", "slow", "degraded"};

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
    log.warn("members.alone", {{"links", links}, {"dropped", gossip_dropped()}, {"why", why}});
    events.add(now.wall, "members.alone", roster.name_of(options.self), std::string(why));
}

std::uint64_t Node::State::gossip_dropped() const {
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : membership::dropped(swim.counts())) sum += count;
    return sum;
}

routing::AdminReply Node::State::admin_members(std::uint64_t id) const {
    using enum routing::CellKind;
    AdminTable answer(id, {{"member"},
                           {"id"},
                           {"state"},
                           {"since_ms", Number},
                           {"accusers"},
                           {"quality"},
                           {"round_trip_us", Number},
                           {"boot", Number},
                           {"refutations", Number},
                           {"version"},
                           {"zone"},
                           {"host"},
                           {"address"}});
    for (const routing::NodeRecord& record : roster.records()) {
        const auto index = swim.members().find(record.node);
        if (!index) continue;
        const membership::Member& member = swim.members().at(*index);
        answer.text(record.name).text(record.node.hex());
        answer.text(kStates[std::to_underlying(member.state)]);
        const Duration since = now.mono - std::min(member.since, now.mono);
        const bool seen = member.since != Instant::long_ago();
        answer.number(seen ? static_cast<std::uint64_t>(since / std::chrono::milliseconds(1)) : 0);
        answer.text(accusers_of(record.node));
        answer.text(kQualities[std::to_underlying(swim.quality(*index))]);
        answer.number(static_cast<std::uint64_t>(member.round_trip.smoothed() /
                                                 std::chrono::microseconds(1)));
        answer.number(member.incarnation.boot.value).number(member.incarnation.counter.value);
        // Of itself alone: nobody vouches for what another runs.
        answer.text(record.node == options.self ? WEFT_VERSION : "-");
        answer.text(record.zone).text(record.host).text(record.mesh_address);
    }
    return answer.take();
}

// How many are alive, suspect, dead, left and unseen, and who is not alive.
void Node::State::tell_members(AdminTable& status) const {
    std::array<std::uint64_t, std::size(kStates)> counts{};
    std::string others;
    for (const routing::NodeRecord& record : roster.records()) {
        const MemberState state = swim.state(record.node);
        ++counts[std::to_underlying(state)];
        if (state != MemberState::Alive) others += (others.empty() ? "" : " ") + record.name;
    }
    using enum MemberState;
    for (const MemberState state : {Alive, Suspect, Dead, Left, Unseen})
        status.number(counts[std::to_underlying(state)]);
    status.text(others.empty() ? "-" : others);
}

// The first argument: the number of the last event that the asker has, of the boot that is the
// second; of a former boot it has nothing.
void Node::State::admin_events(ClientRef from, const routing::AdminRequest& request) {
    using enum routing::CellKind;
    const auto& asked = request.arguments;
    const auto after = parse_number(asked.empty() ? "0" : asked[0]);
    const auto boot = parse_number(asked.size() < 2 ? "0" : asked[1]);
    if (!after || !boot)
        return refuse_admin(from, request.id,
                            make_error(ErrorNumber::BadMessage, "events: NUMBER BOOT expected"));
    const std::uint64_t had = *boot == options.boot.value ? *after : 0;
    AdminTable answer(request.id, {{"number", Number},
                                   {"boot", Number},
                                   {"at_ms", Number},
                                   {"event"},
                                   {"subject"},
                                   {"detail"}});
    const auto row = [&](std::uint64_t number, WallTime at, std::string_view what,
                         std::string_view subject, std::string_view detail) {
        answer.number(number).number(options.boot.value);
        answer.number(static_cast<std::uint64_t>(std::max<std::int64_t>(at.ms, 0)));
        answer.text(what).text(subject).text(detail);
    };
    if (const std::uint64_t lost = events.lost_after(had); lost != 0)
        row(had + lost, now.wall, "events.lost", "-", fmt::format("{} are too old", lost));
    events.each_after(had, kEventsOfAnAnswer, [&](const RecentEvent& event) {
        row(event.number, event.at, event.what, event.subject, event.detail);
    });
    reply_admin(from, answer.take());
}

// In words; of a dead one whose word it was.
std::string Node::State::accusers_of(NodeId node) const {
    std::string text;
    if (const membership::Suspicion* held = swim.suspicion(node))
        for (const auto& accuser : held->accusers())
            text += (text.empty() ? "" : " ") + roster.name_of(accuser.node);
    const auto index = swim.members().find(node);
    if (index && swim.members().at(*index).state == membership::MemberState::Dead)
        text = roster.name_of(swim.members().at(*index).accuser);
    return text.empty() ? "-" : text;
}

}  // namespace weft::node
