#include "replication/raft/known_peers.h"

#include "core/invariant.h"

namespace weft::replication {

void KnownPeers::ready(Seat seat) {
    ready_.add(seat);
    gone_.remove(seat);
}

void KnownPeers::crashed(Seat seat) {
    gone_.add(seat);
    ready_.remove(seat);
}

void KnownPeers::adopt(const Config& before, const Config& now) {
    for (PeerSet* nodes : {&ready_, &gone_, &cannot_stand_})
        *nodes = carried_over(*nodes, before, now, false);
    told_term_ = carried_over(told_term_, before, now, true);
}

bool KnownPeers::all_told_terms(const Config& config, PeerSet self) const {
    return config.voting().without(self | told_term_).empty();
}

std::size_t KnownPeers::rank(const Config& config, std::optional<Seat> seat) const {
    const PeerSet before = seat ? PeerSet::first(seat->place) : config.seats();
    return (config.voting() & before).without(gone_).count();
}

bool KnownPeers::start(const Config& config, PeerSet self) {
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
