#include "sim/oracle.h"

#include "core/entry.h"
#include "core/invariant.h"

#include <algorithm>

namespace weft::sim {
namespace {

// Entries below the newest commit by this much are forgotten by the log-matching rule: what is
// committed is watched by its own.
constexpr std::uint64_t kAppendedKept = 4096;

class ReplicaEntries final : public Oracle::Entries {
public:
    explicit ReplicaEntries(const replication::Replica& replica) : replica_(replica) {}
    std::optional<Oracle::EntrySeen> entry(LogIndex index) const override {
        const Bytes encoded = replica_.cached(index);
        if (encoded.empty()) return std::nullopt;
        const auto header = read_entry_header(encoded.view());
        WEFT_INVARIANT(header.has_value(), "I2: entry {} in memory is unreadable", index.value);
        return Oracle::EntrySeen{header->term, header->chain};
    }
    std::optional<Term> term_at(LogIndex index) const override { return replica_.term_at(index); }

private:
    const replication::Replica& replica_;
};

}  // namespace

void Oracle::after_round(std::size_t machine, node::Node& node) {
    node.take_touched(touched_);
    for (const GroupId id : touched_) {
        const replication::Replica& replica = node.partition(id).replica();
        const Shown now{replica.role(), replica.term(), replica.base().index, replica.commit(),
                        replica.last_index()};
        look(machine, id, now, ReplicaEntries(replica));
    }
}

void Oracle::look(std::size_t machine, GroupId id, const Shown& now, const Entries& entries) {
    Shown& seen = seen_[machine][id];
    if (now == seen) return;
    WEFT_INVARIANT(now.term >= seen.term, "S1: machine {} group {} went back to term {}", machine,
                   id.value, now.term.value);
    WEFT_INVARIANT(now.commit >= seen.commit, "S21: machine {} group {} commit back to {}", machine,
                   id.value, now.commit.value);
    check_appended(seen, now, entries, id);
    if (now.role == replication::Role::Leader &&
        (seen.role != replication::Role::Leader || seen.term != now.term))
        check_leader(machine, now, entries, id);
    if (now.commit > seen.commit) check_commit(seen, now, entries, id);
    seen = now;
}

void Oracle::check_leader(std::size_t machine, const Shown& now, const Entries& entries,
                          GroupId id) {
    Group& group = groups_[id];
    const auto [leader, first] = group.leaders.try_emplace(now.term, machine);
    WEFT_INVARIANT(first || leader->second == machine, "I1: group {} term {} led by {} and {}",
                   id.value, now.term.value, leader->second, machine);
    if (first) ++elections_;
    // Late votes may elect a leader of an older term after a newer one has committed: it can commit
    // nothing, and completeness does not speak of it.
    if (now.term <= group.committed_in) return;
    WEFT_INVARIANT(now.last >= group.highest,
                   "I3: leader {} of group {} ends at {}, {} is committed", machine, id.value,
                   now.last.value, group.highest.value);
    const auto term = entries.term_at(group.highest);
    WEFT_INVARIANT(!term || group.highest.value == 0 || *term == group.highest_term,
                   "I3: leader {} of group {} holds another entry at committed {}", machine,
                   id.value, group.highest.value);
}

// Log matching (Raft paper 5.3): entries of one index and term are one entry and follow upon equal
// logs; the chain covers the whole prefix.
void Oracle::check_appended(const Shown& seen, const Shown& now, const Entries& entries,
                            GroupId id) {
    // A new term may have replaced the tail, a leader's own or a follower's.
    const LogIndex after = now.term != seen.term ? std::min(seen.commit, seen.last) : seen.last;
    if (now.last <= after && now.term == seen.term) return;
    Group& group = groups_[id];
    for (LogIndex index = now.last; index > std::max(after, now.base); index = previous(index)) {
        const auto entry = entries.entry(index);
        if (!entry) break;
        std::vector<EntrySeen>& known = group.appended[index];
        const auto same = std::ranges::find(known, entry->term, &EntrySeen::term);
        if (same == known.end()) {
            known.push_back(*entry);
            continue;
        }
        WEFT_INVARIANT(same->chain == entry->chain, "I2: group {} has two entries at {} of term {}",
                       id.value, index.value, entry->term.value);
    }
    while (!group.appended.empty() &&
           group.appended.begin()->first.value + kAppendedKept < group.highest.value)
        group.appended.erase(group.appended.begin());
}

void Oracle::check_commit(const Shown& seen, const Shown& now, const Entries& entries, GroupId id) {
    Group& group = groups_[id];
    for (LogIndex index = next(std::max(seen.commit, now.base)); index <= now.commit;
         index = next(index)) {
        const auto entry = entries.entry(index);
        if (!entry) continue;
        if (group.committed.size() < index.value) group.committed.resize(index.value);
        EntrySeen& known = group.committed[index.value - 1];
        const bool first = known.term == Term{};
        WEFT_INVARIANT(first || known.chain == entry->chain,
                       "I2: group {} committed two entries at {}", id.value, index.value);
        if (first) {
            known = *entry;
            ++committed_entries_;
        }
        if (index > group.highest) {
            group.highest = index;
            group.highest_term = entry->term;
            group.committed_in = std::max(group.committed_in, now.term);
        }
    }
}

void Oracle::check_state(GroupId id, const StateSeen& one, const StateSeen& other) {
    if (one.base != other.base || one.applied != other.applied) return;
    ++states_compared_;
    WEFT_INVARIANT(one.hash == other.hash,
                   "I12: group {} at {}: the states of machines {} and {} differ", id.value,
                   one.applied.value, one.machine, other.machine);
}

void Oracle::compare_states(GroupId id, const std::vector<const node::Node*>& nodes) {
    struct At {
        std::size_t machine;
        LogIndex base, applied;
    };
    std::vector<At> ready;
    for (std::size_t machine = 0; machine < nodes.size(); ++machine) {
        if (nodes[machine] == nullptr || !nodes[machine]->hosts(id)) continue;
        const replication::Partition& partition = nodes[machine]->partition(id);
        const auto status = partition.status();
        if (!status.damaged && !status.blocked && partition.state_settled())
            ready.push_back({machine, status.base, status.applied});
    }
    const auto hash = [&](const At& at) {
        return StateSeen{at.machine, at.base, at.applied,
                         nodes[at.machine]->partition(id).state_hash()};
    };
    for (std::size_t i = 0; i < ready.size(); ++i) {
        const auto other = std::find_if(
            ready.begin() + static_cast<std::ptrdiff_t>(i) + 1, ready.end(), [&](const At& at) {
                return at.base == ready[i].base && at.applied == ready[i].applied;
            });
        if (other != ready.end()) check_state(id, hash(ready[i]), hash(*other));
    }
}

std::uint64_t Oracle::elections(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? 0 : found->second.leaders.size();
}

}  // namespace weft::sim
