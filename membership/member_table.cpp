#include "membership/member_table.h"

#include "core/invariant.h"
#include "core/mutant.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

namespace weft::membership {

namespace {

constexpr std::uint64_t kBootStepMax = std::uint64_t{1} << 20;
constexpr std::uint64_t kCounterStepMax = std::uint64_t{1} << 20;

std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

std::size_t digit_of(const NodeId& node, std::size_t place) {
    const std::uint8_t byte = node.bytes[place / 2];
    return place % 2 == 0 ? byte >> 4 : byte & 0x0f;
}

std::uint32_t low(std::uint64_t sum) { return static_cast<std::uint32_t>(sum); }

}  // namespace

bool is_live(MemberState state) {
    return state == MemberState::Alive || state == MemberState::Suspect;
}

// Part of the wire format: both sides must compute the same. Nothing for what nobody has said.
std::uint64_t claim_sum(const NodeId& node, Incarnation incarnation, MemberState state) {
    if (state == MemberState::Unseen) return 0;
    std::uint64_t high = 0;
    std::uint64_t rest = 0;
    std::memcpy(&high, node.bytes.data(), 8);
    std::memcpy(&rest, node.bytes.data() + 8, 8);
    std::uint64_t sum = mix(high + 0x9e3779b97f4a7c15ULL);
    sum = mix(sum ^ rest);
    sum = mix(sum ^ incarnation.boot.value);
    sum = mix(sum + incarnation.counter.value);
    return mix(sum ^ static_cast<std::uint64_t>(state));
}

std::vector<std::optional<MemberIndex>> MemberTable::set_roster(std::vector<NodeId> roster) {
    std::ranges::sort(roster);
    const auto doubled = std::ranges::unique(roster);
    roster.erase(doubled.begin(), doubled.end());

    std::vector<std::optional<MemberIndex>> moved(nodes_.size());
    std::vector<Member> members(roster.size());
    Sequence sent;
    for (const Member& member : members_) sent = std::max(sent, member.sent);
    // Who was listed before and is again must not be sent a number it has seen.
    for (Member& member : members) member.sent = sent;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const auto found = std::ranges::lower_bound(roster, nodes_[i]);
        if (found == roster.end() || *found != nodes_[i]) continue;
        const auto index = static_cast<std::uint32_t>(found - roster.begin());
        moved[i] = MemberIndex{index};
        members[index] = members_[i];
    }
    nodes_ = std::move(roster);
    members_ = std::move(members);
    live_ = 0;
    digest_ = {};
    top_ = {};
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) count({i}, true);
    return moved;
}

std::optional<MemberIndex> MemberTable::find(const NodeId& node) const {
    const auto found = std::ranges::lower_bound(nodes_, node);
    if (found == nodes_.end() || *found != node) return std::nullopt;
    return MemberIndex{static_cast<std::uint32_t>(found - nodes_.begin())};
}

bool MemberTable::is_plausible(MemberIndex index, Incarnation incarnation) const {
    const Incarnation known = at(index).incarnation;
    if (incarnation.boot.value > known.boot.value + kBootStepMax) return false;
    const bool same = incarnation.boot == known.boot;
    const std::uint64_t from = same ? known.counter.value : 0;
    return incarnation.counter.value <= from + kCounterStepMax;
}

Judgement MemberTable::judge(MemberIndex index, const Claim& claim) const {
    const Member& known = at(index);
    const auto said = std::tuple(claim.incarnation, claim.state);
    const auto held = std::tuple(known.incarnation, known.state);
    if (said == held) return Judgement::Same;
    if (WEFT_MUTANT(SwimRevivedAtEqual) && claim.state == MemberState::Alive &&
        claim.incarnation == known.incarnation)
        return Judgement::Newer;
    return said < held ? Judgement::Older : Judgement::Newer;
}

void MemberTable::take(MemberIndex index, const Claim& claim, Instant now) {
    WEFT_INVARIANT(judge(index, claim) == Judgement::Newer, "a claim of {}.{} state {} is no news",
                   claim.incarnation.boot.value, claim.incarnation.counter.value,
                   static_cast<int>(claim.state));
    count(index, false);
    Member& member = at(index);
    member.incarnation = claim.incarnation;
    if (member.state != claim.state) member.since = now;
    member.state = claim.state;
    member.accuser = claim.accuser;
    count(index, true);
}

void MemberTable::count(MemberIndex index, bool in) {
    const Member& member = at(index);
    const std::uint64_t sum = claim_sum(node(index), member.incarnation, member.state);
    std::uint32_t& top = top_[digit_of(node(index), 0)];
    if (in) {
        digest_.value += sum;
        top += low(sum);
        if (is_live(member.state)) ++live_;
    } else {
        digest_.value -= sum;
        top -= low(sum);
        if (is_live(member.state)) --live_;
    }
}

MemberTable::Range MemberTable::range(const Bucket& bucket) const {
    NodeId last = bucket.prefix;
    for (std::size_t place = bucket.depth; place < 32; ++place)
        last.bytes[place / 2] |= static_cast<std::uint8_t>(place % 2 == 0 ? 0xf0 : 0x0f);
    const auto first = std::ranges::lower_bound(nodes_, bucket.prefix);
    const auto end = std::upper_bound(first, nodes_.end(), last);
    return {static_cast<std::uint32_t>(first - nodes_.begin()),
            static_cast<std::uint32_t>(end - nodes_.begin())};
}

BucketSums MemberTable::sums(const Bucket& bucket) const {
    BucketSums result;
    result.bucket = bucket;
    if (bucket.depth == 0) {
        result.sums = top_;
        return result;
    }
    const Range all = range(bucket);
    for (std::uint32_t i = all.first; i < all.end; ++i) {
        const Member& member = members_[i];
        result.sums[digit_of(nodes_[i], bucket.depth)] +=
            low(claim_sum(nodes_[i], member.incarnation, member.state));
    }
    return result;
}

std::size_t MemberTable::seen_in(const Bucket& bucket) const {
    const Range all = range(bucket);
    std::size_t seen = 0;
    for (std::uint32_t i = all.first; i < all.end; ++i)
        if (members_[i].state != MemberState::Unseen) ++seen;
    return seen;
}

void MemberTable::check() const {
    ViewDigest digest;
    std::size_t live = 0;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        const Member& member = members_[i];
        digest.value += claim_sum(nodes_[i], member.incarnation, member.state);
        if (is_live(member.state)) ++live;
    }
    WEFT_INVARIANT(digest == digest_, "the digest of the members is {:x}, kept {:x}", digest.value,
                   digest_.value);
    WEFT_INVARIANT(live == live_, "{} members live, {} are counted", live, live_);
}

Bucket part_of(const Bucket& bucket, std::size_t digit) {
    Bucket part = bucket;
    part.prefix.bytes[bucket.depth / 2] |=
        static_cast<std::uint8_t>(bucket.depth % 2 == 0 ? digit << 4 : digit);
    ++part.depth;
    return part;
}

bool contains(const Bucket& bucket, const NodeId& node) {
    for (std::size_t place = 0; place < bucket.depth; ++place)
        if (digit_of(node, place) != digit_of(bucket.prefix, place)) return false;
    return true;
}

}  // namespace weft::membership
