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
    explicit LogWriter(GroupId group) : group_(group) {}
    GroupId group() const { return group_; }
    LogIndex base() const { return base_.index; }
    LogIndex last() const { return LogIndex{base_.index.value + entries_.size()}; }
    // The next entry with `payload` in it, added to the batch.
    void append(WriteBatch& batch, Term term, std::string_view payload);
    void truncate(WriteBatch& batch, LogIndex from);
    void compact(WriteBatch& batch, LogIndex to);
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
    GroupId group_;
    LogBase base_;
    std::vector<Entry> entries_;
};

std::string random_bytes(Random& random, std::size_t size);

// Random valid batches over a few groups and rows.
class BatchMaker {
public:
    BatchMaker(std::uint64_t seed, std::uint32_t groups);
    WriteBatch next();
    Random& random() { return random_; }

private:
    void log_op(WriteBatch& batch);
    void row_op(WriteBatch& batch);
    std::size_t size_of_value();

    Random random_;
    std::vector<LogWriter> logs_;
    Term term_{1};
    std::uint64_t prefixes_ = 0;  // an erased prefix is never used again
};

// Everything a store can be asked, as text: equal texts = equal stores.
std::string picture(const Store& store);

}  // namespace weft::storage::test
