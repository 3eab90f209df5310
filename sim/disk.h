#pragma once
// A machine's disk: a durable image and the batches not synced yet, in order. A crash keeps a
// random prefix of those. One sync covers everything queued when it starts, as the journal thread
// does.

#include "core/random.h"
#include "core/time.h"
#include "node/events.h"
#include "sim/clock.h"
#include "storage/memory_store.h"

#include <cstdint>
#include <deque>
#include <functional>

namespace weft::sim {

struct DiskTimes {
    Duration sync_min = std::chrono::microseconds(100);
    Duration sync_max = std::chrono::milliseconds(2);
    Duration read_min = std::chrono::microseconds(20);
    Duration read_max = std::chrono::microseconds(500);
};

class Disk {
public:
    Disk(EventQueue& queue, Random random) : queue_(queue), random_(random) {}

    // `done` runs when the batch and all before it are synced; not after a crash.
    using Done = std::function<void(node::Event)>;
    void write(std::uint64_t seq, const storage::WriteBatch& batch, const Done& done);
    void read(std::uint64_t id, const replication::FetchRequest& what, const Done& done);

    // Power fails: of the unsynced batches a random prefix survives.
    void crash();
    // Nothing is synced or read before this moment.
    void stall(Instant until) { stalled_until_ = std::max(stalled_until_, until); }
    void wipe() { image_ = storage::MemoryStore(); }

    storage::MemoryStore& image() { return image_; }
    DiskTimes times;

private:
    struct Unsynced {
        std::uint64_t seq = 0;
        storage::WriteBatch batch;
    };
    void start_sync(const Done& done);
    void finish_sync(std::size_t count, const Done& done);
    Duration delay(Duration low, Duration high);

    EventQueue& queue_;
    Random random_;
    storage::MemoryStore image_;
    std::deque<Unsynced> unsynced_;
    bool syncing_ = false;
    std::uint64_t life_ = 0;
    Instant stalled_until_;
};

}  // namespace weft::sim
