#pragma once
// Histories as files of JSON lines: the reader of what `weft bench --history` writes, and its
// inverse. Grammar: docs/operating.md, "Histories".

#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"
#include "weft/result.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weft::cli {

struct HistoryReading {
    // Operations that this model does not know are errors; nothing: every kind is taken.
    std::optional<sim::Model> model;
    // A value is at most 1 MiB and each of its bytes at most six in JSON; cas has two.
    std::size_t line_bytes_max = std::size_t{16} << 20;
    std::size_t operations_max = 2'000'000;
};

// The histories in the file at `path`, by entity, each in the order of its lines.
// BadConfiguration: the file cannot be read. BadHistory names the first wrong line, what is wrong
// with it and what it should be. HistoryTooLarge: a line or the file is over its limit.
Result<std::map<std::string, sim::History>> read_history(const std::string& path,
                                                         const HistoryReading& reading = {});

// One line with its end, which read_history() turns into an equal operation: all fields, but the
// end of an unknown operation, which has none. Bytes that are no UTF-8 are replaced.
std::string operation_line(std::string_view entity, const sim::Operation& operation);

}  // namespace weft::cli
