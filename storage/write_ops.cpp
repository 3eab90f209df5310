#include "storage/write_ops.h"

#include <string>

namespace weft::storage {
namespace {

constexpr std::uint8_t kHardFormat = 1;
constexpr std::uint8_t kBaseFormat = 1;

void put_log_op(std::string& buffer, WriteOp::Kind kind, PartitionId group, LogIndex index) {
    ByteWriter out(buffer);
    out.put(static_cast<std::uint8_t>(kind));
    out.put(group.value);
    out.put(index.value);
}

void put_row_op(std::string& buffer, WriteOp::Kind kind, Table table, std::string_view key) {
    WEFT_INVARIANT(key.size() <= kRowKeyBytesMax, "row key of {} bytes", key.size());
    ByteWriter out(buffer);
    out.put(static_cast<std::uint8_t>(kind));
    out.put(static_cast<std::uint8_t>(table));
    out.put_blob(key);
}

bool is_row_op(WriteOp::Kind kind) { return kind >= WriteOp::Kind::PutRow; }

bool has_value(WriteOp::Kind kind) {
    switch (kind) {
        case WriteOp::Kind::Append:
        case WriteOp::Kind::MoveBase:
        case WriteOp::Kind::HardState:
        case WriteOp::Kind::PutRow:
            return true;
        case WriteOp::Kind::Truncate:
        case WriteOp::Kind::RemoveGroup:
        case WriteOp::Kind::EraseRow:
        case WriteOp::Kind::ErasePrefix:
            return false;
    }
    return false;
}

}  // namespace

void WriteBatch::append(PartitionId group, LogIndex index, std::string_view encoded) {
    WEFT_INVARIANT(!encoded.empty() && encoded.size() <= kEntryBytesMax, "entry of {} bytes",
                   encoded.size());
    put_log_op(buffer_, WriteOp::Kind::Append, group, index);
    ByteWriter(buffer_).put_blob(encoded);
}

void WriteBatch::truncate(PartitionId group, LogIndex from) {
    put_log_op(buffer_, WriteOp::Kind::Truncate, group, from);
}

void WriteBatch::move_base(PartitionId group, const LogBase& base) {
    put_log_op(buffer_, WriteOp::Kind::MoveBase, group, base.index);
    std::string encoded;
    ByteWriter out(encoded);
    put_log_base(out, base);
    ByteWriter(buffer_).put_blob(encoded);
}

void WriteBatch::hard_state(PartitionId group, const HardState& state) {
    put_log_op(buffer_, WriteOp::Kind::HardState, group, LogIndex{});
    std::string encoded;
    ByteWriter out(encoded);
    put_hard_state(out, state);
    ByteWriter(buffer_).put_blob(encoded);
}

void WriteBatch::remove_group(PartitionId group) {
    put_log_op(buffer_, WriteOp::Kind::RemoveGroup, group, LogIndex{});
}

void WriteBatch::put_row(Table table, std::string_view key, std::string_view value) {
    WEFT_INVARIANT(!key.empty(), "a row without a key in table {}", static_cast<int>(table));
    WEFT_INVARIANT(value.size() <= kRowValueBytesMax, "row value of {} bytes", value.size());
    put_row_op(buffer_, WriteOp::Kind::PutRow, table, key);
    ByteWriter(buffer_).put_blob(value);
}

void WriteBatch::erase_row(Table table, std::string_view key) {
    put_row_op(buffer_, WriteOp::Kind::EraseRow, table, key);
}

void WriteBatch::erase_prefix(Table table, std::string_view prefix) {
    put_row_op(buffer_, WriteOp::Kind::ErasePrefix, table, prefix);
}

void check_bounds(const LogRange& range) {
    WEFT_INVARIANT(range.bytes_max > 0, "a read of group {}'s log without a bound",
                   range.group.value);
}

void check_bounds(const RowScan& scan) {
    WEFT_INVARIANT(scan.bytes_max > 0 && scan.rows_max > 0, "a scan of table {} without a bound",
                   static_cast<int>(scan.table));
}

void put_hard_state(ByteWriter& out, const HardState& state) {
    out.put(kHardFormat);
    out.put(state.term.value);
    out.put_id(state.vote);
}

bool get_hard_state(std::string_view in, HardState& state) {
    ByteReader reader(in);
    const auto format = reader.get<std::uint8_t>();
    state.term.value = reader.get<std::uint64_t>();
    state.vote = reader.get_id<NodeId>();
    return reader.done() && format == kHardFormat;
}

void put_log_base(ByteWriter& out, const LogBase& base) {
    out.put(kBaseFormat);
    out.put(base.index.value);
    out.put(base.term.value);
    out.put_id(base.chain);
    out.put(base.stamp_ms);
    out.put(base.space.value);
    out.put_blob(base.config);
}

bool get_log_base(std::string_view in, LogBase& base) {
    ByteReader reader(in);
    const auto format = reader.get<std::uint8_t>();
    base.index.value = reader.get<std::uint64_t>();
    base.term.value = reader.get<std::uint64_t>();
    base.chain = reader.get_id<Chain>();
    base.stamp_ms = reader.get<std::int64_t>();
    base.space.value = reader.get<std::uint32_t>();
    base.config = reader.get_blob();
    return reader.done() && format == kBaseFormat;
}

WriteOp next_op(ByteReader& in) {
    WriteOp op;
    op.kind = static_cast<WriteOp::Kind>(in.get<std::uint8_t>());
    if (is_row_op(op.kind)) {
        op.table = static_cast<Table>(in.get<std::uint8_t>());
        op.key = in.get_blob();
    } else {
        op.group.value = in.get<std::uint32_t>();
        op.index.value = in.get<std::uint64_t>();
    }
    if (has_value(op.kind)) op.value = in.get_blob();
    WEFT_INVARIANT(!in.bad(), "a batch of this process does not decode");
    return op;
}

}  // namespace weft::storage
