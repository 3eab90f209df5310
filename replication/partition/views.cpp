// What a partition shows of itself: its status, its replicated state as one number, and the lines
// of its entities for those who list them.

#include "replication/partition/partition_state.h"
#include "replication/partition/replicated_state.h"
#include "replication/partition/rows.h"

#include <algorithm>

namespace weft::replication {

std::uint64_t Partition::state_hash() const {
    return hash_of_state(state_->host, state_->sessions, state_->replica.base().index);
}

bool Partition::state_settled() const {
    return state_->session_loader.done() &&
           is_state_of(state_->host, state_->sessions, state_->applied.index());
}

PartitionStatus Partition::status() const {
    const Replica& replica = state_->replica;
    PartitionStatus status;
    status.group = state_->group();
    status.role = replica.role();
    status.term = replica.term();
    status.leader = replica.leader();
    status.base = replica.base().index;
    status.commit = replica.commit();
    status.applied = state_->applied.index();
    status.last = replica.last_index();
    status.durable = replica.durable_index();
    status.ready = ready();
    status.damaged = replica.damaged();
    status.active_entities = state_->host.size();
    status.dirty_entities = state_->host.dirty_count();
    status.sessions = state_->sessions.size();
    status.mailbox = state_->mailboxes.size() + state_->early.size();
    status.blocked = state_->applied.blocked() || replica.blocked();
    return status;
}

std::string Partition::row_prefix(storage::Table) const { return state_->prefix(); }

std::optional<Partition::EntityLine> Partition::entity_line(std::string_view key,
                                                            std::string_view value) const {
    if (key.size() <= kRowPrefixBytes) return std::nullopt;
    const std::string_view entity_key = key.substr(kRowPrefixBytes);
    const auto parts = entity::split_key(entity_key);
    if (!parts || parts->id.find('\0') != std::string_view::npos) return std::nullopt;
    const auto row = decode_entity_row(value);
    if (!row) return std::nullopt;
    return EntityLine{.row_key = std::string(key),
                      .type = std::string(parts->type),
                      .id = std::string(parts->id),
                      .standing = row->standing,
                      .bytes = row->value.size()};
}

std::vector<Partition::EntityLine> Partition::unwritten_lines(std::string_view type,
                                                              std::string_view id_prefix,
                                                              std::string_view after,
                                                              std::size_t most) const {
    const std::string at = state_->prefix();
    // Without copying the keys of those that are not wanted: they may be all of a large group.
    const auto behind = [&](std::string_view key, std::string_view row_key) {
        const int begins = std::string_view(at).compare(row_key.substr(0, at.size()));
        return begins != 0 ? begins > 0 : key > row_key.substr(at.size());
    };
    std::vector<const entity::Entity*> found;
    for (const entity::Entity* e : state_->host.unwritten()) {
        const auto parts = entity::split_key(e->key());
        if (!parts || parts->type != type || !parts->id.starts_with(id_prefix)) continue;
        if (behind(e->key(), after)) found.push_back(e);
    }
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(most, found.size()));
    std::ranges::partial_sort(found, end, {}, [](const entity::Entity* e) { return e->key(); });
    std::vector<EntityLine> lines;
    for (const entity::Entity* e : std::ranges::subrange(found.begin(), end)) {
        const auto parts = entity::split_key(e->key());
        lines.push_back({.row_key = entity_row_key(at, e->key()),
                         .type = std::string(parts->type),
                         .id = std::string(parts->id),
                         .standing = e->committed.standing,
                         .bytes = e->committed.state.size()});
    }
    return lines;
}

}  // namespace weft::replication
