// What this node remembers of its peers' disks: what is read at the start, and what is written.

#include "node/state.h"

namespace weft::node {

void Node::State::recall_pasts() {
    for (const KnownPast& known : options.pasts) {
        Peer* peer = peers.find(known.node);
        if (peer == nullptr) continue;
        if (!known.past) {
            log.error("peer.past_damaged", {{"node", known.node}});
            continue;
        }
        peer->handshake.recall(*known.past);
        if (!peer->witness().sound())
            log.error("peer.still_refused",
                      {{"node", known.node}, {"why", verdict_text(peer->witness().verdict())}});
    }
}

void Node::State::write_past(NodeId node, const Past& row) {
    effects.batch.put_row(storage::Table::Meta, past_key(node), encode_past(row));
}

}  // namespace weft::node
