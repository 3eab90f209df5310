// What is said of members, and what follows from it (SWIM 4.2).

#include "core/mutant.h"
#include "membership/swim.h"

#include <algorithm>

namespace weft::membership {

Claim Swim::claim_of(MemberIndex index) const {
    const Member& member = table_.at(index);
    Claim claim;
    claim.state = member.state;
    claim.subject = table_.node(index);
    claim.incarnation = member.incarnation;
    claim.accuser = claim.subject;
    if (member.state == MemberState::Dead) claim.accuser = member.accuser;
    if (member.state == MemberState::Suspect) {
        const auto& first = suspicion(claim.subject)->accusers().front();
        claim.accuser = first.node;
        claim.evidence = first.evidence;
    }
    return claim;
}

void Swim::hear(const Claim& said, Source source) {
    const auto index = table_.find(said.subject);
    const bool known = index && (!accuses(said.state) || table_.find(said.accuser));
    if (!known) {
        ++counts_.unknown;
        return;
    }
    if (*index == self_) return hear_of_self(said);
    if (!table_.is_plausible(*index, said.incarnation)) {
        ++counts_.implausible;
        return;
    }
    Claim claim = said;
    // A stale view must not kill: what it holds for dead, its accuser accuses.
    if (source == Source::Fact && claim.state == MemberState::Dead &&
        is_live(table_.at(*index).state))
        claim.state = MemberState::Suspect;
    switch (table_.judge(*index, claim)) {
        case Judgement::Older:
            return;
        case Judgement::Same:
            if (claim.state == MemberState::Suspect) confirm(*index, claim);
            return;
        case Judgement::Newer:
            break;
    }
    if (source != Source::Own && accuses(claim.state)) {
        Member& accuser = table_.at(*table_.find(claim.accuser));
        if (!accuser.accusations.take(now_, options_.period, options_.accusations)) {
            ++counts_.limited;
            return;
        }
    }
    adopt(*index, claim);
}

// Takes a newer claim, passes it on and says what changed.
void Swim::adopt(MemberIndex index, const Claim& claim) {
    const MemberState before = table_.at(index).state;
    table_.take(index, claim, now_);
    // An accusation of a later incarnation is another suspicion: the old one's time was for a word
    // that the member has given since.
    const auto old = find_suspected(claim.subject);
    if (old != suspected_.end() && old->node == claim.subject) suspected_.erase(old);
    if (claim.state == MemberState::Suspect) {
        const SuspicionOptions spans{options_.period, options_.alpha,
                                     options_.lha_suspicion ? options_.beta : 1U,
                                     options_.confirmations};
        const auto held = suspected_.insert(
            find_suspected(claim.subject),
            {claim.subject,
             Suspicion(claim.incarnation, now_, suspicion_spans(spans, table_.live()))});
        held->suspicion.add(claim.accuser, claim.evidence);
        suspicion_due_ = std::min(suspicion_due_, held->suspicion.deadline());
    }
    spread(claim);
    if (before != claim.state || claim.state == MemberState::Alive)
        out_->changes.push_back(
            {claim.subject, before, claim.state, claim.incarnation, claim.accuser});
    if (claim.state == MemberState::Suspect) condemn_if_refused(index);
}

void Swim::confirm(MemberIndex index, const Claim& claim) {
    Suspicion& held = find_suspected(claim.subject)->suspicion;
    if (!held.add(claim.accuser, claim.evidence)) return;
    suspicion_due_ = std::min(suspicion_due_, held.deadline());
    spread(claim);
    condemn_if_refused(index);
}

void Swim::accuse(MemberIndex index, Evidence evidence) {
    if (!is_live(table_.at(index).state)) return;
    Claim claim;
    claim.state = MemberState::Suspect;
    claim.evidence = evidence;
    claim.subject = table_.node(index);
    claim.incarnation = table_.at(index).incarnation;
    claim.accuser = identity_.node;
    hear(claim, Source::Own);
    // Silence is found once a period, and others pass it on. So much is refused at once that they
    // do not hear all of it (Options::accusations): the accused is told by us, or it could not
    // answer in time.
    if (evidence == Evidence::Refused)
        ping(index, ProbeNumber{++last_number_.value}, Carrier::Datagram);
}

// A host that refuses connections runs no such process. One may be wrong about it (a rule of its
// own firewall); two are believed, or all others where there are fewer.
void Swim::condemn_if_refused(MemberIndex index) {
    const std::size_t others = table_.live() - 1;
    const unsigned enough = others < 2 ? 1 : 2;
    if (suspicion(table_.node(index))->refusals() >= enough) condemn(index);
}

void Swim::condemn(MemberIndex index) {
    Claim claim = claim_of(index);
    claim.state = MemberState::Dead;
    claim.evidence = Evidence::Silence;
    claim.accuser = identity_.node;
    adopt(index, claim);
}

void Swim::follow_suspicions() {
    if (suspicion_due_ > now_) return;
    std::size_t i = 0;
    // A condemned one leaves the list.
    while (i < suspected_.size()) {
        if (suspected_[i].suspicion.deadline() <= now_)
            condemn(*table_.find(suspected_[i].node));
        else
            ++i;
    }
    suspicion_due_ = Instant::never();
    for (const Suspected& one : suspected_)
        suspicion_due_ = std::min(suspicion_due_, one.suspicion.deadline());
}

std::vector<Swim::Suspected>::iterator Swim::find_suspected(const NodeId& node) {
    return std::ranges::lower_bound(suspected_, node, {}, &Suspected::node);
}

// Only a member itself raises its incarnation: anybody else who did would revive the dead.
void Swim::hear_of_self(const Claim& claim) {
    const Incarnation own = incarnation();
    if (claim.incarnation.boot > own.boot) {
        // Not for us to outbid: another process runs as this node, and started later.
        ++counts_.cloned;
        out_->superseded = true;
        return;
    }
    const bool mine = claim.state == table_.at(self_).state && claim.incarnation == own;
    if (mine) return;
    if (leaving_ || claim.incarnation < own) return say_again();
    if (!table_.is_plausible(self_, claim.incarnation)) {
        ++counts_.implausible;
        return;
    }
    if (WEFT_MUTANT(SwimNeverRefutes) && claim.state != MemberState::Alive) return;
    if (claim.state == MemberState::Alive) {
        ++counts_.cloned;
    } else {
        ++counts_.refuted;
        health_.refuted();
    }
    say_alive(Counter{claim.incarnation.counter.value + 1});
}

void Swim::say_alive(Counter counter) {
    Claim claim;
    claim.state = MemberState::Alive;
    claim.subject = claim.accuser = identity_.node;
    claim.incarnation = {identity_.boot, counter};
    adopt(self_, claim);
}

// Somebody has not heard our last word: an accusation of an older life, or of one who leaves. It
// is no sign of ill health, but must not stay (the accuser would wait in vain for an answer).
void Swim::say_again() {
    if (now_ - said_again_ < options_.gossip_every) return;
    said_again_ = now_;
    spread(claim_of(self_));
}

}  // namespace weft::membership
