#pragma once
// How a WriteBatch keeps its operations, and the loop that reads them again. The encoding lives in
// memory only and is never written to a disk or a socket.

#include "core/byte_io.h"
#include "core/invariant.h"
#include "storage/contracts.h"

#include <cstdint>
#include <string_view>

namespace weft::storage {

// One operation, borrowed from the batch. Which fields count depends on `kind`: log operations use
// group and index, row operations table and key; `value` is the entry, the row or an encoded state.
struct WriteOp {
    enum class Kind : std::uint8_t {
        Append = 1,
        Truncate,
        MoveBase,
        HardState,
        RemoveGroup,
        PutRow,
        EraseRow,
        ErasePrefix,
    };
    Kind kind{};
    PartitionId group;
    LogIndex index;
    Table table{};
    std::string_view key;
    std::string_view value;
};

void put_hard_state(ByteWriter& out, const HardState& state);
// Both readers give false when the bytes are not exactly one value.
bool get_hard_state(std::string_view in, HardState& state);
void put_log_base(ByteWriter& out, const LogBase& base);
bool get_log_base(std::string_view in, LogBase& base);

// The next operation, advancing `in`. A batch is written by this process, so damage is a bug.
WriteOp next_op(ByteReader& in);

// Calls `visit(const WriteOp&)` for each operation in order; stops early when it returns false.
template <class Visit>
void for_each_op(const WriteBatch& batch, Visit&& visit) {
    ByteReader in(batch.encoded());
    while (!in.rest().empty())
        if (!visit(next_op(in))) return;
}

}  // namespace weft::storage
