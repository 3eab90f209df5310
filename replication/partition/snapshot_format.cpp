#include "replication/partition/snapshot_format.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "replication/partition/rows.h"

namespace weft::replication {

std::string encode_snapshot_base(const storage::LogBase& base) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(base.index.value);
    writer.put(base.term.value);
    writer.put(base.stamp_ms);
    writer.put_id(base.chain);
    writer.put_blob(base.config);
    return bytes;
}

Result<storage::LogBase> decode_snapshot_base(std::string_view bytes) {
    ByteReader reader(bytes);
    storage::LogBase base;
    base.index.value = reader.get<std::uint64_t>();
    base.term.value = reader.get<std::uint64_t>();
    base.stamp_ms = reader.get<std::int64_t>();
    base.chain = reader.get_id<Chain>();
    base.config = std::string(reader.get_blob());
    if (!reader.done()) return fail(ErrorNumber::BadMessage, "a snapshot's base does not parse");
    return base;
}

void append_snapshot_row(std::string& out, const SnapshotRowOut& row) {
    ByteWriter writer(out);
    writer.put(static_cast<std::uint8_t>(row.table));
    writer.put_blob(row.key);
    writer.put_blob(row.value);
}

Result<std::vector<SnapshotRowOut>> decode_snapshot_rows(std::string_view bytes) {
    ByteReader reader(bytes);
    std::vector<SnapshotRowOut> rows;
    while (!reader.bad() && !reader.rest().empty()) {
        SnapshotRowOut row;
        row.table = storage::Table{reader.get<std::uint8_t>()};
        row.key = reader.get_blob();
        row.value = reader.get_blob();
        const bool known = row.table == storage::Table::Entity ||
                           row.table == storage::Table::Journal ||
                           row.table == storage::Table::Session;
        const bool fits = !row.key.empty() &&
                          row.key.size() + kRowPrefixBytes <= storage::kRowKeyBytesMax &&
                          row.value.size() <= storage::kRowValueBytesMax;
        if (!reader.bad() && (!known || !fits))
            return fail(ErrorNumber::BadMessage, "a snapshot's row of table {}, {} and {} bytes",
                        static_cast<int>(row.table), row.key.size(), row.value.size());
        rows.push_back(row);
    }
    if (reader.bad()) return fail(ErrorNumber::BadMessage, "a snapshot's rows are cut short");
    return rows;
}

}  // namespace weft::replication
