#pragma once
// Shared by the storage tests: a folder that goes away, options, entries that check, and a
// generator of valid random batches.

#include "core/entry.h"
#include "core/random.h"
#include "storage/contracts.h"
#include "storage/data_directory.h"
#include "tests/support/temp_folder.h"

#include <map>
#include <string>
#include <vector>

namespace weft::storage::test {

// These tests are about bytes, not about speed: in memory where there is such a place.
class TempDir : public weft::test::TempFolder {
public:
    TempDir() : TempFolder(Place::Memory) {}
};

// A small directory of one mesh and node, without room set aside: what it writes is what is needed.
DataDirectoryOptions directory_options(const std::string& path);

std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view bytes);

// One group's log as its leader sees it: hands out entries that continue the chain.
class LogWriter {
public:
    explicit LogWriter(PartitionId group) : group_(group) {}
    PartitionId group() const { return group_; }
    LogIndex base() const { return base_.index; }
    LogIndex last() const { return LogIndex{base_.index.value + entries_.size()}; }
    // The next entry with `payload` in it, added to the batch.
    void append(WriteBatch& batch, Term term, std::string_view payload);
    void truncate(WriteBatch& batch, LogIndex from);
    void move_base(WriteBatch& batch, LogIndex to);
    // A snapshot from elsewhere: the log begins anew behind `index`.
    void install(WriteBatch& batch, LogIndex index, Term term);
    void repair(WriteBatch& batch, LogIndex index) const;
    void remove(WriteBatch& batch);
    const Bytes& entry(LogIndex index) const { return at(index).bytes; }

private:
    struct Entry {
        Bytes bytes;
        EntryHeader header;
    };
    const Entry& at(LogIndex index) const { return entries_[index.value - base_.index.value - 1]; }
    PartitionId group_;
    LogBase base_;
    std::vector<Entry> entries_;
};

std::string random_bytes(Random& random, std::size_t size);

// How much of the full sizes and of the seeds to run: $WEFT_STORAGE_SCALE in parts of a hundred,
// else all.
std::size_t scaled(std::size_t full);

// Every bound drawn: from the smallest on up to the default.
LmdbStoreBounds drawn_bounds(Random& random);

// Random valid batches over a few groups and rows.
class BatchMaker {
public:
    BatchMaker(std::uint64_t seed, std::uint32_t groups);
    WriteBatch next();
    Random& random() { return random_; }
    // Where rows are written now; everything below the erased ones is on its way out.
    std::string prefix() const { return prefix_of(prefixes_); }
    std::vector<std::string> erased() const;

private:
    void log_op(WriteBatch& batch);
    void row_op(WriteBatch& batch);
    std::size_t size_of_value();
    static std::string prefix_of(std::uint64_t number);

    Random random_;
    std::vector<LogWriter> logs_;
    Term term_{1};
    std::uint64_t prefixes_ = 0;  // an erased prefix is never used again
};

// Empty rounds until no row is left below the erased prefixes: before that nobody may read there.
void finish_erasing(Store& store, const std::vector<std::string>& erased);

// Where one read ends and the next one goes on.
struct ReadBounds {
    std::size_t log_bytes = 1000;
    std::size_t scan_bytes = 5000;
    std::size_t scan_rows = 7;
};
ReadBounds drawn_read_bounds(Random& random);

// Everything a store can be asked, as text: equal texts = equal stores. Of the rows those below
// `prefix`.
std::string picture(const Store& store, const ReadBounds& bounds = {},
                    const std::string& prefix = "");

}  // namespace weft::storage::test
