// Views are compared on every probe, by one number; where they differ the difference is looked for
// and told at once. So a rumour that misses a member is made good in a second or two, and what
// divided halves have missed of each other, too.

#include "membership/swim.h"

#include <algorithm>
#include <chrono>

namespace weft::membership {

namespace {

// So few members are told; of more the sums of parts are.
constexpr std::size_t kFactsMax = 12;
// So many who know all that we have to tell, and it is told no more.
constexpr unsigned kKnownMeetings = 6;
// By somebody who has started, one a beat.
constexpr unsigned kViewsAsked = 5;
// What others may make us look through: 20 sums at once, then one each 50 ms.
constexpr Duration kSumsEvery = std::chrono::milliseconds(50);
constexpr unsigned kSumsBurst = 20;

}  // namespace

void Swim::compare(MemberIndex from, ViewDigest digest, Carrier carrier) {
    if (!options_.digests) return;
    if (digest == table_.digest()) {
        // Its view is ours: it knows all that we would still tell. After a few such meetings it is
        // no news any more, and who missed it all the same differs in the digest.
        const unsigned limit = rumour_sends(options_.send_factor, table_.live());
        rumours_.were_known(limit / kKnownMeetings, limit);
        return;
    }
    // While rumours are under way, views differ because of them.
    const Duration every = rumours_.empty() ? options_.gossip_every : options_.period;
    if (!compares_.take(now_, every, 1)) return;
    Letter letter(*out_, table_.node(from), carrier, header_to(from));
    letter.add(table_.sums({}));
    letter.send();
}

void Swim::on_sums(MemberIndex from, const BucketSums& theirs, Carrier carrier) {
    if (!sums_.take(now_, kSumsEvery, kSumsBurst)) return;
    const BucketSums ours = table_.sums(theirs.bucket);
    for (std::size_t i = 0; i < kBucketParts; ++i) {
        if (ours.sums[i] == theirs.sums[i]) continue;
        const Bucket part = part_of(theirs.bucket, i);
        const std::size_t seen = table_.seen_in(part);
        Letter letter(*out_, table_.node(from), carrier, header_to(from));
        // Who knows nothing of a part asks for it.
        if ((seen == 0 || seen > kFactsMax) && part.depth < kBucketDepthMax) {
            letter.add(table_.sums(part));
        } else {
            letter.add(BucketFacts{part});
            const MemberTable::Range range = table_.range(part);
            for (std::uint32_t m = range.first; m < range.end; ++m)
                if (!add_facts(letter, {m})) break;
        }
        letter.send();
    }
}

// One fact for each accuser: who merges must know whose words they are. False when it does not fit.
bool Swim::add_facts(Letter& letter, MemberIndex index) {
    if (table_.at(index).state == MemberState::Unseen) return true;
    Claim claim = claim_of(index);
    if (claim.state != MemberState::Suspect) return letter.add(Fact{claim});
    for (const Suspicion::Accuser& accuser : suspicion(claim.subject)->accusers()) {
        claim.accuser = accuser.node;
        claim.evidence = accuser.evidence;
        if (!letter.add(Fact{claim})) return false;
    }
    return true;
}

// The facts behind messages[at]. What the sender lacks or has in an older form goes back. Returns
// where the next message stands.
std::size_t Swim::on_facts(MemberIndex from, std::size_t at, Carrier carrier) {
    const std::vector<Message>& messages = datagram_.messages;
    const Bucket bucket = std::get<BucketFacts>(messages[at]).bucket;
    const std::size_t first = at + 1;
    std::size_t end = first;
    while (end < messages.size() && std::holds_alternative<Fact>(messages[end])) ++end;
    for (std::size_t i = first; i < end; ++i) hear(std::get<Fact>(messages[i]).claim, Source::Fact);

    told_.assign(table_.size(), false);
    for (std::size_t i = first; i < end; ++i) {
        const Claim& claim = std::get<Fact>(messages[i]).claim;
        const auto index = table_.find(claim.subject);
        if (index && table_.judge(*index, claim) != Judgement::Older) told_[index->value] = true;
    }
    Letter letter(*out_, table_.node(from), carrier, header_to(from));
    const MemberTable::Range range = table_.range(bucket);
    for (std::uint32_t m = range.first; m < range.end; ++m)
        if (!told_[m] && !add_facts(letter, {m})) break;
    letter.empty() ? letter.drop() : letter.send();
    return end;
}

// To a member that was just met, in a boot that it did not have before. It may have heard nothing
// of us; and the first one met is asked for all it knows.
void Swim::introduce(MemberIndex to) {
    if (options_.digests && views_asked_ == 0) return ask_for_view(to);
    Letter letter(*out_, table_.node(to), Carrier::Datagram, header_to(to));
    pass_on(letter, to);
    letter.send();
}

// Of many that start together the first one met knows as little as we: a few more are asked, one
// each beat, while there is somebody whom we have not seen.
void Swim::ask_again() {
    if (views_asked_ == 0 || views_asked_ >= kViewsAsked || table_.live() == table_.size()) return;
    const auto index = any_member([&](MemberIndex one) { return is_live(table_.at(one).state); });
    if (index) ask_for_view(*index);
}

// Tells all that we know, over a stream, as it may be much; what we lack comes back.
void Swim::ask_for_view(MemberIndex of) {
    ++views_asked_;
    Letter letter(*out_, table_.node(of), Carrier::Stream, header_to(of));
    letter.add(BucketFacts{});
    for (std::uint32_t m = 0; m < table_.size(); ++m)
        if (!add_facts(letter, {m})) break;
    pass_on(letter, of);
    letter.send();
}

}  // namespace weft::membership
