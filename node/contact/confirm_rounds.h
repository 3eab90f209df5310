#pragma once
// Confirm rounds for linearizable reads (Raft thesis 6.4, judged per group): a round lists every
// group with waiting reads; a group is confirmed by a quorum of its voters that answered,
// unrefused, a round begun after the read reached the core. Every round has a fresh number (S8), so
// late and repeated answers are harmless. Pure; owned by Node.

#include "core/group_map.h"
#include "core/ids.h"
#include "core/time.h"
#include "replication/messages.h"
#include "replication/raft/config.h"
#include "weft/types.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace weft::node {

// A group whose reads up to `ticket` are confirmed for `term`.
struct Confirmed {
    PartitionId group;
    Term term;
    ReadTicket ticket;
};

struct ConfirmOptions {
    NodeId self;
    // As for PeerContact, above every round of a former boot.
    ConfirmRound first_round{};
    // Rounds that are older are given up.
    Duration age_max = std::chrono::milliseconds(200);
};

class ConfirmRounds {
public:
    // So many are in flight; further wants wait for the next one. A round that stays unanswered for
    // longer than kPatience no longer holds the others up: one group without quorum must not delay
    // the reads of all.
    static constexpr std::size_t kInFlight = 2;
    static constexpr Duration kPatience = std::chrono::milliseconds(25);
    static constexpr std::size_t kRoundsMax = 64;

    explicit ConfirmRounds(const ConfirmOptions& options)
        : self_(options.self), age_max_(options.age_max), last_round_(options.first_round) {}

    // A read of `group` waits; `config` says who must answer.
    void want(PartitionId group, Term term, ReadTicket ticket, const replication::Config& config);
    struct Outgoing {
        NodeId to;
        replication::Confirm confirm;
    };
    // Begins the next round when reads wait and a round is free. Groups whose quorum is this node
    // alone are confirmed at once.
    void begin(Instant now, std::vector<Outgoing>& out, std::vector<Confirmed>& confirmed);
    // The groups for which `answer`, asked before on_answer(), is contact with `from`, and when its
    // round was sent.
    struct Contact {
        PartitionId group;
        Term term;
        Instant sent;
    };
    void contacts(NodeId from, const replication::ConfirmAnswer& answer,
                  std::vector<Contact>& out) const;
    void on_answer(NodeId from, const replication::ConfirmAnswer& answer,
                   std::vector<Confirmed>& confirmed);
    // The groups of rounds that are given up must want again (the caller repeats).
    void expire(Instant now, std::vector<replication::GroupTerm>& given_up);
    // The group's term or role changed: its waiting reads are void.
    void forget(PartitionId group);
    // Reads wait for a round that has not begun.
    bool waiting() const { return !wanted_.empty(); }
    // When begin() or expire() may have something to do.
    Instant deadline() const;
    // `led`: by this node, rising. Reads wait for no other group, nor for a former term.
    void check(std::span<const replication::GroupTerm> led) const;

private:
    struct Group {
        Term term;
        ReadTicket ticket;
        replication::Config config;
        std::uint64_t life = 0;  // rises with config and forget(): older items are void
        bool wanted = false;
    };
    struct Item {
        PartitionId group;
        Term term;
        ReadTicket ticket;
        std::uint64_t life = 0;
        replication::PeerSet answered{};
        bool settled = false;
    };
    struct Round {
        ConfirmRound number;
        Instant begun;
        std::vector<Item> items;  // by group
        std::size_t open = 0;     // items not settled, at least one
    };

    bool may_begin(Instant now) const;
    void settle(Round& round, Item& item) const;
    void address(const Item& item, const replication::Config& config,
                 std::vector<Outgoing>& out) const;

    NodeId self_;
    Duration age_max_;
    ConfirmRound last_round_;
    GroupMap<Group> groups_;           // that were ever led with a read
    std::vector<PartitionId> wanted_;  // each once
    std::deque<Round> rounds_;         // in order of number and of time, kRoundsMax at most
};

}  // namespace weft::node
