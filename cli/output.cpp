#include "cli/output.h"

#include "core/error.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace weft::cli {

namespace {

using Json = nlohmann::ordered_json;

unsigned char byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(at < text.size() ? text[at] : '\0');
}

// The character of two or three bytes of UTF-8 that begins at `at`, when it is a control character
// or acts on its neighbours: U+0080 to U+009F; blanks without width, marks of direction (U+200B to
// U+200F), separators of lines, and what turns the order of characters around (U+2028 to U+202E,
// U+2066 to U+2069). Else 0.
std::uint32_t control_at(std::string_view text, std::size_t at) {
    const std::uint32_t lead = byte_at(text, at), next = byte_at(text, at + 1);
    if (lead == 0xc2 && next >= 0x80 && next < 0xa0) return next;
    const std::uint32_t last = byte_at(text, at + 2);
    if (lead != 0xe2 || (next & 0xc0U) != 0x80 || (last & 0xc0U) != 0x80) return 0;
    const std::uint32_t character = 0x2000 + ((next & 0x3fU) << 6) + (last & 0x3fU);
    const bool acts = (character >= 0x200b && character <= 0x200f) ||
                      (character >= 0x2028 && character <= 0x202e) ||
                      (character >= 0x2066 && character <= 0x2069);
    return acts ? character : 0;
}

// The library escapes the control characters below U+0020 alone.
std::string dump(const Json& json, int indent) {
    const std::string text = json.dump(indent, ' ', false, Json::error_handler_t::replace);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::uint32_t control = text[i] == 0x7f ? 0x7f : control_at(text, i);
        if (control == 0) {
            out += text[i];
            continue;
        }
        out += fmt::format("\\u{:04x}", control);
        i += control == 0x7f ? 0 : control < 0x800 ? 1 : 2;
    }
    return out + "\n";
}

Json json_of(const Cell& cell) {
    return std::visit(
        [](const auto& value) -> Json {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
                return nullptr;
            else
                return value;
        },
        cell);
}

std::string text_of(const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    if (std::holds_alternative<std::monostate>(cell)) return "-";
    return json_of(cell).dump();
}

// A cell of a numeric column is a number when it reads as one; "-" and the like stay text.
Json json_of_number(const std::string& text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    if (const auto [at, bad] = std::from_chars(text.data(), end, number);
        bad == std::errc{} && at == end)
        return number;
    double real = 0;
    if (const auto [at, bad] = std::from_chars(text.data(), end, real);
        bad == std::errc{} && at == end)
        return real;
    return text == "-" || text.empty() ? Json(nullptr) : Json(text);
}

// What is neither is not known: a text would count as true where it is tested.
Json json_of_flag(const std::string& text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return nullptr;
}

Json json_of(const Table& table, const std::vector<std::string>& row) {
    Json object = Json::object();
    for (std::size_t c = 0; c < table.columns.size() && c < row.size(); ++c) {
        if (c < table.numeric.size() && table.numeric[c])
            object[table.columns[c]] = json_of_number(row[c]);
        else if (c < table.flags.size() && table.flags[c])
            object[table.columns[c]] = json_of_flag(row[c]);
        else
            object[table.columns[c]] = row[c];
    }
    return object;
}

Json json_of(const Record& record) {
    Json object = Json::object();
    for (const Field& field : record) object[field.name] = json_of(field.value);
    return object;
}

std::string csv_cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) line += (c == 0 ? "" : ",") + csv_cell(cells[c]);
    return line + "\n";
}

// Bytes of the character of UTF-8 that begins at `at`, 1 for whatever else is there.
std::size_t character_bytes(std::string_view text, std::size_t at) {
    const unsigned char lead = byte_at(text, at);
    const std::size_t size = lead < 0xc2   ? 1
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 1;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte_at(text, at + i) & 0xc0U) != 0x80) return 1;
    return size;
}

// Bytes of the control character that begins at `at`, 0 for another character. U+0080 to U+009F are
// two bytes in UTF-8 and one for terminals that do not read it; U+009B alone is what ESC [ is.
std::size_t control_bytes(std::string_view text, std::size_t at) {
    const unsigned char byte = byte_at(text, at);
    if (const std::uint32_t control = control_at(text, at); control != 0)
        return control < 0x800 ? 2 : 3;
    return byte < 0x20 || byte == 0x7f || (byte >= 0x80 && byte < 0xa0) ? 1 : 0;
}

// Bytes of the colour sequence (ECMA-48 SGR) that begins at `at`, 0 when there is none.
std::size_t colour_bytes(std::string_view text, std::size_t at) {
    if (!text.substr(at).starts_with("\x1b[")) return 0;
    const std::size_t end = text.find_first_not_of("0123456789;", at + 2);
    return end != std::string_view::npos && text[end] == 'm' ? end + 1 - at : 0;
}

enum class Kept : std::uint8_t { Nothing, Lines, LinesAndColours };

std::string without_controls(std::string_view text, Kept kept) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const bool line = text[i] == '\n' || text[i] == '\t';
        const std::size_t colour = kept == Kept::LinesAndColours ? colour_bytes(text, i) : 0;
        const std::size_t control = control_bytes(text, i);
        if (control == 0 || colour > 0 || (line && kept != Kept::Nothing)) {
            const std::size_t kept_bytes = std::max(colour, character_bytes(text, i));
            out += text.substr(i, kept_bytes);
            i += kept_bytes;
            continue;
        }
        for (const std::size_t end = i + control; i < end; ++i)
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
    }
    return out;
}

// The lines behind the first are marked, so that none of them looks like a part of the error.
std::string printable_lines(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (at > 0) out += "\n  | ";
        out += printable(std::string_view(text).substr(at, end - at));
        at = end + 1;
    }
    return out;
}

