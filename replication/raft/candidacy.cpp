#include "replication/raft/candidacy.h"

#include "core/invariant.h"

namespace weft::replication {

void Candidacy::begin_pre_vote(PeerSet self) {
    end();
    granted_ = self;
}

void Candidacy::begin_election(bool transfer) {
    end();
    waits_ = true;
    transfer_ = transfer;
}

void Candidacy::asked(PeerSet self) {
    waits_ = false;
    granted_ = granted_ | self;
}

void Candidacy::answered(Seat seat, bool granted) {
    if (!waits_) (granted ? granted_ : refused_).add(seat);
}

Candidacy::Outcome Candidacy::outcome(const Config& config) const {
    if (config.quorum(granted_)) return Outcome::Won;
    return config.quorum(refused_.complement()) ? Outcome::Open : Outcome::Lost;
}

void Candidacy::adopt(const Config& before, const Config& now) {
    for (PeerSet* replicas : {&granted_, &refused_})
        *replicas = carried_over(*replicas, before, now, true);
}

void Candidacy::check(bool candidate, std::size_t members) const {
    WEFT_INVARIANT(candidate || !waits_, "requests of no candidate wait, transfer {}", transfer_);
    const PeerSet strangers = (granted_ | refused_).without(PeerSet::first(members));
    WEFT_INVARIANT(strangers.empty(), "votes of places {:#x} of {} members", strangers.bits(),
                   members);
}

}  // namespace weft::replication
