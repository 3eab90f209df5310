#pragma once
// One entity in memory, and the table that finds a group's entities by key. A node holds hundreds
// of thousands of small ones: key and link lie in the entity's own allocation, which saves the
// node, the key string and its block that a std::unordered_map would take for each.

#include "core/ids.h"
#include "core/standing.h"
#include "core/time.h"
#include "entity/type.h"
#include "entity/unflushed.h"
#include "weft/types.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::entity {

struct Image {
    std::string state;
    Standing standing;
    bool exists() const { return standing.exists(); }
};

// The newest state while it rests on entries that are not committed; `last` is the newest of them.
struct Ahead {
    Image image;
    LogIndex last;
};

// Made by an EntityTable alone, which puts the key behind it.
struct Entity {
    Entity(const Entity&) = delete;
    Entity& operator=(const Entity&) = delete;
    std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_bytes}; }

    Image committed;
    std::unique_ptr<Ahead> ahead;
    Unflushed unflushed;
    Entity* newer = nullptr;  // order of use
    Entity* older = nullptr;
    Entity* next_in_bucket = nullptr;  // the table's
    Instant used;
    PersistSeq flush_seq;        // of its last flush; 0 = none
    std::uint32_t dirty_at = 0;  // place among the dirty ones
    std::uint16_t key_bytes = 0;
    Kind kind = Kind::Value;
    bool known : 1 = false;    // the numbers of `committed` are those of the last applied entry
    bool loaded : 1 = false;   // so is its state
    bool dirty : 1 = false;    // rows do not hold it
    bool loading : 1 = false;  // an activation runs

private:
    friend class EntityTable;
    Entity() = default;
    ~Entity() = default;
};
static_assert(sizeof(Entity) <= 120, "with a key of 32 bytes it fits into 160 of malloc");

class EntityTable {
public:
    EntityTable() = default;
    EntityTable(const EntityTable&) = delete;
    EntityTable& operator=(const EntityTable&) = delete;
    ~EntityTable() { clear(); }

    Entity* find(std::string_view key) const;
    // `key` must be new, and at most 65,535 bytes. Entities stay where they are until erased.
    Entity& add(std::string_view key);
    void erase(Entity& entity);
    void clear();
    std::size_t size() const { return size_; }

private:
    static std::size_t hash(std::string_view key);
    std::size_t bucket_of(std::string_view key) const { return hash(key) & (buckets_.size() - 1); }
    void resize(std::size_t buckets);
    static void destroy(Entity* entity);

    std::vector<Entity*> buckets_;  // a power of two, or none
    std::size_t size_ = 0;
};

}  // namespace weft::entity
