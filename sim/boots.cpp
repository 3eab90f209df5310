#include "sim/boots.h"

#include "core/invariant.h"

#include <algorithm>
#include <utility>

namespace weft::sim {

void Boots::hears_hello(std::size_t machine, NodeId from, Boot boot) {
    Peer& peer = machines_[machine].peers[from];
    peer.heard = std::max(peer.heard, boot);
    peer.vouched = {};
}

void Boots::answers_hello(std::size_t machine, NodeId to, bool refused) {
    Peer& peer = machines_[machine].peers[to];
    peer.vouched = refused ? Boot{} : peer.heard;
}

void Boots::hears(std::size_t machine, NodeId from, Boot boot, std::uint64_t dropped) {
    Machine& at = machines_[machine];
    const auto peer = at.peers.find(from);
    if (peer != at.peers.end() && boot < peer->second.vouched) at.due = {from, boot, dropped};
}

void Boots::stepped(std::size_t machine, std::uint64_t dropped) {
    const auto due = std::exchange(machines_[machine].due, std::nullopt);
    if (!due) return;
    ++judged_;
    WEFT_INVARIANT(dropped > due->dropped,
                   "S32: machine {} heeds a frame of boot {} of {}, which runs no more", machine,
                   due->boot.value, due->from.hex());
}

}  // namespace weft::sim
