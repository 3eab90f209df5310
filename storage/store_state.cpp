#include "storage/store_state.h"

#include "core/byte_io.h"

#include <fmt/core.h>

namespace weft::storage {

std::string encode_store_state(const StoreState& state) {
    std::string bytes;
    ByteWriter out(bytes);
    out.put(state.format);
    out.put(state.commits);
    out.put(state.first.value);
    out.put(state.next.value);
    out.put(state.erase_sequence);
    for (const TableTotals& totals : state.totals) {
        out.put(totals.sum);
        out.put(totals.chunks);
        out.put(static_cast<std::uint8_t>(totals.unknown ? 1 : 0));
    }
    return bytes;
}

std::optional<StoreState> decode_store_state(std::string_view in) {
    ByteReader reader(in);
    StoreState state;
    state.format = reader.get<std::uint8_t>();
    if (reader.bad() || state.format == 0) return std::nullopt;
    if (state.format > kStoreFormat) return state;
    state.commits = reader.get<std::uint64_t>();
    state.first.value = reader.get<std::uint64_t>();
    state.next.value = reader.get<std::uint64_t>();
    state.erase_sequence = reader.get<std::uint64_t>();
    for (TableTotals& totals : state.totals) {
        totals.sum = reader.get<std::uint64_t>();
        totals.chunks = reader.get<std::uint64_t>();
        totals.unknown = reader.get<std::uint8_t>() != 0;
    }
    if (!reader.done() || state.first > state.next) return std::nullopt;
    return state;
}

std::string encode_pending_erase(const PendingErase& erase) {
    std::string bytes;
    ByteWriter out(bytes);
    out.put(static_cast<std::uint8_t>(erase.table));
    out.put_blob(erase.prefix);
    return bytes;
}

bool decode_pending_erase(std::string_view in, PendingErase& erase) {
    ByteReader reader(in);
    erase.table = static_cast<Table>(reader.get<std::uint8_t>());
    erase.prefix = reader.get_blob();
    erase.stored = true;
    return reader.done() && erase.table >= Table::Entity && erase.table <= Table::Meta;
}

namespace {

constexpr std::uint64_t kProgressChunks = 4096;

bool is_state_row(Db db, std::string_view key) {
    return db == Db::Meta && !key.empty() && key.front() == RowName::kState;
}

void verdict(const TableTotals& expected, TableFindings& findings) {
    if (!findings.broken.empty()) return;
    const bool count_off = findings.found.chunks != expected.chunks;
    // A damaged chunk may have lost the very checksums that the sum is made of.
    const bool sum_off =
        findings.damaged.empty() && !expected.unknown && findings.found.sum != expected.sum;
    if (count_off)
        findings.broken =
            fmt::format("{} chunks instead of {}", findings.found.chunks, expected.chunks);
    else if (sum_off)
        findings.broken = "the sum over all chunks differs: a part of the table is older";
}

}  // namespace

int verify_table(Txn& txn, Db db, const TableTotals& expected, TableFindings& findings) {
    Cursor cursor(txn, db);
    std::string before;
    int rc = cursor.first();
    for (; rc == kDone && findings.broken.empty(); rc = cursor.next()) {
        const std::string_view key = cursor.key();
        if (!before.empty() && key <= before) findings.broken = "keys are out of order";
        before.assign(key);
        // A damaged branch page leads a look-up astray although the walk sees every chunk.
        std::string_view again;
        const int found = txn.get(db, key, again);
        if (found != kDone && found != kNotFound) return found;
        if (found == kNotFound || again.data() != cursor.value().data())
            findings.broken = "a key that is there is not found";
        if (is_state_row(db, key)) continue;
        const ChunkCheck check = check_chunk(db, key, cursor.value());
        if (!check.key_holds) findings.broken = "a chunk does not belong to its key";
        if (!check.body_holds) findings.damaged.emplace_back(key);
        findings.found.sum += row_mark(cursor.value());
        ++findings.found.chunks;
        findings.bytes += key.size() + cursor.value().size();
        std::string_view row;
        if (first_chunk_of(db, key, row)) ++findings.rows;
        if (findings.progress && findings.found.chunks % kProgressChunks == 0)
            findings.progress(findings.bytes);
    }
    if (rc != kDone && rc != kNotFound) return rc;
    verdict(expected, findings);
    return kDone;
}

}  // namespace weft::storage
