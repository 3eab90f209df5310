#include "weft/types.h"

#include <charconv>
#include <system_error>

namespace weft {

namespace {

// One number and, unless it is the last, the dash behind it.
template <class Number>
bool take_number(std::string_view& text, Number& value, bool last) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (last) return text.empty();
    if (!text.starts_with('-')) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::optional<RequestId> RequestId::parse(std::string_view text) {
    constexpr std::size_t kClientHexBytes = 32;
    if (text.size() <= kClientHexBytes || text[kClientHexBytes] != '-') return std::nullopt;
    const auto parsed = ClientId::from_hex(text.substr(0, kClientHexBytes));
    if (!parsed) return std::nullopt;
    text.remove_prefix(kClientHexBytes + 1);
    RequestId id;
    id.client = *parsed;
    if (!take_number(text, id.start_ms, false) || !take_number(text, id.group.value, false) ||
        !take_number(text, id.seq, true))
        return std::nullopt;
    return id;
}

}  // namespace weft
