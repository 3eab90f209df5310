#include "replication/raft/quorum_contact.h"

#include "core/invariant.h"

#include <algorithm>
#include <cstddef>

namespace weft::replication {

void QuorumContact::begin(const Config& config, PeerSet self, Instant now) {
    since_ = now;
    Appends none;
    none.fill(Instant::long_ago());
    look(config, self, none, now);
}

QuorumContact::Appends QuorumContact::contacted(const Config& config,
                                                const Appends& appends) const {
    Appends at = appends;
    for (std::size_t i = 0; i < config.members.size(); ++i)
        at[i] = std::max({rounds_.of(config.members[i].node), since_, appends[i]});
    return at;
}

bool QuorumContact::look(const Config& config, PeerSet self, const Appends& appends, Instant now) {
    Appends at = contacted(config, appends);
    for (std::size_t i = 0; i < config.members.size(); ++i)
        if (self.has(i)) at[i] = Instant::never();
    lapses_at_ = config.reached_by_quorum(at, Instant::long_ago()) + longest_;
    return lapses_at_ > now;
}

PeerSet QuorumContact::reached(const Config& config, const Appends& appends, Instant now) const {
    const Appends at = contacted(config, appends);
    PeerSet all;
    for (std::size_t i = 0; i < config.members.size(); ++i)
        if (now - at[i] <= longest_) all.add(i);
    return all;
}

void QuorumContact::check(bool leads) const {
    WEFT_INVARIANT(leads || lapses_at_ == Instant::never(), "the contact of no leader lapses at {}",
                   lapses_at_.ns);
}

}  // namespace weft::replication
