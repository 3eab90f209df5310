#pragma once
// What a node answers to "journal", for people and for programs.

#include "cli/output.h"
#include "weft/client.h"

#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

// For people: UTC, and what was stored behind what happened, cut to some 40 characters unless
// `full`.
Table journal_table(const Table& answer, bool full);
// For programs: all columns, "time" in UTC, "value" or "value_base64". With `all_columns` every
// record has both, empty or not: rows of CSV are of one length.
std::vector<Record> journal_records(const Table& answer, bool all_columns);

// Text as it is, other bytes in hex; with "..." when `left_out` or more than `most` characters.
std::string shown_value(std::string_view value, bool left_out, std::size_t most);

}  // namespace weft::cli
