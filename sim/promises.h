#pragma once
// Durable promises (S1, S2, S4, S8, S20, I4), judged where they are given: a vote, a candidacy, an
// acknowledgement or a confirm that leaves a machine rests on what its disk holds at that moment,
// and a commit on what a quorum of disks holds. Asks no replica what it thinks to be durable.

#include "replication/messages.h"
#include "replication/raft/config.h"
#include "replication/raft/events.h"
#include "sim/durable_view.h"
#include "sim/staged_pages.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace weft::sim {

class Promises {
public:
    explicit Promises(std::size_t machines) : disks_(machines) {}
    void is_node(std::size_t machine, NodeId node);

    // ---- disks
    // These records are synced now.
    void applied(std::size_t machine, const storage::WriteBatch& batch);
    // A fault took records of that disk, or takes them with the next start: what was promised
    // before still counts.
    void damaged(std::size_t machine) { disks_[machine].damaged = true; }
    bool is_damaged(std::size_t machine) const { return disks_[machine].damaged; }
    // The whole disk is another than the one that made the promises: an empty or an older one.
    // From then on nobody may take a promise of it (S18).
    void lost(std::size_t machine) { disks_[machine].damaged = disks_[machine].is_lost = true; }
    // What a start found: all that was synced, unless a fault took it.
    void read_back(std::size_t machine, const std::vector<storage::RecoveredGroup>& found);

    // ---- messages
    struct Way {
        std::size_t machine = 0;
        NodeId to;
    };
    // The sender's log in memory.
    class Memory {
    public:
        virtual ~Memory() = default;
        // Nothing when it is in another term by now, or has not got the entry (any more).
        virtual std::optional<Chain> chain_at(PartitionId group, Term term,
                                              LogIndex index) const = 0;
        virtual LogIndex commit(PartitionId group) const = 0;
    };
    void leaves(const Way& way, const replication::PeerMessage& message, const Memory& memory);
    struct Link {
        NodeId asker, asked;
        auto operator<=>(const Link&) const = default;
    };
    // The terms that an answer confirms; it names but the round, and what it refuses.
    std::vector<replication::GroupTerm> granted(const Link& link,
                                                const replication::ConfirmAnswer& answer) const;

    // ---- commits
    struct Commit {
        PartitionId group;
        replication::Role role = replication::Role::Follower;
        Term term;  // of the replica
        LogIndex index;
        DurableEntry entry;  // at `index`, as the replica knows it
    };
    // Nothing to judge at or below: somebody showed it before.
    LogIndex committed(PartitionId group) const;
    void commits(std::size_t machine, const Commit& commit, const replication::Config& config);

    // How many of each were judged.
    struct Counts {
        std::uint64_t votes = 0, candidacies = 0, acknowledgements = 0, confirms = 0, commits = 0,
                      starts = 0;
        std::uint64_t pages = 0, installed = 0;
        std::uint64_t pages_sent = 0;
        std::uint64_t log_bytes = 0;  // the most that one machine wrote of one group's log
    };
    const Counts& counts() const { return counts_; }

private:
    struct DiskSeen {
        NodeId node;
        DurableView now;
        std::vector<DurableView> lost;  // as it was before a fault took of it
        bool damaged = false;
        bool is_lost = false;
        SentPages sent;  // to this machine
        StagedRows staged;
        std::map<PartitionId, std::uint64_t> log_bytes;  // written so far
    };
    struct Tip {
        LogIndex index;
        Chain chain;
    };
    void check_past(std::size_t machine, PartitionId group) const;
    void check_hard(std::size_t machine, const storage::WriteOp& op) const;
    void check_repair(std::size_t machine, PartitionId group, LogIndex index) const;
    void check_leads(std::size_t machine, PartitionId group, Term term) const;
    void check_ask(std::size_t machine, const replication::VoteAsk& ask);
    void check_vote(const Way& way, const replication::VoteAnswer& answer);
    void check_answer(std::size_t machine, const replication::AppendAnswer& answer,
                      const Memory& memory);
    void check_lost_term(std::size_t machine, PartitionId group, Term term) const;
    void note_asked(const Way& way, const replication::Confirm& confirm);
    void check_confirm(const Way& way, const replication::ConfirmAnswer& answer);
    void check_pages(std::size_t machine, const replication::SnapshotAnswer& answer,
                     const Memory& memory);
    bool promised(const DiskSeen& disk, const Commit& commit) const;

    std::vector<DiskSeen> disks_;
    std::map<NodeId, std::size_t> by_node_;
    static constexpr std::size_t kAskedMax = 256;             // no answer is of use for so long
    std::map<Link, std::deque<replication::Confirm>> asked_;  // their numbers rise
    std::map<PartitionId, Tip> tips_;  // the newest committed entry that anybody showed
    Counts counts_;
};

}  // namespace weft::sim
