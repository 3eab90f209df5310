#pragma once
// One line of the answer to "journal": what an entry, an event or a row did to an entity.

#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft::node {

// Of a value, and of all events of an entry: a page must not become large by one line.
inline constexpr std::size_t kShownBytesMax = std::size_t{4} << 10;

// "1 event", "2 events".
std::string counted(std::size_t count, std::string_view one);

struct JournalLine {
    LogIndex index{};
    Term term{};
    std::int64_t stamp_ms = 0;
    std::string_view kind{};
    Version version{};
    std::size_t bytes = 0;
    std::string request{}, what{};
    // The begin of the value as it is; the events in hex with a blank between two, "-" without any;
    // how many bytes of them are left out, "-" when there is neither a value nor an event.
    std::string value{}, events = "-", left_out = "-";

    void show_value(std::string_view stored);
    void show_events(std::span<const std::string_view> all);
};

}  // namespace weft::node
