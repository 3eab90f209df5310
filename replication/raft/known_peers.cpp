#include "replication/raft/known_peers.h"

#include "core/invariant.h"

namespace weft::replication {

void KnownPeers::ready(std::size_t place) {
    ready_.add(place);
    gone_.remove(place);
}

void KnownPeers::crashed(std::size_t place) {
    gone_.add(place);
    ready_.remove(place);
}

void KnownPeers::adopt(const Config& before, const Config& now) {
    for (PeerSet* nodes : {&ready_, &gone_, &cannot_stand_})
        *nodes = carried_over(*nodes, before, now, false);
    told_term_ = carried_over(told_term_, before, now, true);
}

bool KnownPeers::all_told_terms(const Config& config, PeerSet self) const {
    return (config.voters | config.outgoing).without(self | told_term_).empty();
}

std::size_t KnownPeers::rank(const Config& config, std::size_t place) const {
    return ((config.voters | config.outgoing) & PeerSet::first(place)).without(gone_).count();
}

bool KnownPeers::may_start(const Config& config, PeerSet self) {
    if (started_ || self.empty() || !config.quorum(ready_ | self)) return false;
    started_ = true;
    return true;
}

void KnownPeers::check(std::size_t members) const {
    const PeerSet strangers =
        (ready_ | gone_ | cannot_stand_ | told_term_).without(PeerSet::first(members));
    WEFT_INVARIANT(strangers.empty(), "known places {:#x} of {} members", strangers.bits(),
                   members);
}

}  // namespace weft::replication
