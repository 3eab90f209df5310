// Links, boots and hellos of other nodes, and what their messages become.

#include "core/invariant.h"
#include "core/overloaded.h"
#include "node/hello.h"
#include "node/state.h"

#include <utility>
#include <variant>

namespace weft::node {

namespace {

void tell_refusals(weft::Log& log, const Peer& peer, const Handshake::Frame& frame,
                   const HelloNews& news) {
    if (news.conflict)
        log.error("peer.refused", {{"node", peer.record.node}, {"why", peer.handshake.conflict()}});
    if (!news.condemned) return;
    log.error("peer.refused", {{"node", peer.record.node},
                               {"error", "WEFT-2002"},
                               {"why", verdict_text(news.condemned->verdict)},
                               {"boot", frame.boot},
                               {"boot_before", news.condemned->before.boot},
                               {"durable", frame.durable},
                               {"durable_before", news.condemned->before.durable}});
}

}  // namespace

// S32: a frame counts only for the boot that sent it. What a former process of that node said may
// arrive late and must not speak for the one that runs now.
void Node::State::on(const Step& step, FromPeer& event) {
    ++counters.frames_in;
    Peer* peer = peers.find(event.from);
    if (peer == nullptr) {
        ++counters.strangers;
        return;
    }
    const auto* hello = std::get_if<PeerHello>(&event.message);
    if (hello != nullptr) return on_hello(step, *peer, event, *hello);
    const Handshake::Heard heard =
        peer->handshake.on_frame({event.boot, event.durable}, rounds.persisted());
    if (heard == Handshake::Heard::FormerBoot) ++counters.former_boot_frames;
    if (heard == Handshake::Heard::Early) ++counters.messages_skipped;
    if (heard != Handshake::Heard::Counts) return;
    if (const auto* said_so = std::get_if<MemberMessage>(&event.message))
        return step_members(step, membership::StreamReceived{event.from, said_so->content.view()});
    if (auto* asked = std::get_if<NodeRequest>(&event.message))
        return on_node_request(step, *peer, *asked);
    if (auto* told = std::get_if<NodeReply>(&event.message))
        return own_requests.on_reply(step.now, event.from, told->tag, std::move(told->reply));
    deliver(step, *peer, std::get<replication::PeerMessage>(event.message));
}

void Node::State::on(const Step& step, const PeerLink& event) {
    Peer* peer = peers.find(event.peer);
    if (peer == nullptr) return;
    if (event.state == LinkState::Up) {
        peer->handshake.on_up(peers.tokens());
        return say_hello(step, *peer, peer->handshake.ask(step.now.mono));
    }
    if (peer->greeting().up()) log.info("peer.link_down", {{"node", peer->record.node}});
    peer->handshake.on_down();
    peer->outbox.clear();
    own_requests.on_lost(step.now, event.peer);
    forget_contact(step, *peer);
    if (event.state != LinkState::Refused) return;
    step_members(step, membership::ConnectionRefused{peer->record.node});
    const EvidenceNews news = peer->evidence.on_refused(peer->witness().boot() != Boot{});
    if (news == EvidenceNews::None) return;
    WEFT_PROBE("node.crash_evidence");
    log.info("peer.crashed", {{"node", peer->record.node}, {"boot", peer->witness().boot()}});
    tell_evidence(step, *peer, news);
}

void Node::State::tell_evidence(const Step& step, const Peer& peer, EvidenceNews news) {
    if (news == EvidenceNews::Begins)
        step_shared(step, peer, replication::CrashEvidence{peer.record.node});
    if (news == EvidenceNews::Ends)
        step_shared(step, peer, replication::EvidenceDropped{peer.record.node});
}

void Node::State::step_shared(const Step& step, const Peer& peer,
                              const replication::PartitionEvent& event) {
    for (const PartitionId group : peer.shared) step_partition(step, *hosted.find(group), event);
}

// ---- hello --------------------------------------------------------------------------------------

void Node::State::say_hello(const Step& step, Peer& peer, HelloToken token, bool answers) {
    PeerHello hello = hello_of(mesh.genesis, types);
    const routing::NodeRecord* self = roster.find(options.self);
    hello.mesh_address = self != nullptr ? self->mesh_address : peer.record.mesh_address;
    hello.nonce = options.nonce;
    hello.wall_ms = step.now.wall.ms;
    hello.token = token;
    hello.answer = answers;
    if (answers) hello.refused = peer.witness().verdict();
    peer.outbox.add(std::move(hello));
}

void Node::State::on_hello(const Step& step, Peer& peer, const FromPeer& event,
                           const PeerHello& hello) {
    const Handshake::Frame frame{event.boot, event.durable};
    const HelloNews news = peer.handshake.on_hello(
        frame, hello, hello_conflict(hello, mesh.genesis, types),
        {step.now.mono, rounds.persisted(), rounds.at_hand()}, peers.tokens());
    tell_refusals(log, peer, frame, news);
    carry_out(step, peer, news);
}

void Node::State::carry_out(const Step& step, Peer& peer, const HelloNews& news) {
    if (news.late) ++counters.former_boot_frames;
    if (news.former)
        log.info("peer.boot", {{"node", peer.record.node}, {"boot", peer.witness().boot()}});
    if (news.row) write_past(peer.record.node, *news.row);
    if (news.contact_void) forget_contact(step, peer);
    if (news.former) {
        peer.requests.forget();
        own_requests.on_lost(step.now, peer.record.node);
    }
    if (news.ask) say_hello(step, peer, *news.ask);
    // The process that led here is gone for certain; the evidence need not outlive the lease.
    if (news.former)
        tell_evidence(step, peer,
                      peer.evidence.on_new_boot(news.former->value > 0,
                                                step.now.mono + options.timings.election_min));
    if (news.answer) say_hello(step, peer, *news.answer, true);
    if (news.refuses_us)
        log.error("self.refused", {{"by", peer.record.node},
                                   {"error", "WEFT-2002"},
                                   {"why", verdict_text(*news.refuses_us)}});
    learn_clock(step, peer, news.wall_ms);  // before a vote of its could make us lead
    if (!news.greeted) return;
    log.info("peer.hello", {{"node", peer.record.node}, {"boot", peer.witness().boot()}});
    step_shared(step, peer, replication::PeerReady{peer.record.node});
}

void Node::State::peers_timer(const Step& step) {
    for (Peer& peer : peers.all()) {
        if (peer.greeting().deadline() <= step.now.mono)
            say_hello(step, peer, peer.handshake.ask(step.now.mono));
        tell_evidence(step, peer, peer.evidence.on_time(step.now.mono));
    }
}

// ---- messages -----------------------------------------------------------------------------------

void Node::State::deliver(const Step& step, Peer& peer, replication::PeerMessage& message) {
    std::visit(
        Overloaded{
            [&](replication::VoteAsks& asks) {
                for (const auto& ask : asks.items) deliver_group(step, peer, ask.group, ask);
            },
            [&](replication::VoteAnswers& votes) {
                for (const auto& vote : votes.items) deliver_group(step, peer, vote.group, vote);
            },
            [&](replication::AppendBatch& batch) { deliver_appends(step, peer, batch); },
            [&](replication::AppendAnswers& answers) {
                for (const auto& answer : answers.items)
                    deliver_group(step, peer, answer.group, answer);
            },
            [&](replication::Heartbeat& beat) { on_heartbeat(step, peer, beat); },
            [&](replication::HeartbeatAnswer& answer) { on_heartbeat_answer(step, peer, answer); },
            [&](replication::Confirm& confirm) { on_confirm(step, peer, confirm); },
            [&](replication::ConfirmAnswer& answer) { on_confirm_answer(step, peer, answer); },
            [&](auto& single) {
                const PartitionId group = single.group;
                deliver_group(step, peer, group, std::move(single));
            },
        },
        message);
}

// Whoever is on the roster may speak of any partition; whether it counts its replica judges by the
// term. The one that lags behind a change of members knows neither the new leader nor who may ask
// for its vote.
void Node::State::deliver_group(const Step& step, const Peer& peer, PartitionId id,
                                replication::GroupMessage message) {
    LocalPartition* local = hosted.find(id);
    if (local == nullptr) {
        ++counters.messages_skipped;
        return;
    }
    step_partition(step, *local, replication::FromPeer{peer.record.node, std::move(message)});
}

void Node::State::deliver_appends(const Step& step, Peer& peer,
                                  const replication::AppendBatch& batch) {
    for (const replication::AppendItem& item : batch.items) {
        LocalPartition* local = hosted.find(item.group);
        // Entries beyond our own bound are dropped: the leader sends them again (P-bounded).
        const bool room = item.count == 0 || rounds.bytes() <= options.persist_bytes_max;
        const std::size_t end = std::size_t{item.offset} + item.bytes;
        if (local == nullptr || !room || end > batch.blob.size()) {
            ++counters.messages_skipped;
            continue;
        }
        step_partition(
            step, *local,
            replication::Append{peer.record.node, item, batch.blob.slice(item.offset, item.bytes)});
        const replication::Replica& replica = local->partition.replica();
        if (replica.leader() == peer.record.node && replica.term() == item.term)
            peer.contact.note_heard(item.group, step.now.mono);
    }
}

}  // namespace weft::node
