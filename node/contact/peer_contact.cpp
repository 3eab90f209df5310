#include "node/contact/peer_contact.h"

#include "core/invariant.h"

#include <algorithm>
#include <utility>

namespace weft::node {

namespace {

// Rounds remembered at most: a peer that is silent for longer is judged by its later answers.
constexpr std::size_t kRoundsMax = 32;

std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

// Part of the wire format: both sides must compute the same.
std::uint64_t sum_term(PartitionId group, Term term) {
    return mix(mix(term.value + 0x9e3779b97f4a7c15ULL) ^ (group.value + 1ULL));
}

}  // namespace

void GroupTermSum::add(PartitionId group, Term term) {
    ++count_;
    hash_ += sum_term(group, term);
}

void GroupTermSum::remove(PartitionId group, Term term) {
    WEFT_INVARIANT(count_ > 0, "group {} leaves an empty sum", group.value);
    --count_;
    hash_ -= sum_term(group, term);
}

// ---- this node leads ----------------------------------------------------------------------------

PeerContact::Led* PeerContact::find_led(PartitionId group) {
    Led* led = led_.find(group);
    return led != nullptr && led->leading ? led : nullptr;
}

const PeerContact::Led* PeerContact::find_led(PartitionId group) const {
    const Led* led = led_.find(group);
    return led != nullptr && led->leading ? led : nullptr;
}

void PeerContact::list_again(PartitionId group, Led& led) {
    if (led.unlisted) {
        unlisted_.remove(group, led.term);
        led.unlisted = false;
        led.contacted = std::max(led.contacted, unlisted_contact_);
    }
    if (!led.queued) {
        led.queued = true;
        to_list_.push_back(group);
    }
}

void PeerContact::leads(PartitionId group, Term term, LogIndex commit) {
    Led& led = led_[group];
    if (led.leading && led.term == term && led.commit == commit) return;
    WEFT_INVARIANT(led.term <= term, "group {} is led in term {}, it was in {}", group.value,
                   term.value, led.term.value);
    list_again(group, led);
    if (!led.leading || led.term != term) {
        // Contact in a former term says nothing about this one.
        led.contacted = Instant::long_ago();
        led.term_since = ContactRound{last_round_.value + 1};
        if (!led.leading) ++leading_;
        led.leading = true;
    }
    led.term = term;
    led.commit = commit;
    led.change = ++changes_;
}

void PeerContact::no_longer_leads(PartitionId group) {
    Led* led = find_led(group);
    if (led == nullptr) return;
    if (led->unlisted) unlisted_.remove(group, led->term);
    led->unlisted = false;
    led->leading = false;
    led->change = ++changes_;
    --leading_;
}

replication::Heartbeat PeerContact::make_heartbeat(Instant now, std::uint32_t disk_age_ms) {
    replication::Heartbeat beat;
    Round round;
    std::size_t kept = 0;
    for (const PartitionId group : to_list_) {
        Led& led = *led_.find(group);
        if (!led.leading || led.unlisted) {
            led.queued = false;
            continue;
        }
        to_list_[kept++] = group;
        beat.listed.push_back({group, led.term, led.commit});
        round.listed.push_back({group, led.change});
    }
    to_list_.resize(kept);
    beat.round = round.number = next_number(last_round_);
    beat.unlisted = unlisted_.count();
    beat.unlisted_hash = unlisted_.hash();
    beat.disk_age_ms = disk_age_ms;
    round.sent = now;
    if (rounds_.size() == kRoundsMax) rounds_.pop_front();
    rounds_.push_back(std::move(round));
    return beat;
}

void PeerContact::list_all() {
    for (auto& [group, led] : led_)
        if (led.leading) list_again(group, led);
}

std::vector<replication::GroupTerm> PeerContact::on_answer(
    const replication::HeartbeatAnswer& answer) {
    // Older rounds than the last answered one are gone: a stale answer finds nothing.
    const auto found = std::find_if(rounds_.begin(), rounds_.end(), [&](const Round& round) {
        return round.number == answer.round;
    });
    if (found == rounds_.end()) return {};
    const Round round = std::move(*found);
    rounds_.erase(rounds_.begin(), found + 1);
    peer_disk_age_ms_ = answer.disk_age_ms;

    std::vector<replication::GroupTerm> refused;
    std::vector<PartitionId> without;
    for (const replication::GroupTerm& group : answer.refused) {
        Led* led = find_led(group.group);
        if (led == nullptr) continue;
        list_again(group.group, *led);
        refused.push_back(group);
        without.push_back(group.group);
    }
    std::sort(without.begin(), without.end());
    // The peer has dropped all it was not told by name.
    if (answer.want_all)
        list_all();
    else
        unlisted_contact_ = std::max(unlisted_contact_, round.sent);
    for (const Listing& listing : round.listed) {
        Led* led = find_led(listing.group);
        if (led == nullptr) continue;
        if (std::binary_search(without.begin(), without.end(), listing.group)) continue;
        if (led->change == listing.change && !led->unlisted) {
            led->unlisted = true;
            unlisted_.add(listing.group, led->term);
        }
        // A commit that moved on since does not make the contact void; a newer term does.
        if (led->term_since <= round.number) led->contacted = std::max(led->contacted, round.sent);
    }
    return refused;
}

Instant PeerContact::contacted(PartitionId group) const {
    const Led* led = find_led(group);
    if (led == nullptr) return Instant::long_ago();
    return led->unlisted ? std::max(led->contacted, unlisted_contact_) : led->contacted;
}

void PeerContact::note_contact(const replication::GroupTerm& claim, Instant sent) {
    Led* led = find_led(claim.group);
    if (led == nullptr || led->term != claim.term) return;
    led->contacted = std::max(led->contacted, sent);
}

// ---- the peer leads -----------------------------------------------------------------------------

void PeerContact::uncover(PartitionId group, Followed& followed) {
    if (!followed.covered) return;
    covered_.remove(group, followed.term);
    followed.covered = false;
    followed.heard = std::max(followed.heard, covered_heard_);
}

void PeerContact::uncover_all() {
    for (auto& [group, followed] : followed_) uncover(group, followed);
}

bool PeerContact::hear(const replication::Heartbeat& beat) {
    // Frames may be doubled or overtake each other; an old list must not undo a newer one.
    if (beat.round <= last_heard_round_) return false;
    last_heard_round_ = beat.round;
    peer_disk_age_ms_ = beat.disk_age_ms;
    return true;
}

replication::HeartbeatAnswer PeerContact::answer(Instant now, const replication::Heartbeat& beat,
                                                 std::span<const ClaimVerdict> verdicts) {
    WEFT_INVARIANT(beat.round == last_heard_round_, "round {} is answered, {} was heard last",
                   beat.round.value, last_heard_round_.value);
    WEFT_INVARIANT(verdicts.size() == beat.listed.size(), "{} verdicts on {} claims",
                   verdicts.size(), beat.listed.size());
    replication::HeartbeatAnswer answer;
    answer.round = beat.round;
    for (const replication::GroupBeat& group : beat.listed)
        if (Followed* followed = followed_.find(group.group)) uncover(group.group, *followed);
    if (covered_.count() == beat.unlisted && covered_.hash() == beat.unlisted_hash) {
        covered_heard_ = now;
    } else {
        // Whatever the two disagree about, naming everything settles it, also groups that only we
        // still hold.
        answer.want_all = true;
        uncover_all();
    }
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const replication::GroupBeat& claim = beat.listed[i];
        if (!verdicts[i].follows) {
            answer.refused.push_back({claim.group, verdicts[i].own});
            continue;
        }
        Followed& followed = followed_[claim.group];
        uncover(claim.group, followed);
        followed = {claim.term, now, true};
        covered_.add(claim.group, claim.term);
    }
    return answer;
}

