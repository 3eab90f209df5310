#pragma once
// A disk image that is the production store: an LMDB file in a folder of its own, opened and
// recovered as a node does it whenever a process has ended. At rest the file is open, so that it
// can be looked at while its machine is down.

#include "core/random.h"
#include "node/check_turns.h"
#include "sim/disk_image.h"
#include "storage/data_directory.h"
#include "storage/lmdb_rows.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

class RealImage final : public DiskImage {
public:
    struct Options {
        std::string path;  // made when there is none
        ClusterId cluster;
        NodeId node;
        storage::LmdbStoreBounds bounds;
        std::uint64_t check_steps = 1;  // what adds up is looked at with one of so many commits
    };
    explicit RealImage(const Options& options);
    std::string data_file() const { return options_.path + "/data.mdb"; }

    const storage::Store& store() const override { return directory_->store(); }
    Result<storage::StoreStats> apply(const storage::WriteBatch& batch) override;
    Boot begin_boot() override;
    // What was under way is one commit: a signal leaves all of it or nothing, a power cut any of
    // its sectors (torn_file.h). Other batches had not reached the store.
    std::size_t crash(const Crash& crash) override;
    void wipe() override;
    // Opens the store anew: LMDB never takes a map below what the file holds.
    void set_map_bytes(std::uint64_t bytes) override;
    std::function<void()> snapshot() override;

    std::vector<LogExtent> extents() const override;
    bool flip_bit_in_log(PartitionId group, LogIndex index, std::uint64_t bit) override;
    bool vanish_log(PartitionId group, LogIndex index) override;
    // Of two records of one size.
    bool swap_log(PartitionId group, LogIndex one, LogIndex other) override;
    std::vector<std::string> row_keys(storage::Table table) const override;
    bool flip_bit_in_row(storage::Table table, const std::string& key, std::uint64_t bit) override;
    bool corrupt_hard(PartitionId group) override;
    bool corrupt_base(PartitionId group) override;

private:
    using Files = std::map<std::string, std::string>;  // name -> bytes
    void open();
    // True: all of it has survived.
    bool commit_and_cut(const storage::WriteBatch& batch, Random chance);
    Files read_files() const;
    std::string read_data() const;

    // ---- real_damage.cpp: on the file, below the store that has it open
    std::string record(PartitionId group, LogIndex index) const;
    bool flip_in_chunk(const storage::RowName& name, std::string_view value, std::uint64_t bit);

    storage::DataDirectoryOptions options_;
    node::CheckTurns checks_;
    std::uint64_t kernel_ = 0;  // how often the machine itself was started
    std::unique_ptr<storage::DataDirectory> directory_;
};

}  // namespace weft::sim
