// Links, boots and hellos of other nodes, and what their messages become.

#include "core/invariant.h"
#include "core/overloaded.h"
#include "node/state.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace weft::node {

namespace {

constexpr Duration kHelloInterval = std::chrono::milliseconds(200);

std::string_view kind_name(entity::Kind kind) {
    return kind == entity::Kind::EventSourced ? "event-sourced" : "value";
}

}  // namespace

Peer* Node::State::find_peer(NodeId node) {
    const auto found =
        std::lower_bound(peers.begin(), peers.end(), node,
                         [](const Peer& peer, const NodeId& id) { return peer.record.node < id; });
    return found != peers.end() && found->record.node == node ? &*found : nullptr;
}

void Node::State::on(FromPeer& event) {
    ++counters.frames_in;
    Peer* peer = find_peer(event.from);
    if (peer == nullptr || !admit(*peer, event)) return;
    if (auto* hello = std::get_if<PeerHello>(&event.message)) return on_hello(*peer, *hello);
    if (!peer->refused.empty()) return;
    deliver(*peer, std::get<replication::PeerMessage>(event.message));
}

// S32: a frame counts only for the boot that sent it. What a former process of that node said may
// arrive late and must not speak for the one that runs now.
bool Node::State::admit(Peer& peer, const FromPeer& event) {
    if (peer.rolled_back) return false;
    if (event.boot < peer.boot) {
        WEFT_PROBE("node.former_boot");
        ++counters.former_boot_frames;
        return false;
    }
    if (event.boot > peer.boot && !new_boot(peer, event)) return false;
    peer.durable = std::max(peer.durable, event.durable);
    return true;
}

bool Node::State::new_boot(Peer& peer, const FromPeer& event) {
    const Boot former = peer.boot;
    // DESIGN 4: a disk that was rolled back has forgotten promises (S18). Only a new identity may
    // follow: that it has written more since gives no promise back.
    if (event.durable < peer.durable) {
        log.error(
            "peer.rolled_back",
            {{"node", peer.record.node}, {"durable", event.durable}, {"before", peer.durable}});
        peer.rolled_back = true;
        peer.refused = "its disk was rolled back";
        return false;
    }
    log.info("peer.boot", {{"node", peer.record.node}, {"boot", event.boot}});
    peer.boot = event.boot;
    peer.refused.clear();
    forget_contact(peer);
    peer.greeted = false;
    if (peer.up) say_hello(peer, false);
    if (peer.evidence) {
        peer.evidence = false;
        peer.evidence_until = Instant::never();
        step_shared(peer, replication::EvidenceDropped{peer.record.node});
    } else if (former.value > 0) {
        // The process that led here is gone for certain; the evidence need not outlive the lease.
        peer.evidence = true;
        peer.evidence_until = now.mono + options.timings.election_min;
        step_shared(peer, replication::CrashEvidence{peer.record.node});
    }
    return true;
}

void Node::State::on(const PeerLink& event) {
    Peer* peer = find_peer(event.peer);
    if (peer == nullptr) return;
    if (event.state == LinkState::Up) {
        peer->up = true;
        peer->greeted = false;
        say_hello(*peer, false);
        return;
    }
    if (peer->up) log.info("peer.link_down", {{"node", peer->record.node}});
    peer->up = false;
    peer->greeted = false;
    peer->hello_due = Instant::never();
    peer->outbox.clear();
    forget_contact(*peer);
    if (event.state != LinkState::Refused || peer->boot.value == 0) return;
    peer->evidence_until = Instant::never();  // until a newer boot says otherwise
    if (peer->evidence) return;
    peer->evidence = true;
    WEFT_PROBE("node.crash_evidence");
    log.info("peer.crashed", {{"node", peer->record.node}, {"boot", peer->boot}});
    step_shared(*peer, replication::CrashEvidence{peer->record.node});
}

void Node::State::step_shared(const Peer& peer, const replication::PartitionEvent& event) {
    for (const std::uint32_t place : peer.shared) step_partition(hosted[place], event);
}

// ---- hello --------------------------------------------------------------------------------------

void Node::State::say_hello(Peer& peer, bool answer) {
    PeerHello hello;
    hello.genesis = genesis_digest;
    hello.mesh_address = peer.record.mesh_address;
    for (const routing::NodeRecord& record : options.genesis.founders)
        if (record.node == options.self) hello.mesh_address = record.mesh_address;
    hello.answer = answer;
    for (const entity::EntityType* type : types.all())
        hello.types.push_back(std::string(type->info().name) + ":" +
                              std::string(kind_name(type->info().kind)));
    peer.outbox.add(MeshMessage{std::move(hello)});
    if (!peer.greeted) peer.hello_due = now.mono + kHelloInterval;
}