Instant PeerContact::heard(PartitionId group) const {
    const Followed* followed = followed_.find(group);
    if (followed == nullptr) return Instant::long_ago();
    return followed->covered ? std::max(followed->heard, covered_heard_) : followed->heard;
}

void PeerContact::note_heard(PartitionId group, Instant now) {
    Followed& followed = followed_[group];
    followed.heard = std::max(followed.heard, now);
}

void PeerContact::no_longer_follows(PartitionId group) {
    Followed* followed = followed_.find(group);
    if (followed == nullptr) return;
    uncover(group, *followed);
    // The peer is no accepted leader any more, however lately it spoke.
    followed->heard = Instant::long_ago();
}

void PeerContact::forget(PartitionId group) {
    no_longer_leads(group);
    if (led_.find(group) != nullptr) std::erase(to_list_, group);
    led_.erase(group);
    no_longer_follows(group);
    followed_.erase(group);
}

void PeerContact::reset() {
    rounds_.clear();
    list_all();
    uncover_all();
    last_heard_round_ = {};
}

void PeerContact::check(std::span<const PartitionId> shared) const {
    GroupTermSum unlisted, covered;
    std::size_t leading = 0;
    for (const auto& [group, led] : led_) {
        if (led.unlisted) unlisted.add(group, led.term);
        if (!led.leading) continue;
        ++leading;
        WEFT_INVARIANT(std::ranges::binary_search(shared, group),
                       "group {} is led with a node that does not hold it", group.value);
    }
    for (const auto& [group, followed] : followed_)
        if (followed.covered) covered.add(group, followed.term);
    WEFT_INVARIANT(unlisted == unlisted_, "{} groups are unlisted, {} are summed up",
                   unlisted.count(), unlisted_.count());
    WEFT_INVARIANT(covered == covered_, "{} groups are covered, {} are summed up", covered.count(),
                   covered_.count());
    WEFT_INVARIANT(leading == leading_, "{} groups are led, {} are counted", leading, leading_);
}

}  // namespace weft::node
