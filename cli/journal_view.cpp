#include "cli/journal_view.h"

#include "cli/mesh_view.h"

#include <fmt/core.h>

#include <charconv>
#include <limits>
#include <optional>

namespace weft::cli {

namespace {

constexpr std::size_t kShownMax = 40;

std::optional<std::uint64_t> number_in(const std::string& text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [at, bad] = std::from_chars(text.data(), end, number);
    return bad == std::errc{} && at == end && !text.empty() ? std::optional(number) : std::nullopt;
}

// "-" of rows without one.
std::string time_of(const std::string& stamp) {
    const auto ms = number_in(stamp);
    constexpr std::uint64_t kMsMax = 253'402'300'799'999;  // the year 9999
    return ms && *ms > 0 && *ms <= kMsMax ? utc_time(static_cast<std::int64_t>(*ms)) : "-";
}

// What a row holds besides the text; a node of an older weft says nothing of it.
struct Held {
    std::optional<std::string> value, events;
    bool left_out = false;
};

Held held_in(const Table& answer, std::size_t row) {
    Held held;
    const auto left_out = number_in(cell(answer, row, "left_out"));
    if (!left_out) return held;
    held.left_out = *left_out > 0;
    const std::string events = cell(answer, row, "events");
    if (events == "-")
        held.value = cell(answer, row, "value");
    else
        held.events = events;
    return held;
}

bool is_held(std::string_view column) {
    return column == "value" || column == "events" || column == "left_out";
}

std::string with_held(const std::string& what, const Held& held, bool full) {
    const std::size_t most = full ? std::numeric_limits<std::size_t>::max() : kShownMax;
    std::string shown;
    if (held.value) shown = shown_value(*held.value, held.left_out, most);
    if (held.events) shown = shown_value(*held.events, held.left_out, most);
    return what + (what.empty() || shown.empty() ? "" : ": ") + shown;
}

}  // namespace

std::string shown_value(std::string_view value, bool left_out, std::size_t most) {
    // What was cut may end within a character.
    std::string_view whole = value;
    for (int i = 0; left_out && i < 3 && !whole.empty() && !is_utf8(whole); ++i)
        whole.remove_suffix(1);
    std::string text;
    if (is_utf8(whole) && whole.empty() == value.empty()) {
        text = whole;
    } else {
        text = "0x";
        for (const char c : value.substr(0, std::min(value.size(), most)))
            text += fmt::format("{:02x}", static_cast<unsigned char>(c));
        left_out = left_out || value.size() > most;
    }
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
        if (!begins || ++characters <= most) continue;
        text.resize(i);
        left_out = true;
    }
    return text + (left_out ? "..." : "");
}

Table journal_table(const Table& answer, bool full) {
    Table table;
    for (std::size_t c = 0; c < answer.columns.size(); ++c) {
        if (is_held(answer.columns[c])) continue;
        const bool stamp = answer.columns[c] == "stamp";
        table.columns.push_back(stamp ? "time" : answer.columns[c]);
        table.numeric.push_back(!stamp && answer.numeric[c]);
    }
    for (std::size_t r = 0; r < answer.rows.size(); ++r) {
        auto& row = table.rows.emplace_back();
        for (const std::string& column : table.columns) {
            if (column == "time")
                row.push_back(time_of(cell(answer, r, "stamp")));
            else if (column == "what")
                row.push_back(with_held(cell(answer, r, column), held_in(answer, r), full));
            else
                row.push_back(cell(answer, r, column));
        }
    }
    return table;
}

std::vector<Record> journal_records(const Table& answer, bool all_columns) {
    std::vector<Record> records;
    for (std::size_t r = 0; r < answer.rows.size(); ++r) {
        Record& record = records.emplace_back();
        for (std::size_t c = 0; c < answer.columns.size(); ++c) {
            const std::string& column = answer.columns[c];
            const std::string text = cell(answer, r, column);
            if (is_held(column)) continue;
            if (!answer.numeric[c])
                record.push_back({column, text});
            else if (const auto number = number_in(text))
                record.push_back({column, *number});
            else
                record.push_back({column, std::monostate{}});
            if (column == "stamp") record.push_back({"time", time_of(text)});
        }
        const Held held = held_in(answer, r);
        const bool is_text = held.value && is_utf8(*held.value);
        if (all_columns || (held.value && is_text))
            record.push_back({"value", is_text ? *held.value : std::string()});
        if (all_columns || (held.value && !is_text))
            record.push_back(
                {"value_base64", held.value && !is_text ? base64(*held.value) : std::string()});
        if (all_columns || held.events)
            record.push_back({"events", held.events.value_or(std::string())});
        if (const auto left_out = number_in(cell(answer, r, "left_out")))
            record.push_back({"left_out", *left_out});
        else if (all_columns)
            record.push_back({"left_out", std::monostate{}});
    }
    return records;
}

}  // namespace weft::cli
