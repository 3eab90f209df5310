#pragma once
// The entities of one group in memory: committed state, the state ahead of it, what rows do not
// hold yet, and the order of use. Knows neither log nor disk: the partition says what was decided,
// committed and flushed. Iterates in key order or in order of use only.

#include "core/hash.h"
#include "core/ids.h"
#include "core/time.h"
#include "entity/entity_table.h"
#include "entity/kind.h"
#include "entity/type.h"
#include "weft/types.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::entity {

// An entity's key within its group: hash u64 big-endian | type length u8 | type | id. The hash is
// the one that places it, which routing computes by the same rule; groups can be doubled
// later because rows keep it.
void write_key(std::string& out, std::uint64_t hash, std::string_view type, std::string_view id);
std::uint64_t placement_hash(const HashKey& key, std::string_view type, std::string_view id);
struct KeyParts {
    std::uint64_t hash = 0;
    std::string_view type, id;
};
std::optional<KeyParts> split_key(std::string_view key);

class Host {
public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    Entity* find(std::string_view key);
    const Entity* find(std::string_view key) const;
    // Known or new. Every command comes by here: its key is put together without an allocation.
    Entity& obtain(const KeyParts& at, Instant now);
    void touch(Entity& entity, Instant now);

    // What a leader's handlers see: commands to one entity do not wait for the commit of each
    // other.
    static const Image& newest(const Entity& entity) {
        return entity.ahead ? entity.ahead->image : entity.committed;
    }
    // Runs the handler on the newest state and holds it to its limits: what exceeds them becomes a
    // rejection. Whatever will be written one day counts where it can still be refused: a row that
    // nobody could write once ended every replica, and again after a restart (finding 12).
    static Decision decide(const EntityType& type, const Entity& entity, std::string_view command,
                           std::string_view payload, const Context& context);
    // The state after `decision`, whose entry will have `index`; given to advance() once proposed.
    // Fails when the type does not accept its own events.
    Result<std::unique_ptr<Ahead>> draft(const EntityType& type, const Entity& entity,
                                         const Decision& decision, LogIndex index);
    void advance(Entity& entity, std::unique_ptr<Ahead> next, Kind kind);
    // The term is lost and the entries it rests on may never commit: back to the committed state
    // (S27). Kept, it would be seen again when this node leads the next term.
    void drop_ahead(Entity& entity);

    // Applies a committed entry. What was drafted for it takes its place without a copy and without
    // a second fold. `type`: folds events when the state is loaded; nothing (followers never run
    // user code) lets a loaded event-sourced state go.
    void commit(Entity& entity, const Change& change, const EntityType* type);
    // What an activation found; `entity` was not loaded.
    void loaded(Entity& entity, Image image, Kind kind);

    // Rows hold the committed state with `seq`, once that is on disk. Clean from here on, and not
    // to be evicted yet: read back before, its rows would be those of the sweep before.
    void flushed(Entity& entity, PersistSeq seq);
    void persisted(PersistSeq seq);
    // A sweep over the entities that are dirty now: next_to_sweep() gives them in key order and
    // nothing at the end. Each must be flushed in the same step.
    void begin_sweep();
    Entity* next_to_sweep();
    std::span<Entity* const> dirty() const { return dirty_; }
    // What no row on disk may hold: dirty, or its rows are on their way there. A list that asks for
    // the dirty ones alone leaves out those under way (finding 58). In no order.
    std::vector<const Entity*> unwritten() const;

    Entity* coldest() const { return oldest_; }
    // May go: clean, flush on disk, nothing ahead, nobody waits for it.
    static bool evictable(const Entity& entity, PersistSeq persisted_seq);
    void evict(Entity& entity);
    void clear();

    std::size_t size() const { return table_.size(); }
    std::size_t dirty_count() const { return dirty_.size(); }
    std::size_t dirty_bytes() const { return dirty_bytes_; }
    std::size_t clean_bytes() const { return bytes_ - dirty_bytes_; }
    // Full check of the sums and the order of use.
    void check() const;

private:
    // Keeps the sums right over a change of one entity, from its making to its end.
    class Accounting;
    void link_newest(Entity& entity);
    void unlink(Entity& entity);
    void mark_dirty(Entity& entity);
    void retire(std::unique_ptr<Ahead> ahead);

    EntityTable table_;
    std::string obtained_key_;    // room for it
    std::vector<Entity*> dirty_;  // in no order: an ordered index would cost more than the entity
    struct Flush {
        Entity* entity;
        PersistSeq seq;
    };
    std::deque<Flush> flushes_;                  // on their way to the disk, in order
    std::vector<Entity*> to_sweep_;              // a heap, smallest key in front
    std::vector<std::unique_ptr<Ahead>> spare_;  // kept so that a put costs no allocation here
    Entity* newest_ = nullptr;
    Entity* oldest_ = nullptr;
    std::size_t bytes_ = 0;
    std::size_t dirty_bytes_ = 0;
};

}  // namespace weft::entity
