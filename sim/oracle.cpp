#include "sim/oracle.h"

#include "core/invariant.h"

#include <algorithm>
#include <variant>

namespace weft::sim {
namespace {

class ReplicaEntries final : public Oracle::Entries {
public:
    explicit ReplicaEntries(const replication::Replica& replica) : replica_(replica) {}
    std::optional<Oracle::EntrySeen> entry(LogIndex index) const override {
        const auto known = replica_.window().find(index);
        if (!known) return std::nullopt;
        return Oracle::EntrySeen{known->term, known->chain};
    }

private:
    const replication::Replica& replica_;
};

class NodeMemory final : public Promises::Memory {
public:
    explicit NodeMemory(const node::Node& node) : node_(node) {}
    std::optional<Chain> chain_at(PartitionId group, Term term, LogIndex index) const override {
        if (!node_.hosts(group)) return std::nullopt;
        const replication::Replica& replica = node_.partition(group).replica();
        if (replica.term() != term) return std::nullopt;
        const auto known = replica.window().find(index);
        if (!known) return std::nullopt;
        return known->chain;
    }
    LogIndex commit(PartitionId group) const override {
        return node_.hosts(group) ? node_.partition(group).replica().commit() : LogIndex{};
    }

private:
    const node::Node& node_;
};

}  // namespace

void Oracle::leaves(std::size_t machine, const node::Node& node, const node::SendPeer& sent) {
    if (const auto* hello = std::get_if<node::PeerHello>(&sent.message)) {
        if (hello->answer)
            boots_.answers_hello(machine, sent.to, hello->refused != node::Verdict::Sound);
        return;
    }
    const auto* message = std::get_if<replication::PeerMessage>(&sent.message);
    if (message == nullptr) return;
    promises_.leaves({machine, sent.to}, *message, NodeMemory(node));
    if (const auto* confirm = std::get_if<replication::Confirm>(message))
        reads_.asks(machine, confirm->round);
}

void Oracle::answers(std::size_t machine, const node::Node& node, const node::SendClient& sent) {
    const auto* reply = std::get_if<Reply>(&sent.message);
    if (reply == nullptr) return;
    if (reply->level != Level::Linearizable) return reads_.refuses(machine, reply->id);
    const replication::Replica& replica = node.partition(reply->id.group).replica();
    reads_.answers(machine, reply->id, {node.self(), replica.commit(), replica.config()});
}

void Oracle::hears_peer(std::size_t machine, const node::Node& node, const node::FromPeer& heard) {
    if (std::holds_alternative<node::PeerHello>(heard.message))
        return boots_.hears_hello(machine, heard.from, heard.boot);
    boots_.hears(machine, heard.from, heard.boot, node.counters().former_boot_frames);
    const auto* message = std::get_if<replication::PeerMessage>(&heard.message);
    if (message == nullptr) return;
    if (const auto* answer = std::get_if<replication::ConfirmAnswer>(message))
        for (const auto& claim : promises_.granted({node.self(), heard.from}, *answer))
            reads_.hears(machine, {answer->round, claim.group, heard.from});
}

void Oracle::hears(std::size_t machine, const node::Node& node, const node::Event& event,
                   const entity::TypeTable& types) {
    boots_.stepped(machine, node.counters().former_boot_frames);
    if (const auto* peer = std::get_if<node::FromPeer>(&event)) {
        hears_peer(machine, node, *peer);
    } else if (const auto* client = std::get_if<node::FromClient>(&event)) {
        const auto* request = std::get_if<Request>(&client->message);
        if (request == nullptr || !node.hosts(request->id.group)) return;
        if (request->kind == RequestKind::Resolve) return reads_.resolves(machine, request->id);
        const entity::EntityType* type = types.find(request->type);
        if (type != nullptr && type->command(request->command) == entity::Access::Read)
            reads_.came(machine, request->id,
                        node.partition(request->id.group).replica().last_index());
    }
}

void Oracle::after_round(std::size_t machine, node::Node& node) {
    boots_.stepped(machine, node.counters().former_boot_frames);
    node.take_touched(touched_);
    for (const PartitionId id : touched_) {
        const replication::Replica& replica = node.partition(id).replica();
        WEFT_INVARIANT(!replica.damaged() || promises_.is_damaged(machine),
                       "I22: machine {} group {} finds damage on a disk that is whole", machine,
                       id.value);
        const Shown now{replica.role(), replica.term(), replica.base().index, replica.commit(),
                        replica.last_index()};
        const Shown& seen = seen_[machine][id];
        if (now == seen) continue;
        const ReplicaEntries entries(replica);
        const bool newer = now.commit > seen.commit && now.commit > promises_.committed(id);
        if (const auto tip = newer ? entries.entry(now.commit) : std::nullopt)
            promises_.commits(machine, {id, now.role, now.term, now.commit, *tip},
                              replica.config());
        look(machine, id, now, entries);
    }
}

void Oracle::look(std::size_t machine, PartitionId id, const Shown& now, const Entries& entries) {
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
                          PartitionId id) {
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
    // The chain covers the whole prefix.
    if (group.highest < now.base || group.highest == LogIndex{}) return;
    const auto entry = entries.entry(group.highest);
    WEFT_INVARIANT(entry && entry->chain == group.committed[group.highest.value - 1].chain,
                   "I3: leader {} of group {} holds another entry at committed {}", machine,
                   id.value, group.highest.value);
}

// Log matching (Raft paper 5.3): entries of one index and term are one entry and follow upon equal
// logs; the chain covers the whole prefix.
void Oracle::check_appended(const Shown& seen, const Shown& now, const Entries& entries,
                            PartitionId id) {
    // A new term may have replaced the tail, a leader's own or a follower's.
    const LogIndex after = now.term != seen.term ? std::min(seen.commit, seen.last) : seen.last;
    if (now.last <= after && now.term == seen.term) return;
    Group& group = groups_[id];
    for (LogIndex index = now.last; index > std::max(after, now.base); index = previous(index)) {
        const auto entry = entries.entry(index);
        if (!entry) continue;
        if (group.appended.size() < index.value) group.appended.resize(now.last.value);
        Group::Appended& known = group.appended[index.value - 1];
        if (known.first.term == Term{}) {
            known.first = *entry;
            continue;
        }
        const EntrySeen* same = &known.first;
        if (same->term != entry->term) {
            const auto found = std::ranges::find(known.others, entry->term, &EntrySeen::term);
            if (found == known.others.end()) {
                known.others.push_back(*entry);
                continue;
            }
            same = &*found;
        }
        WEFT_INVARIANT(same->chain == entry->chain, "I2: group {} has two entries at {} of term {}",
                       id.value, index.value, entry->term.value);
    }
}

bool Oracle::may_be_committed(PartitionId id, LogIndex index, const Chain& chain) const {
    const auto group = groups_.find(id);
    if (group == groups_.end() || index > group->second.highest) return false;
    const std::vector<EntrySeen>& committed = group->second.committed;
    if (index.value > committed.size()) return true;
    const EntrySeen& known = committed[index.value - 1];
    return known.term == Term{} || known.chain == chain;
}

void Oracle::check_commit(const Shown& seen, const Shown& now, const Entries& entries,
                          PartitionId id) {
    Group& group = groups_[id];
    // The base is an entry, too: its chain tells of those that it stands for.
    for (LogIndex index = std::max(next(seen.commit), now.base); index <= now.commit;
         index = next(index)) {
        if (index == LogIndex{}) continue;
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
            group.committed_in = std::max(group.committed_in, now.term);
        }
    }
}

void Oracle::check_state(PartitionId id, const StateSeen& one, const StateSeen& other) {
    if (one.base != other.base || one.applied != other.applied) return;
    ++states_compared_;
    WEFT_INVARIANT(one.hash == other.hash,
                   "I12: group {} at {}: the states of machines {} and {} differ", id.value,
                   one.applied.value, one.machine, other.machine);
}

void Oracle::compare_states(PartitionId id, const std::vector<const node::Node*>& nodes) {
    struct At {
        std::size_t machine;
        LogIndex base, applied;
    };
    std::vector<At> ready;
    for (std::size_t machine = 0; machine < nodes.size(); ++machine) {
        if (nodes[machine] == nullptr || !nodes[machine]->hosts(id)) continue;
        const replication::Partition& partition = nodes[machine]->partition(id);
        const auto status = partition.status();
        // All nodes are of one build, and what a disk has damaged is wanted again.
        WEFT_INVARIANT(!status.blocked, "S22: machine {} group {} cannot apply an entry", machine,
                       id.value);
        if (!status.damaged && partition.state_settled())
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

std::uint64_t Oracle::elections(PartitionId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? 0 : found->second.leaders.size();
}

}  // namespace weft::sim
