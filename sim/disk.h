#pragma once
// A machine's disk: a durable image and the batches not synced yet, in order. What a crash keeps of
// those is for the image to say. One sync covers everything queued when it starts, as the journal
// thread does, and is written when it ends.

#include "core/random.h"
#include "core/time.h"
#include "node/events.h"
#include "sim/disk_image.h"
#include "sim/event_queue.h"
#include "sim/trace_hash.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace weft::sim {

struct DiskTimes {
    Duration sync_min = std::chrono::microseconds(100);
    Duration sync_max = std::chrono::milliseconds(2);
    Duration read_min = std::chrono::microseconds(20);
    Duration read_max = std::chrono::microseconds(500);
    // Of the reads, so many see the disk as it is when they begin, the others as they end: a reader
    // looks at some moment in between, and the journal goes on meanwhile.
    std::uint64_t early_percent = 0;
};

class DiskUser {
public:
    virtual ~DiskUser() = default;
    // Persisted, StorageFull or Fetched; not after a crash.
    virtual void disk_event(node::Event event) = 0;
    // A sync failed: the process must end with exit code 74 (S2).
    virtual void sync_failed() = 0;
    // The batch is on the disk, whether its Persisted comes or a crash first.
    virtual void disk_applied(const storage::WriteBatch& batch) = 0;
    virtual void disk_trace(TraceHash::Kind kind, std::uint64_t payload) = 0;
};

class Disk {
public:
    Disk(EventQueue& queue, DiskUser& user, Random random,
         std::unique_ptr<DiskImage> image = std::make_unique<MemoryImage>())
        : queue_(queue), user_(user), seed_(random.next()), image_(std::move(image)) {}

    // Persisted comes when the batch and all before it are synced.
    void write(RoundSeq seq, const storage::WriteBatch& batch);
    void read(DiskFetchId id, replication::FetchRequest what);

    // The process ends; `salt` chooses what survives of the unsynced batches.
    void crash(std::uint64_t salt, DiskImage::Ending ending);

    // ---- faults
    // Nothing is synced or read before this moment.
    void stall(Instant until) { stalled_until_ = std::max(stalled_until_, until); }
    void add_slowness(std::int64_t by);  // times this much slower; negative: no longer
    void add_late_reads(Duration by) { late_reads_ += by; }
    void fail_next_sync() { fail_sync_ = true; }
    void set_full(bool full) { full_ += full ? 1 : -1; }
    // So much fits on it, beyond what is there; until as many calls of lift_limit().
    void limit(std::uint64_t bytes);
    void lift_limit();
    void heal();

    DiskImage& image() { return *image_; }
    const DiskImage& image() const { return *image_; }
    const storage::Store& store() const { return image_->store(); }
    std::size_t unsynced() const { return unsynced_.size(); }
    DiskTimes times;

private:
    struct InFlight {
        std::uint64_t number = 0;
        std::move_only_function<void()> then;
    };
    void begin(Duration lasts, std::move_only_function<void()> then);
    void finish_after(Duration wait, std::uint64_t number);
    void end_delays();
    void start_sync();
    void finish_sync();
    void retry_when_full();
    node::Fetched look(DiskFetchId id, const replication::FetchRequest& what) const;
    void finish_read(node::Fetched fetched);
    bool write_to_image();
    void forget_synced();
    // Each operation has a number, and its chance depends on nothing else.
    Random chance() { return Random(seed_ + ++operations_ * 0xd1342543de82ef95ULL); }
    Duration delay(Random& chance, Duration low, Duration high) const;

    EventQueue& queue_;
    DiskUser& user_;
    std::uint64_t seed_;
    std::uint64_t operations_ = 0;
    std::unique_ptr<DiskImage> image_;
    std::vector<storage::WriteBatch> unsynced_;
    std::vector<RoundSeq> seqs_;              // of the unsynced
    std::vector<storage::WriteBatch> spare_;  // empty, with room
    std::size_t syncing_ = 0;                 // the first of the unsynced
    bool told_full_ = false;
    bool fail_sync_ = false;
    int full_ = 0;
    int limits_ = 0;
    std::int64_t slowness_ = 0;
    Duration late_reads_{};
    std::uint64_t begun_ = 0;
    std::vector<InFlight> in_flight_;  // by number; lost in a crash
    Instant stalled_until_;
};

}  // namespace weft::sim
