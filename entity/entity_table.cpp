#include "entity/entity_table.h"

#include "core/invariant.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <new>

namespace weft::entity {

namespace {

constexpr std::size_t kBucketsMin = 16;

}  // namespace

std::size_t EntityTable::hash(std::string_view key) {
    std::size_t hash = 0;  // the key begins with a keyed hash of its own
    std::memcpy(&hash, key.data(), std::min(key.size(), sizeof hash));
    return hash ^ (key.size() > sizeof hash + 1
                       ? std::hash<std::string_view>{}(key.substr(sizeof hash + 1))
                       : 0);
}

Entity* EntityTable::find(std::string_view key) const {
    if (buckets_.empty()) return nullptr;
    Entity* entity = buckets_[bucket_of(key)];
    while (entity != nullptr && entity->key() != key) entity = entity->next_in_bucket;
    return entity;
}

Entity& EntityTable::add(std::string_view key) {
    WEFT_INVARIANT(key.size() <= std::numeric_limits<std::uint16_t>::max(), "a key of {} bytes",
                   key.size());
    if (size_ >= buckets_.size()) resize(std::max(kBucketsMin, buckets_.size() * 2));
    auto* entity = new (::operator new(sizeof(Entity) + key.size())) Entity;
    entity->key_bytes = static_cast<std::uint16_t>(key.size());
    if (!key.empty()) std::memcpy(reinterpret_cast<char*>(entity + 1), key.data(), key.size());
    Entity*& bucket = buckets_[bucket_of(key)];
    entity->next_in_bucket = bucket;
    bucket = entity;
    ++size_;
    return *entity;
}

void EntityTable::erase(Entity& entity) {
    Entity** at = &buckets_[bucket_of(entity.key())];
    while (*at != &entity) at = &(*at)->next_in_bucket;
    *at = entity.next_in_bucket;
    destroy(&entity);
    --size_;
    // Far below, so that a group at a border does not go back and forth.
    if (buckets_.size() > kBucketsMin && size_ < buckets_.size() / 8) resize(buckets_.size() / 4);
}

void EntityTable::clear() {
    for (Entity* entity : buckets_) {
        while (entity != nullptr) {
            Entity* const next = entity->next_in_bucket;
            destroy(entity);
            entity = next;
        }
    }
    std::vector<Entity*>().swap(buckets_);
    size_ = 0;
}

void EntityTable::resize(std::size_t buckets) {
    std::vector<Entity*> old(std::max(kBucketsMin, buckets));
    old.swap(buckets_);
    for (Entity* entity : old) {
        while (entity != nullptr) {
            Entity* const next = entity->next_in_bucket;
            Entity*& bucket = buckets_[bucket_of(entity->key())];
            entity->next_in_bucket = bucket;
            bucket = entity;
            entity = next;
        }
    }
}

void EntityTable::destroy(Entity* entity) {
    entity->~Entity();
    ::operator delete(entity);
}

}  // namespace weft::entity
