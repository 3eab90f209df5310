#include "sim/oracle.h"

#include "core/entry.h"
#include "core/invariant.h"

#include <algorithm>

namespace weft::sim {

void Oracle::after_round(std::size_t machine, const node::Node& node) {
    for (const GroupId id : node.hosted()) {
        const replication::Replica& replica = node.partition(id).replica();
        Seen& seen = seen_[machine][id];
        const Seen now{replica.role(), replica.term(), replica.commit()};
        if (now.role == seen.role && now.term == seen.term && now.commit == seen.commit) continue;
        Group& group = groups_[id];
        WEFT_INVARIANT(now.term >= seen.term, "S1: machine {} group {} went back to term {}",
                       machine, id.value, now.term.value);
        WEFT_INVARIANT(now.commit >= seen.commit, "S21: machine {} group {} commit back to {}",
                       machine, id.value, now.commit.value);
        if (now.role == replication::Role::Leader &&
            (seen.role != replication::Role::Leader || seen.term != now.term))
            check_leader(machine, replica, group, id);
        if (now.commit > seen.commit) check_commit(replica, group, id, seen.commit);
        seen = now;
    }
}

void Oracle::check_leader(std::size_t machine, const replication::Replica& replica, Group& group,
                          GroupId id) {
    const auto [leader, first] = group.leaders.try_emplace(replica.term(), machine);
    WEFT_INVARIANT(first || leader->second == machine, "I1: group {} term {} led by {} and {}",
                   id.value, replica.term().value, leader->second, machine);
    // Late votes may elect a leader of an older term after a newer one has committed: it can commit
    // nothing, and completeness does not speak of it.
    if (replica.term() <= group.committed_in) return;
    WEFT_INVARIANT(replica.last_index() >= group.highest,
                   "I3: leader {} of group {} ends at {}, {} is committed", machine, id.value,
                   replica.last_index().value, group.highest.value);
    const auto term = replica.term_at(group.highest);
    WEFT_INVARIANT(!term || group.highest.value == 0 || *term == group.highest_term,
                   "I3: leader {} of group {} holds another entry at committed {}", machine,
                   id.value, group.highest.value);
}

void Oracle::check_commit(const replication::Replica& replica, Group& group, GroupId id,
                          LogIndex from) {
    for (LogIndex index = next(from); index <= replica.commit(); index = next(index)) {
        const Bytes entry = replica.cached(index);
        if (entry.empty()) continue;
        const auto header = read_entry_header(entry.view());
        WEFT_INVARIANT(header.has_value(), "I2: group {} committed entry {} is unreadable",
                       id.value, index.value);
        const auto [known, first] = group.committed.try_emplace(index, header->chain);
        WEFT_INVARIANT(first || known->second == header->chain,
                       "I2: group {} committed two entries at {}", id.value, index.value);
        if (first) ++committed_entries_;
        if (index > group.highest) {
            group.highest = index;
            group.highest_term = header->term;
            group.committed_in = std::max(group.committed_in, replica.term());
        }
    }
}

std::uint64_t Oracle::elections(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? 0 : found->second.leaders.size();
}

}  // namespace weft::sim
