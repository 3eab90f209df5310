#pragma once
// Invariants that need a view of all nodes at once (I1, I2, I3, I12, I15, and the elections of
// I22). Fed after every round of a node; a broken one goes to the invariant handler.

#include "entity/type.h"
#include "node/events.h"
#include "node/node.h"
#include "sim/boots.h"
#include "sim/promises.h"
#include "sim/reads.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace weft::sim {

class Oracle {
public:
    explicit Oracle(std::size_t machines)
        : seen_(machines), promises_(machines), reads_(machines), boots_(machines) {}

    // Looks at the groups that the node stepped since the last call.
    void after_round(std::size_t machine, node::Node& node);
    // A message of this node leaves its machine, in the round that is not over yet.
    void leaves(std::size_t machine, const node::Node& node, const node::SendPeer& sent);
    void answers(std::size_t machine, const node::Node& node, const node::SendClient& sent);
    // It takes this in now.
    void hears(std::size_t machine, const node::Node& node, const node::Event& event,
               const entity::TypeTable& types);
    Promises& promises() { return promises_; }
    const Reads& reads() const { return reads_; }
    const Boots& boots() const { return boots_; }
    // The machine lost its memory: what it showed is forgotten, what was committed is not.
    void restarted(std::size_t machine) {
        seen_[machine].clear();
        reads_.restarted(machine);
        boots_.restarted(machine);
    }

    // I12: replicas of `group` with equal base and applied index have equal state. `nodes`: those
    // that run, by machine; nothing for one that is down.
    void compare_states(PartitionId group, const std::vector<const node::Node*>& nodes);

    // One replica's view, as the rules need it; after_round() takes it from a live node.
    struct Shown {
        replication::Role role = replication::Role::Follower;
        Term term;
        LogIndex base, commit, last;
        bool operator==(const Shown&) const = default;
    };
    using EntrySeen = DurableEntry;
    // What the replica at hand knows of entry `index`, in [base, last]; nothing when it is damaged.
    class Entries {
    public:
        virtual ~Entries() = default;
        virtual std::optional<EntrySeen> entry(LogIndex index) const = 0;
    };
    void look(std::size_t machine, PartitionId group, const Shown& now, const Entries& entries);
    struct StateSeen {
        std::size_t machine = 0;
        LogIndex base, applied;
        std::uint64_t hash = 0;
    };
    void check_state(PartitionId group, const StateSeen& one, const StateSeen& other);

    std::uint64_t elections(PartitionId group) const;
    std::uint64_t elections() const { return elections_; }
    // False: nothing is committed there as far as anybody showed, or something else.
    bool may_be_committed(PartitionId group, LogIndex index, const Chain& chain) const;
    std::uint64_t committed_entries() const { return committed_entries_; }
    std::uint64_t states_compared() const { return states_compared_; }

private:
    void hears_peer(std::size_t machine, const node::Node& node, const node::FromPeer& heard);

    struct Group {
        std::map<Term, std::size_t> leaders;
        // The committed log as far as anybody showed it; entry i + 1 is at [i], unseen ones zero.
        std::vector<EntrySeen> committed;
        // Entries seen at an index, committed or not: one of each term, mostly one in all.
        struct Appended {
            EntrySeen first;
            std::vector<EntrySeen> others;
        };
        std::vector<Appended> appended;  // entry i + 1 is at [i]
        LogIndex highest;
        Term committed_in;  // term of the replica that first showed `highest` as committed
    };
    void check_leader(std::size_t machine, const Shown& now, const Entries& entries,
                      PartitionId id);
    void check_appended(const Shown& seen, const Shown& now, const Entries& entries,
                        PartitionId id);
    void check_commit(const Shown& seen, const Shown& now, const Entries& entries, PartitionId id);

    std::vector<std::map<PartitionId, Shown>> seen_;
    Promises promises_;
    Reads reads_;
    Boots boots_;
    std::map<PartitionId, Group> groups_;
    std::vector<PartitionId> touched_;
    std::uint64_t elections_ = 0;
    std::uint64_t committed_entries_ = 0;
    std::uint64_t states_compared_ = 0;
};

}  // namespace weft::sim
