// What follows from what peers have said of their disks: who is refused, and what is written.

#include "core/invariant.h"
#include "node/state.h"

#include <utility>

namespace weft::node {

void Node::State::recall_pasts() {
    for (const KnownPast& known : options.pasts) {
        Peer* peer = peers.find(known.node);
        if (peer == nullptr) continue;
        if (!known.past) {
            log.error("peer.past_damaged", {{"node", known.node}});
            continue;
        }
        peer->witness.recall(*known.past);
        if (!peer->witness.sound())
            log.error("peer.still_refused",
                      {{"node", known.node}, {"why", verdict_text(peer->witness.verdict())}});
    }
}

// False: the hello is a former process's, and late.
bool Node::State::judge(const Step& step, Peer& peer, const FromPeer& event,
                        const PeerHello& hello) {
    const bool answers_us = hello.answer && peer.greeting.answers_us(hello.token);
    const Witness::Judgement judged =
        peer.witness.judge({event.boot, hello.nonce, event.durable, answers_us}, rounds.at_hand());
    switch (judged.finding) {
        case Witness::Finding::Late:
            WEFT_PROBE("node.former_boot");
            ++counters.former_boot_frames;
            return false;
        case Witness::Finding::Condemned:
            on_condemned(step, peer, event, judged);
            break;
        case Witness::Finding::NewBoot:
            new_boot(step, peer, judged);
            break;
        case Witness::Finding::Known:
            if (judged.row) write_past(peer.record.node, *judged.row);
            break;
        case Witness::Finding::Refused:
            break;
    }
    return true;
}

void Node::State::on_condemned(const Step& step, Peer& peer, const FromPeer& event,
                               const Witness::Judgement& judged) {
    WEFT_PROBE("node.peer_condemned");
    log.error("peer.refused", {{"node", peer.record.node},
                               {"error", "WEFT-2002"},
                               {"why", verdict_text(judged.verdict)},
                               {"boot", event.boot},
                               {"boot_before", judged.before.boot},
                               {"durable", event.durable},
                               {"durable_before", judged.before.durable}});
    if (!judged.row) return;
    peer.greeting.on_condemned();
    forget_contact(step, peer);
    write_past(peer.record.node, *judged.row);
}

void Node::State::write_past(NodeId node, const Past& row) {
    effects.batch.put_row(storage::Table::Meta, past_key(node), encode_past(row));
}

// The round writes anyway.
void Node::State::record_positions() {
    for (const auto& [node, row] : peers.take_positions(rounds.persisted(), rounds.at_hand()))
        write_past(node, row);
}

void Node::State::pasts_persisted(const Step& step) {
    for (Peer& peer : peers.all()) {
        answer_hello(step, peer);
        greet(step, peer);
    }
}

}  // namespace weft::node
