#pragma once
// The store's own row: what the other tables must look like. Written with every commit, so that a
// part of the file that is older than the rest is found out at open.

#include "storage/lmdb_log.h"
#include "storage/lmdb_rows.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::storage {

inline constexpr std::uint8_t kStoreFormat = 1;

struct StoreState {
    std::uint8_t format = kStoreFormat;
    std::uint64_t commits = 0;
    Lsn first{1}, next{1};
    std::uint64_t erase_sequence = 0;  // the number of the last remembered erase_prefix
    Totals totals{};
};

std::string encode_store_state(const StoreState& state);
// Nothing when the bytes are not a state; a newer format is returned with nothing else read.
std::optional<StoreState> decode_store_state(std::string_view in);

// A prefix whose rows are still being erased.
struct PendingErase {
    std::uint64_t sequence = 0;
    Table table{};
    std::string prefix;
    bool stored = false;  // has its row in `meta`
};
std::string encode_pending_erase(const PendingErase& erase);
bool decode_pending_erase(std::string_view in, PendingErase& erase);

// Reads a row table whole and holds it against its totals.
struct TableFindings {
    TableTotals found;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::vector<std::string> damaged;  // physical keys of chunks whose bytes do not hold
    // Pages, not single chunks, are damaged: keys out of order or not found again, or the sum over
    // all chunks is not the one the state promises. Empty: none.
    std::string broken;
    // Called now and then with the bytes read so far.
    std::function<void(std::uint64_t)> progress;
};
int verify_table(Txn& txn, Db db, const TableTotals& expected, TableFindings& findings);

}  // namespace weft::storage
