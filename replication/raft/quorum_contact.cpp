#include "replication/raft/quorum_contact.h"

#include "core/invariant.h"

#include <algorithm>

namespace weft::replication {

void QuorumContact::begin(const Config& config, PeerSet self, Instant now) {
    since_ = now;
    look(config, self, Appends(Instant::long_ago()), now);
}

QuorumContact::Appends QuorumContact::contacted(const Config& config,
                                                const Appends& appends) const {
    Appends at = appends;
    for (const Seat seat : config.seats())
        at[seat] = std::max({rounds_.of(config.at(seat).node), since_, appends[seat]});
    return at;
}

bool QuorumContact::look(const Config& config, PeerSet self, const Appends& appends, Instant now) {
    Appends at = contacted(config, appends);
    for (const Seat seat : self) at[seat] = Instant::never();
    lapses_at_ = config.reached_by_quorum(at, Instant::long_ago()) + longest_;
    return lapses_at_ > now;
}

PeerSet QuorumContact::reached(const Config& config, const Appends& appends, Instant now) const {
    const Appends at = contacted(config, appends);
    PeerSet reached;
    for (const Seat seat : config.seats()) reached.set(seat, now - at[seat] <= longest_);
    return reached;
}

void QuorumContact::check(bool leads) const {
    WEFT_INVARIANT(leads || lapses_at_ == Instant::never(), "the contact of no leader lapses at {}",
                   lapses_at_.ns);
}

}  // namespace weft::replication
