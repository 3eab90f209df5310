#include "node/local_partitions.h"

#include "core/invariant.h"
#include "node/peers.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <utility>

namespace weft::node {

namespace {

constexpr auto kId = [](const LocalPartition* local) { return local->id; };

// A peer is a member of a group exactly if both hold it.
void check_members(const LocalPartitions& hosted, const Peers& peers) {
    for (const Peer& peer : std::views::values(peers.by_id())) {
        WEFT_INVARIANT(std::ranges::adjacent_find(peer.shared, std::ranges::greater_equal()) ==
                           peer.shared.end(),
                       "the groups shared with node {} do not rise", peer.record.node.hex());
        for (const PartitionId group : peer.shared) {
            const LocalPartition* local = hosted.find(group);
            WEFT_INVARIANT(local != nullptr && local->has(&peer),
                           "group {} is shared with node {}, which is no member", group.value,
                           peer.record.node.hex());
        }
    }
    for (const LocalPartition& local : hosted.all())
        for (const Peer* peer : local.members)
            WEFT_INVARIANT(std::ranges::binary_search(peer->shared, local.id),
                           "node {} is a member of group {} and does not share it",
                           peer->record.node.hex(), local.id.value);
}

}  // namespace

LocalPartition::RoleNews LocalPartition::on_role(replication::Role it_has, Term in) {
    const bool led = leads();
    const Term former = std::exchange(term, in);
    role = it_has;
    const bool goes_on = led && leads() && term == former;
    return {.begun = leads() && !goes_on, .ended = led && !goes_on, .former = former};
}

bool LocalPartition::has_successor() const {
    const auto greeted = [](const Peer* peer) { return peer->greeting().greeted(); };
    return leads() && std::ranges::any_of(members, greeted);
}

std::uint64_t LocalPartition::take_committed() {
    const LogIndex now = partition.replica().commit();
    const LogIndex before = std::exchange(commit, now);
    return leads() ? now.value - before.value : 0;
}

LocalPartition& LocalPartitions::host(LocalPartition local) {
    const PartitionId id = local.id;
    WEFT_INVARIANT(find(id) == nullptr, "group {} is hosted twice", id.value);
    if (id.value >= by_id_.size()) by_id_.resize(id.value + 1);
    by_id_[id.value] = std::make_unique<LocalPartition>(std::move(local));
    LocalPartition* added = by_id_[id.value].get();
    added->term = added->partition.replica().term();
    added->commit = added->partition.replica().commit();
    rising_.insert(std::ranges::lower_bound(rising_, id, {}, kId), added);
    return *added;
}

void LocalPartitions::touch(LocalPartition& local) {
    if (!std::exchange(local.touched, true)) touched_.push_back(local.id);
}

void LocalPartitions::note(LocalPartition& local) {
    const bool can_stand = local.partition.replica().can_stand();
    if (std::exchange(local.can_stand, can_stand) != can_stand)
        can_stand ? --cannot_stand_ : ++cannot_stand_;
    deadlines_.set_earlier(local.id, local.partition.next_deadline());
}

std::vector<PartitionId> LocalPartitions::cannot_stand_in(
    const std::vector<PartitionId>& groups) const {
    std::vector<PartitionId> found;
    if (cannot_stand_ == 0) return found;
    for (const PartitionId group : groups)
        if (!find(group)->can_stand) found.push_back(group);
    return found;
}

// A deadline mostly moves to a later moment, of which nobody is told: it is looked at when the
// earlier one has come.
const std::vector<PartitionId>& LocalPartitions::take_due(Instant now) {
    due_.clear();
    while (const auto group = deadlines_.pop_due(now)) {
        const Instant deadline = find(*group)->partition.next_deadline();
        if (deadline > now)
            deadlines_.set(*group, deadline);
        else
            due_.push_back(*group);
    }
    return due_;
}

void LocalPartitions::take_touched(std::vector<PartitionId>& groups) {
    groups.clear();
    std::swap(groups, touched_);
    for (const PartitionId group : groups) find(group)->touched = false;
}

void LocalPartitions::check(const Peers& peers) const {
    check_members(*this, peers);
    std::size_t cannot_stand = 0;
    std::size_t touched = 0;
    for (const LocalPartition& local : all()) {
        cannot_stand += local.can_stand ? 0 : 1;
        touched += local.touched ? 1 : 0;
        WEFT_INVARIANT(local.can_stand == local.partition.replica().can_stand(),
                       "whether group {} would campaign is told wrong", local.id.value);
        WEFT_INVARIANT(deadlines_.of(local.id) <= local.partition.next_deadline(),
                       "group {} will be woken too late", local.id.value);
    }
    WEFT_INVARIANT(cannot_stand == cannot_stand_, "{} groups would not campaign, {} are counted",
                   cannot_stand, cannot_stand_);
    WEFT_INVARIANT(touched == touched_.size(), "{} groups were stepped, {} are listed", touched,
                   touched_.size());
}

LocalPartition* LocalPartitions::from(PartitionId group) {
    const auto found = std::ranges::lower_bound(rising_, group, {}, kId);
    return found == rising_.end() ? nullptr : *found;
}

}  // namespace weft::node