// Why we cannot be of one mesh; empty: we can. A type that only one side has is no conflict.
std::string Node::State::hello_conflict(const PeerHello& hello) const {
    if (hello.genesis != genesis_digest) return "it has another genesis";
    for (const std::string& text : hello.types) {
        const std::size_t colon = text.rfind(':');
        if (colon == std::string::npos) continue;
        const entity::EntityType* own = types.find(std::string_view(text).substr(0, colon));
        if (own == nullptr) continue;
        if (kind_name(own->info().kind) != std::string_view(text).substr(colon + 1))
            return "its type " + text + " is of another kind here";
    }
    return {};
}

void Node::State::on_hello(Peer& peer, const PeerHello& hello) {
    std::string conflict = hello_conflict(hello);
    if (!conflict.empty()) {
        if (peer.refused != conflict)
            log.error("peer.refused", {{"node", peer.record.node}, {"why", conflict}});
        peer.refused = std::move(conflict);
        return;
    }
    peer.refused.clear();
    if (!hello.answer) {
        if (peer.up) say_hello(peer, true);
        return;
    }
    // Its answer has come: messages pass both ways.
    peer.hello_due = Instant::never();
    if (peer.greeted || !peer.up) return;
    peer.greeted = true;
    peer.greeted_at = now.mono;
    log.info("peer.hello", {{"node", peer.record.node}, {"boot", peer.boot}});
    step_shared(peer, replication::PeerReady{peer.record.node});
}

void Node::State::peers_timer() {
    for (Peer& peer : peers) {
        if (peer.hello_due <= now.mono) say_hello(peer, false);
        if (peer.evidence_until <= now.mono) {
            peer.evidence = false;
            peer.evidence_until = Instant::never();
            step_shared(peer, replication::EvidenceDropped{peer.record.node});
        }
    }
}

// ---- messages -----------------------------------------------------------------------------------

void Node::State::deliver(Peer& peer, replication::PeerMessage& message) {
    std::visit(Overloaded{
                   [&](replication::VoteAsks& asks) {
                       for (const auto& ask : asks.items) deliver_group(peer, ask.group, ask);
                   },
                   [&](replication::VoteAnswers& votes) {
                       for (const auto& vote : votes.items) deliver_group(peer, vote.group, vote);
                   },
                   [&](replication::AppendBatch& batch) { deliver_appends(peer, batch); },
                   [&](replication::AppendAnswers& answers) {
                       for (const auto& answer : answers.items)
                           deliver_group(peer, answer.group, answer);
                   },
                   [&](replication::Heartbeat& beat) { on_heartbeat(peer, beat); },
                   [&](replication::HeartbeatAnswer& answer) { on_heartbeat_answer(peer, answer); },
                   [&](replication::Confirm& confirm) { on_confirm(peer, confirm); },
                   [&](replication::ConfirmAnswer& answer) { on_confirm_answer(peer, answer); },
                   [&](auto& single) {
                       const GroupId group = single.group;
                       deliver_group(peer, group, std::move(single));
                   },
               },
               message);
}

void Node::State::deliver_group(const Peer& peer, GroupId id, replication::GroupMessage message) {
    Hosted* group = find(id);
    if (group == nullptr || !group->partition.replica().config().slot(peer.record.node)) {
        ++counters.messages_skipped;
        return;
    }
    step_partition(*group, replication::FromPeer{peer.record.node, std::move(message)});
}

void Node::State::deliver_appends(Peer& peer, const replication::AppendBatch& batch) {
    for (const replication::AppendItem& item : batch.items) {
        Hosted* group = find(item.group);
        // Entries beyond our own bound are dropped: the leader sends them again (P-bounded).
        const bool room = item.count == 0 || waiting_bytes <= options.persist_bytes_max;
        const std::size_t end = std::size_t{item.offset} + item.bytes;
        if (group == nullptr || !room || end > batch.blob.size() ||
            !group->partition.replica().config().slot(peer.record.node)) {
            ++counters.messages_skipped;
            continue;
        }
        step_partition(*group, replication::Append{peer.record.node, item,
                                                   batch.blob.slice(item.offset, item.bytes)});
        const replication::Replica& replica = group->partition.replica();
        if (replica.leader() == peer.record.node && replica.term() == item.term)
            peer.contact.note_heard(item.group, now.mono);
    }
}

}  // namespace weft::node
