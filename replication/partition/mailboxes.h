#pragma once
// Commands that wait for their entity to come into memory. Bounded by number and by the bytes of
// their payloads; who finds no room is refused by the caller and has changed nothing.

#include "core/time.h"
#include "replication/partition/admission.h"
#include "replication/partition/entity_loader.h"
#include "replication/partition/partition.h"
#include "replication/partition/refused.h"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {

struct Queued {
    Origin from;
    Request request;
    Instant deadline = Instant::never();
    bool its_turn = false;
    Target target;
};

// One entity on its way into memory; commands for it wait here.
struct Activation {
    EntityLoader loader;
    std::deque<Queued> mailbox;
};

// By entity key. An activation exists for as long as somebody waits for it.
class Mailboxes {
public:
    enum class Added : std::uint8_t { NoRoom, First, Behind };
    // First: the activation is new, its entity is to be brought into memory. `item` is taken unless
    // there is no room.
    Added add(std::string_view key, Queued& item, const PartitionLimits& limits);
    Activation* find(std::string_view key);
    // Takes out who has waited longest for the entity. With the last the activation ends; nothing:
    // it has.
    std::optional<Queued> next(std::string_view key);
    // The term is lost: all of them end. Who waited, in the order of the keys.
    std::vector<Refused> refuse();
    // `each(key, activation)` in the order of the keys; none is added or ended meanwhile.
    template <class Each>
    void for_each(Each each) {
        for (auto& [key, activation] : activations_) each(key, activation);
    }

    // Commands that wait, for all entities.
    std::size_t size() const { return size_; }
    bool empty() const { return activations_.empty(); }
    void check() const;

private:
    std::map<std::string, Activation, std::less<>> activations_;
    std::size_t size_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace weft::replication