// Characters, not bytes: continuation bytes of UTF-8 take no room of their own.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string aligned(const Table& table) {
    std::vector<std::vector<std::string>> lines{table.columns};
    for (const auto& row : table.rows) {
        lines.emplace_back();
        for (const auto& cell : row) lines.back().push_back(printable(cell));
    }
    std::vector<std::size_t> widths(table.columns.size());
    for (const auto& line : lines)
        for (std::size_t c = 0; c < widths.size() && c < line.size(); ++c)
            widths[c] = std::max(widths[c], width_of(line[c]));
    std::string out;
    for (const auto& line : lines) {
        std::string text;
        for (std::size_t c = 0; c < widths.size() && c < line.size(); ++c) {
            const std::string gap(widths[c] - width_of(line[c]), ' ');
            const bool right = c < table.numeric.size() && table.numeric[c];
            text += (c == 0 ? "" : "  ") + (right ? gap + line[c] : line[c] + gap);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + "\n";
    }
    return out;
}

}  // namespace

std::string printable(std::string_view text) { return without_controls(text, Kept::Nothing); }
std::string printable_value(std::string_view text) { return without_controls(text, Kept::Lines); }
std::string for_terminal(std::string_view text) {
    return without_controls(text, Kept::LinesAndColours);
}

std::string painted(Color color, std::string_view text) {
    const char* code = color == Color::Red ? "1;31" : color == Color::Green ? "1;32" : "1";
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::optional<Format> parse_format(std::string_view text) {
    if (text == "table") return Format::Table;
    if (text == "json") return Format::Json;
    if (text == "ndjson") return Format::Ndjson;
    if (text == "csv") return Format::Csv;
    return std::nullopt;
}

bool is_utf8(std::string_view text) {
    const Json json = std::string(text);
    try {
        (void)json.dump(-1, ' ', false, Json::error_handler_t::strict);
    } catch (const Json::exception&) {
        return false;
    }
    return true;
}

std::string utc_time(std::int64_t ms) {
    const std::int64_t rest = ((ms % 1000) + 1000) % 1000;
    const std::time_t seconds = (ms - rest) / 1000;
    std::tm utc{};
    if (::gmtime_r(&seconds, &utc) == nullptr) return std::to_string(ms);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, rest);
}

std::string base64(std::string_view bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    out.pop_back();
    return out;
}

void add_bytes(Record& record, std::string_view name, std::string_view value) {
    if (is_utf8(value))
        record.push_back({std::string(name), std::string(value)});
    else
        record.push_back({std::string(name) + "_base64", base64(value)});
}

std::string render(Format format, const Table& table) {
    switch (format) {
        case Format::Table:
            return aligned(table);
        case Format::Csv: {
            std::string out = csv_line(table.columns);
            for (const auto& row : table.rows) out += csv_line(row);
            return out;
        }
        case Format::Json: {
            Json list = Json::array();
            for (const auto& row : table.rows) list.push_back(json_of(table, row));
            return dump(list, 2);
        }
        case Format::Ndjson: {
            std::string out;
            for (const auto& row : table.rows) out += dump(json_of(table, row), -1);
            return out;
        }
    }
    return {};
}

std::string render(Format format, const Record& record) {
    if (format == Format::Json) return dump(json_of(record), 2);
    if (format == Format::Ndjson) return dump(json_of(record), -1);
    if (format == Format::Csv) return render(format, std::vector<Record>{record});
    Table table{{"field", "value"}, {false, false}, {}};
    for (const Field& field : record) table.rows.push_back({field.name, text_of(field.value)});
    return aligned(table);
}

std::string render(Format format, const std::vector<Record>& records) {
    if (format == Format::Json) {
        Json list = Json::array();
        for (const Record& record : records) list.push_back(json_of(record));
        return dump(list, 2);
    }
    Table table;
    std::string lines;
    for (const Record& record : records) {
        if (format == Format::Ndjson) lines += dump(json_of(record), -1);
        std::vector<std::string> row;
        for (const Field& field : record) {
            if (&record == &records.front()) {
                table.columns.push_back(field.name);
                table.numeric.push_back(!std::holds_alternative<std::string>(field.value));
            }
            row.push_back(text_of(field.value));
        }
        table.rows.push_back(std::move(row));
    }
    return format == Format::Ndjson ? lines : render(format, table);
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    if (count != 1 && !many.empty()) return fmt::format("{} {}", count, many);
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string render_error(Format format, const Error& error, const Record& fields, bool color) {
    const ErrorPage& page = error_page(static_cast<ErrorNumber>(error.number));
    const std::string code = fmt::format("WEFT-{:04}", error.number);
    const std::string message = error.message.empty() ? std::string(page.title) : error.message;
    if (format == Format::Json || format == Format::Ndjson) {
        Json inner = {{"code", error_code_name(error.code)},
                      {"number", code},
                      {"message", message},
                      {"because", page.because},
                      {"try", page.try_this},
                      {"retryable", error.is_retryable()}};
        for (const Field& field : fields) inner[field.name] = json_of(field.value);
        return dump(Json{{"error", inner}}, format == Format::Json ? 2 : -1);
    }
    const auto shown = [color](Color which, std::string text) {
        return color ? painted(which, text) : text;
    };
    std::string out = fmt::format("{}: {}\n  {} {}\n  {} {}\n", shown(Color::Red, "error " + code),
                                  printable_lines(message), shown(Color::Bold, "because:"),
                                  page.because, shown(Color::Bold, "try:"), page.try_this);
    for (const Field& field : fields)
        out += fmt::format("  {}: {}\n", field.name, text_of(field.value));
    return out;
}

}  // namespace weft::cli
