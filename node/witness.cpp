// Every node is a witness of its peers' disks (S18): it keeps what each last said of itself, and
// what has once come back older is refused for good.

#include "core/invariant.h"
#include "core/mutant.h"
#include "node/state.h"

#include <algorithm>
#include <ranges>

namespace weft::node {

void Node::State::recall_pasts() {
    for (const KnownPast& known : options.pasts) {
        Peer* peer = find_peer(known.node);
        if (peer == nullptr) continue;
        if (!known.past) {
            log.error("peer.past_damaged", {{"node", known.node}});
            continue;
        }
        peer->boot = known.past->boot;
        peer->nonce = known.past->nonce;
        peer->durable = peer->recorded = known.past->durable;
        peer->verdict = known.past->verdict;
        if (peer->verdict != Verdict::Sound)
            log.error("peer.still_refused",
                      {{"node", known.node}, {"why", verdict_text(peer->verdict)}});
    }
}

// False: the hello is a former process's, and late. Otherwise peer.verdict holds.
bool Node::State::judge(Peer& peer, const FromPeer& event, const PeerHello& hello) {
    if (peer.verdict != Verdict::Sound) return true;
    if (event.boot < peer.boot) {
        // A hello may be late. What answers a question that was asked after the higher boot had
        // been seen comes from the process that runs now.
        if (hello.answer && hello.token != HelloToken{} && hello.token == peer.token) {
            condemn(peer, event, Verdict::MissingPast);
            return true;
        }
        WEFT_PROBE("node.former_boot");
        ++counters.former_boot_frames;
        return false;
    }
    if (event.boot > peer.boot) {
        // Only what it had told as durable is held against it: a tail that a crash took was not.
        if (event.durable < peer.durable)
            condemn(peer, event, Verdict::LowerPosition);
        else
            new_boot(peer, event);
    } else if (hello.nonce != peer.nonce && hello.nonce != 0) {
        // Its boot counter is durable before it says anything: no honest disk counts to the same
        // number twice.
        if (peer.nonce != 0) {
            condemn(peer, event, Verdict::OtherNonce);
            return true;
        }
        peer.nonce = hello.nonce;
        record_past(peer);
    }
    peer.heard = true;
    if (peer.verdict == Verdict::Sound) peer.durable = std::max(peer.durable, event.durable);
    return true;
}

void Node::State::condemn(Peer& peer, const FromPeer& event, Verdict verdict) {
    WEFT_PROBE("node.peer_condemned");
    log.error("peer.refused", {{"node", peer.record.node},
                               {"error", "WEFT-2002"},
                               {"why", verdict_text(verdict)},
                               {"boot", event.boot},
                               {"boot_before", peer.boot},
                               {"durable", event.durable},
                               {"durable_before", peer.durable}});
    if (WEFT_MUTANT(VerdictForgotten)) return;
    peer.verdict = verdict;
    peer.answered = peer.greeted = false;
    forget_contact(peer);
    record_past(peer);
}

void Node::State::record_past(Peer& peer) {
    effects.batch.put_row(storage::Table::Meta, past_key(peer.record.node),
                          encode_past({peer.boot, peer.nonce, peer.durable, peer.verdict}));
    peer.recorded = peer.durable;
    peer.recorded_with = rounds.at_hand();
}

// Costs no sync: the round writes anyway. One at a time is on its way: rounds that wait for the
// disk become one transaction, in which only the last would count.
void Node::State::record_positions() {
    if (rounds.persisted() < positions_with) return;
    for (Peer& peer : std::views::values(peers)) {
        if (peer.durable == peer.recorded || peer.verdict != Verdict::Sound) continue;
        effects.batch.put_row(storage::Table::Meta, past_key(peer.record.node),
                              encode_past({peer.boot, peer.nonce, peer.durable, peer.verdict}));
        peer.recorded = peer.durable;
        positions_with = rounds.at_hand();
    }
}

void Node::State::pasts_persisted() {
    for (Peer& peer : std::views::values(peers)) {
        if (peer.asked) answer_hello(peer);
        if (peer.answered && !peer.greeted) greet(peer);
    }
}

}  // namespace weft::node
