#pragma once
// What the program prints: tables and records in the four formats of -o, errors in the form
// "error WEFT-NNNN: ... / because: ... / try: ...".

#include "weft/client.h"
#include "weft/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft::cli {

enum class Format : std::uint8_t { Table, Json, Ndjson, Csv };
std::optional<Format> parse_format(std::string_view text);

using Cell = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string>;
struct Field {
    std::string name;
    Cell value;
};
// One thing with named properties, in order.
using Record = std::vector<Field>;

// `value` as text when it is valid UTF-8, else under `name`_base64: JSON strings cannot hold bytes.
void add_bytes(Record& record, std::string_view name, std::string_view value);

// Every rendering ends with a newline, unless it is empty. Json is one document; Ndjson is one
// object per row.
std::string render(Format format, const Table& table);
std::string render(Format format, const Record& record);
// Records of one kind as a table; the columns are those of the first.
std::string render(Format format, const std::vector<Record>& records);

// `fields` are shown beside the error: the request id of an unknown outcome.
// `color`: for people, at a terminal.
std::string render_error(Format format, const Error& error, const Record& fields = {},
                         bool color = false);

enum class Color : std::uint8_t { Red, Green, Bold };
std::string painted(Color color, std::string_view text);

// "1 node", "3 nodes"; "2 entities" of "entity" and "entities".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});

// "2026-11-27T07:28:23.447Z" of milliseconds since 1970.
std::string utc_time(std::int64_t ms);

// Control characters would let a stored value write to the reader's terminal: printable() shows
// them as \xNN, printable_value() leaves line ends and tabs, for_terminal() leaves colours, too.
std::string printable(std::string_view text);
std::string printable_value(std::string_view text);
std::string for_terminal(std::string_view text);

std::string base64(std::string_view bytes);
bool is_utf8(std::string_view text);

}  // namespace weft::cli
