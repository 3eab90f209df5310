#pragma once
// Who is on the roster and what was last said of each. Claims are totally ordered by (incarnation,
// state), and a member's entry is the greatest one heard: so views that heard the same are equal,
// whatever the order, and what is stored never falls, not even by a claim that changes no state.

#include "core/time.h"
#include "membership/messages.h"
#include "membership/rate_limit.h"
#include "membership/replay_window.h"
#include "membership/round_trip.h"
#include "weft/types.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weft::membership {

using MemberIndex = Strong<struct MemberIndexTag, std::uint32_t>;  // until the roster changes

// One for each pair of members of a mesh: kept small.
struct Member {
    Incarnation incarnation;
    Instant since = Instant::long_ago();  // of the state
    Instant heard = Instant::long_ago();  // the last datagram from it that was no late answer
    NodeId accuser;                       // of Dead
    Sequence sent;                        // the newest datagram to it
    ReplayWindow received;
    RateLimit accusations;  // by it
    RateLimit answers;      // to what it says that does not count
    RoundTrip round_trip;
    MemberState state = MemberState::Unseen;
    Quality quality = Quality::Good;  // its own word
};
static_assert(sizeof(Member) <= 112);

// What a claim is beside what is known of its subject.
enum class Judgement : std::uint8_t { Older, Same, Newer };

bool is_live(MemberState state);  // alive, or suspected and not condemned
std::uint64_t claim_sum(const NodeId& node, Incarnation incarnation, MemberState state);

class MemberTable {
public:
    // Sorted and made unique. Returns where the members of before are now; those that are not
    // listed any more are gone.
    std::vector<std::optional<MemberIndex>> set_roster(std::vector<NodeId> roster);

    std::size_t size() const { return nodes_.size(); }
    std::size_t live() const { return live_; }
    std::size_t gone() const { return nodes_.size() - live_; }
    std::optional<MemberIndex> find(const NodeId& node) const;
    const NodeId& node(MemberIndex index) const { return nodes_[index.value]; }
    Member& at(MemberIndex index) { return members_[index.value]; }
    const Member& at(MemberIndex index) const { return members_[index.value]; }
    std::span<const NodeId> nodes() const { return nodes_; }

    // Boots and counters rise by small steps; what lies far ahead would make the member's own next
    // word impossible.
    bool is_plausible(MemberIndex index, Incarnation incarnation) const;
    Judgement judge(MemberIndex index, const Claim& claim) const;
    // Of a Newer claim.
    void take(MemberIndex index, const Claim& claim, Instant now);

    ViewDigest digest() const { return digest_; }
    struct Range {
        std::uint32_t first = 0;
        std::uint32_t end = 0;
    };
    Range range(const Bucket& bucket) const;
    BucketSums sums(const Bucket& bucket) const;
    // How many of the bucket are more than Unseen.
    std::size_t seen_in(const Bucket& bucket) const;

    // Computes anew what is kept: for tests and for the simulator.
    void check() const;

private:
    void count(MemberIndex index, bool in);

    std::vector<NodeId> nodes_;  // sorted: a bucket is a range
    std::vector<Member> members_;
    std::size_t live_ = 0;
    ViewDigest digest_;
    std::array<std::uint32_t, kBucketParts> top_{};  // the sums of the bucket of all
};

// The part of `bucket` that begins with `digit`.
Bucket part_of(const Bucket& bucket, std::size_t digit);
bool contains(const Bucket& bucket, const NodeId& node);

}  // namespace weft::membership
