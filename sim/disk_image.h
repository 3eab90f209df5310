#pragma once
// What a machine's disk holds, behind one face for both stores: the in-memory reference here, and
// the production store in real_image.h. When something is written or lost is for Disk to say.

#include "storage/memory_store.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace weft::sim {

class DiskImage {
public:
    // How a process ends: its whole machine, by a signal, or by itself since a sync failed.
    enum class Ending : std::uint8_t { Power, Killed, SyncFailed };
    struct Crash {
        Ending ending{};
        std::uint64_t salt = 0;                         // decides what survives
        std::span<const storage::WriteBatch> unsynced;  // in order
        std::size_t under_way = 0;                      // the first of them, now being synced
    };
    using LogExtent = storage::MemoryStore::LogExtent;

    virtual ~DiskImage() = default;
    virtual const storage::Store& store() const = 0;
    virtual Result<storage::StoreStats> apply(const storage::WriteBatch& batch) = 0;
    // The boot counter is on the disk, too.
    virtual Boot begin_boot() = 0;
    // The process that had the store open is gone; the store is as the next one finds it. So many
    // of the unsynced batches have survived.
    virtual std::size_t crash(const Crash& crash) = 0;
    virtual void wipe() = 0;
    // From now on so many bytes fit, as if the store had been opened with a map of that size: it
    // tells that room is scarce, then refuses what does not fit. 0: more than a run writes.
    virtual void set_map_bytes(std::uint64_t bytes) = 0;
    // Puts back what is there now, whenever it is called.
    virtual std::function<void()> snapshot() = 0;

    // ---- damage; false: there is no such thing
    virtual std::vector<LogExtent> extents() const = 0;
    virtual std::vector<std::string> row_keys(storage::Table table) const = 0;
    virtual bool flip_bit_in_log(PartitionId group, LogIndex index, std::uint64_t bit) = 0;
    virtual bool vanish_log(PartitionId group, LogIndex index) = 0;
    virtual bool swap_log(PartitionId group, LogIndex one, LogIndex other) = 0;
    virtual bool flip_bit_in_row(storage::Table table, const std::string& key,
                                 std::uint64_t bit) = 0;
    virtual bool corrupt_hard(PartitionId group) = 0;
    virtual bool corrupt_base(PartitionId group) = 0;
};

class MemoryImage final : public DiskImage {
public:
    explicit MemoryImage(storage::MemoryStore::Options options = {})
        : options_(options), store_(options) {}
    const storage::Store& store() const override { return store_; }
    Result<storage::StoreStats> apply(const storage::WriteBatch& batch) override {
        return store_.apply(batch);
    }
    Boot begin_boot() override { return boot_ = Boot{boot_.value + 1}; }
    // Of the unsynced batches a prefix survives, as long as there is room.
    std::size_t crash(const Crash& crash) override;
    void wipe() override;
    void set_map_bytes(std::uint64_t bytes) override;
    std::function<void()> snapshot() override;
    std::vector<LogExtent> extents() const override { return store_.extents(); }
    bool flip_bit_in_log(PartitionId group, LogIndex index, std::uint64_t bit) override {
        return store_.flip_bit_in_log(group, index, bit);
    }
    bool vanish_log(PartitionId group, LogIndex index) override {
        return store_.vanish_log(group, index);
    }
    bool swap_log(PartitionId group, LogIndex one, LogIndex other) override {
        return store_.swap_log(group, one, other);
    }
    std::vector<std::string> row_keys(storage::Table table) const override {
        return store_.row_keys(table);
    }
    bool flip_bit_in_row(storage::Table table, const std::string& key, std::uint64_t bit) override {
        return store_.flip_bit_in_row(table, key, bit);
    }
    bool corrupt_hard(PartitionId group) override { return store_.corrupt_hard(group); }
    bool corrupt_base(PartitionId group) override { return store_.corrupt_base(group); }
    // For damage that only the reference can plant.
    storage::MemoryStore& reference() { return store_; }

private:
    storage::MemoryStore::Options options_;
    storage::MemoryStore store_;
    Boot boot_;
};

}  // namespace weft::sim
