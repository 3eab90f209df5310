#include "node/admin/cursor.h"

#include "storage/contracts.h"

#include <fmt/core.h>

#include <charconv>

namespace weft::node {

namespace {

// No prefix and no id begins so: what does is a cursor.
constexpr char kCursorMark = '\x01';

template <class Number>
bool take_number(std::string_view& text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end == text.data() + text.size() || *end != '/') return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    return true;
}

}  // namespace

std::string cursor_of(const AdminQuery& query) {
    std::string hex;
    for (const char c : query.after) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return fmt::format("{}{}/{}/{}/{}/{}", kCursorMark, query.group.value, query.in_log ? 1 : 0,
                       query.next.value, query.rows_hold.value, hex);
}

std::string_view take_cursor(std::vector<std::string_view>& arguments) {
    std::string_view cursor;
    while (!arguments.empty() && arguments.back().starts_with(kCursorMark)) {
        if (cursor.empty()) cursor = arguments.back();
        arguments.pop_back();
    }
    return cursor;
}

bool read_cursor(std::string_view text, AdminQuery& query) {
    if (text.empty()) return true;
    text.remove_prefix(1);
    int phase = 0;
    if (!take_number(text, query.group.value) || !take_number(text, phase) ||
        !take_number(text, query.next.value) || !take_number(text, query.rows_hold.value) ||
        text.size() % 2 != 0 || text.size() > 2 * storage::kRowKeyBytesMax)
        return false;
    query.in_log = phase != 0;
    for (; !text.empty(); text.remove_prefix(2)) {
        unsigned char byte = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + 2, byte, 16);
        if (error != std::errc{} || end != text.data() + 2) return false;
        query.after.push_back(static_cast<char>(byte));
    }
    return true;
}

}  // namespace weft::node
