#pragma once
// Rows in LMDB (docs/storage-format.md, part 3). A row is cut into chunks that stay below half a
// page; each chunk carries checksums over its place (table and key) and over its bytes, and the
// first one a hash of the whole value. Every table keeps a running sum over its chunks, so that a
// page of an older tree is found out although each of its chunks is sound.

#include "storage/contracts.h"
#include "storage/lmdb_env.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::storage {

// Physical key <= 511 bytes (LMDB's limit); key + value <= 2,028 bytes keeps LMDB off overflow
// pages, whose allocation searches the free list for a run.
inline constexpr std::size_t kChunkBytesMax = 2000;
inline constexpr std::size_t kNodeBytesMax = 2028;

struct TableTotals {
    std::uint64_t sum = 0;  // of row_mark() over all chunks
    std::uint64_t chunks = 0;
    bool unknown = false;  // a damaged chunk was replaced: `sum` is taken anew at next open
    bool operator==(const TableTotals&) const = default;
};
using Totals = std::array<TableTotals, kRowDbs>;

// Names a row. In the table Meta `space` sets the store's own rows apart from the user's.
struct RowName {
    static constexpr char kUser = 'u', kState = 's', kErasing = 'e';
    Db db{};
    std::string_view key;
    char space = kUser;
};

// The physical key of one chunk: [space] key chunk(u16, big-endian).
class ChunkKey {
public:
    ChunkKey(const RowName& name, std::uint16_t chunk);
    void set_chunk(std::uint16_t chunk);
    std::string_view view() const { return {bytes_.data() + 1, size_ - 1}; }
    std::uint64_t checksum() const;

private:
    std::array<char, 512> bytes_{};  // the table's number in front
    std::size_t size_ = 0;
};

// What a stored chunk says about itself.
struct ChunkCheck {
    bool key_holds = false;  // false: the key is not the one it was written under
    bool body_holds = false;
    std::string_view body;
    bool holds() const { return key_holds && body_holds; }
};
ChunkCheck check_chunk(Db db, std::string_view physical_key, std::string_view stored);
// A chunk's share in its table's sum.
std::uint64_t row_mark(std::string_view stored);

// Writes rows in one transaction and keeps the totals. All give LMDB's result.
class RowWriter {
public:
    RowWriter(Txn& txn, Totals& totals) : txn_(txn), totals_(totals) {}
    int put(const RowName& name, std::string_view value);
    int erase(const RowName& name);
    // Erases at most `budget` chunks below the prefix `name.key` and takes them off it; `finished`
    // when none is left.
    int erase_below(const RowName& name, std::size_t& budget, bool& finished);

private:
    struct Chunk {
        std::string_view head, payload;
    };
    int put_chunk(Db db, const ChunkKey& key, const Chunk& chunk);
    int erase_chunk(Db db, std::string_view key);
    void forget(Db db, std::string_view key, std::string_view stored);
    int erase_chunks_from(const RowName& name, std::size_t first, std::size_t end);
    // How many chunks may be there now: exact when the first one holds.
    int stored_chunks(const RowName& name, std::size_t& count);

    Txn& txn_;
    Totals& totals_;
};

// Missing is a state, not an error; an LMDB error is one.
int fetch_row(Txn& txn, const RowName& name, FetchedRow& row);
int fetch_rows(Txn& txn, const RowScan& scan, FetchedRows& rows);
// True when `physical` is the first chunk of a row; `key` is then the row's key without its space.
bool first_chunk_of(Db db, std::string_view physical, std::string_view& key);

}  // namespace weft::storage
