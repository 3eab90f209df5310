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
    const Appends at = contacted(config, appends);
    Instant latest = Instant::long_ago();
    for (std::size_t i = 0; i < config.members.size(); ++i) {
        if (!config.is_voter(i)) continue;
        const Instant candidate = self.has(i) ? Instant::never() : at[i];
        PeerSet have = self;
        for (std::size_t j = 0; j < config.members.size(); ++j)
            if (at[j] >= candidate) have.add(j);
        if (config.quorum(have)) latest = std::max(latest, candidate);
    }
    lapses_at_ = latest + longest_;
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
