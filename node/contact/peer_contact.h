#pragma once
// Contact of this node with one peer, for all groups they share: batched per peer, judged per group
// (docs/design.md, "Replication"). Both directions: beats sent for groups this node leads, beats
// received for groups the peer leads. Pure; owned by Node, which passes what comes out on to the
// groups.

#include "core/group_map.h"
#include "core/ids.h"
#include "core/time.h"
#include "node/contact/claims.h"
#include "replication/messages.h"
#include "weft/types.h"

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace weft::node {

// A set of (group, term) known by its size and a hash that does not depend on order, so that two
// nodes can compare theirs at the price of two numbers.
class GroupTermSum {
public:
    void add(PartitionId group, Term term);
    void remove(PartitionId group, Term term);
    void clear() { *this = GroupTermSum(); }
    std::uint32_t count() const { return count_; }
    std::uint64_t hash() const { return hash_; }
    bool operator==(const GroupTermSum&) const = default;

private:
    std::uint32_t count_ = 0;
    std::uint64_t hash_ = 0;
};

class PeerContact {
public:
    // `first_round`: rounds count on from here. It must be above every round this node ever used
    // in a former boot, or a late answer to a dead process would count as contact with this one.
    explicit PeerContact(NodeId peer, ContactRound first_round = {})
        : peer_(peer), last_round_(first_round) {}

    // ---- this node leads
    // Leading `group` with the peer as a voter, in this term and commit; called on every change.
    void leads(PartitionId group, Term term, LogIndex commit);
    void no_longer_leads(PartitionId group);
    // True while this node leads any group with the peer: only then are heartbeats worth sending.
    bool leads_any() const { return leading_ > 0; }
    // The heartbeat that is due now; lists what the peer has not acknowledged.
    replication::Heartbeat make_heartbeat(Instant now, std::uint32_t disk_age_ms);
    // Any answered round: returns the groups that were refused, with the peer's term. All others of
    // that round count as contacted at the moment the round was sent.
    std::vector<replication::GroupTerm> on_answer(const replication::HeartbeatAnswer& answer);
    // When the last answered, unrefused heartbeat or confirm round that covered `group` was sent.
    Instant contacted(PartitionId group) const;
    // A confirm round of `claim`, sent at `sent`, was answered unrefused. Appends are dated by the
    // replica itself.
    void note_contact(const replication::GroupTerm& claim, Instant sent);

    // ---- the peer leads
    // A beat is heard first and answered when the groups that it lists have said what they say to
    // it: what they do meanwhile may take groups out of the set that the beat is compared with.
    // False: it is stale and not to be answered.
    bool hear(const replication::Heartbeat& beat);
    // `verdicts`: of what `beat` lists, in that order. Only of the beat heard last.
    replication::HeartbeatAnswer answer(Instant now, const replication::Heartbeat& beat,
                                        std::span<const ClaimVerdict> verdicts);
    // When the peer last made itself heard as leader of `group` in a term this node accepts.
    Instant heard(PartitionId group) const;
    void note_heard(PartitionId group, Instant now);
    // This node's term or role in `group` changed: out of the unlisted set at once.
    void no_longer_follows(PartitionId group);
    // The peer is no member of `group` any more, and does not lead it: nothing is kept of it.
    void forget(PartitionId group);
    // Groups of which anything is kept.
    std::size_t groups_led() const { return led_.size(); }
    std::size_t groups_followed() const { return followed_.size(); }

    // The connection or boot of the peer is gone: everything is listed again.
    void reset();
    std::uint32_t peer_disk_age_ms() const { return peer_disk_age_ms_; }
    NodeId peer() const { return peer_; }
    // `shared`: the groups that both hold, rising. This node leads no other with the peer.
    void check(std::span<const PartitionId> shared) const;

private:
    struct Led {
        Term term;
        LogIndex commit;
        Instant contacted = Instant::long_ago();
        ContactRound term_since;   // first round that can speak of this term
        std::uint64_t change = 0;  // the last that must be acknowledged
        bool leading = false;
        bool unlisted = false;  // acknowledged since its last change
        bool queued = false;    // in to_list_
    };
    struct Followed {
        Term term;
        Instant heard = Instant::long_ago();
        bool covered = false;  // in the set that unlisted beats speak of
    };
    struct Listing {
        PartitionId group;
        std::uint64_t change = 0;
    };
    struct Round {
        ContactRound number;
        Instant sent;
        std::vector<Listing> listed;
    };

    Led* find_led(PartitionId group);
    const Led* find_led(PartitionId group) const;
    void list_again(PartitionId group, Led& led);
    void list_all();
    void uncover(PartitionId group, Followed& followed);
    void uncover_all();

    NodeId peer_;
    std::uint32_t peer_disk_age_ms_ = 0;

    // Looking one up is the price of every commit.
    GroupMap<Led> led_;
    std::size_t leading_ = 0;
    std::uint64_t changes_ = 0;  // of all groups: none is taken for that of a group's former life
    std::vector<PartitionId> to_list_;
    GroupTermSum unlisted_;
    Instant unlisted_contact_ = Instant::long_ago();  // one moment for the whole unlisted set
    std::deque<Round> rounds_;                        // sent, not answered
    ContactRound last_round_;

    GroupMap<Followed> followed_;
    GroupTermSum covered_;
    Instant covered_heard_ = Instant::long_ago();  // one moment for the whole covered set
    ContactRound last_heard_round_;
};

}  // namespace weft::node
