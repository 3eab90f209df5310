#pragma once
// What clients saw: one record per finished operation, in the terms of the JSON lines that
// `weft bench --history` writes.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace weft::sim {

enum class OperationKind : std::uint8_t { Put, Get, Delete, Cas, Add };
enum class OperationOutcome : std::uint8_t { Done, Rejected, NotDone, Unknown };

struct Operation {
    std::uint32_t client = 0;
    OperationKind kind{};
    OperationOutcome outcome = OperationOutcome::Unknown;
    // Put: the value. Cas: the new value. Add: the delta in decimal.
    std::string argument;
    // Cas: what was expected; nothing = absent.
    std::optional<std::string> expected;
    // Get: the value seen; nothing = absent. Counter get and add: the number in decimal.
    std::optional<std::string> result;
    // Why it was not done or is unknown, for reports; judged by nobody.
    std::string note;
    std::int64_t start_ns = 0;
    std::int64_t end_ns = std::numeric_limits<std::int64_t>::max();
};

// The operations on one entity, in any order.
using History = std::vector<Operation>;

}  // namespace weft::sim
