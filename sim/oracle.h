#pragma once
// Invariants that need a view of all nodes at once (reference C.3: I1, I2, I3, and the elections of
// I22). Fed after every round of a node; a broken one goes to the invariant handler.

#include "node/node.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace weft::sim {

class Oracle {
public:
    explicit Oracle(std::size_t machines) : seen_(machines) {}

    void after_round(std::size_t machine, const node::Node& node);
    // The machine lost its memory: what it showed is forgotten, what was committed is not.
    void restarted(std::size_t machine) { seen_[machine].clear(); }

    std::uint64_t elections(GroupId group) const;
    std::uint64_t committed_entries() const { return committed_entries_; }

private:
    struct Seen {
        replication::Role role = replication::Role::Follower;
        Term term;
        LogIndex commit;
    };
    struct Group {
        std::map<Term, std::size_t> leaders;
        std::map<LogIndex, Chain> committed;
        LogIndex highest;
        Term highest_term;
        Term committed_in;  // term of the replica that first showed `highest` as committed
    };
    void check_leader(std::size_t machine, const replication::Replica& replica, Group& group,
                      GroupId id);
    void check_commit(const replication::Replica& replica, Group& group, GroupId id, LogIndex from);

    std::vector<std::map<GroupId, Seen>> seen_;
    std::map<GroupId, Group> groups_;
    std::uint64_t committed_entries_ = 0;
};

}  // namespace weft::sim
