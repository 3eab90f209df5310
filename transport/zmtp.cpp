#include "transport/zmtp.h"

#include <algorithm>

namespace weft::transport {

namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

constexpr std::size_t kGreetingBytes = 64;
constexpr std::size_t kVersionAt = 10;
constexpr std::size_t kMechanismAt = 12;
constexpr std::size_t kMechanismBytes = 20;
constexpr std::string_view kMechanism = "NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
static_assert(kMechanism.size() == kMechanismBytes);

constexpr std::uint8_t kLong = 2, kCommand = 4;  // flags of a frame; 1 says that more follow
constexpr std::size_t kShortHead = 2, kLongHead = 9;
constexpr std::size_t kShortBodyMax = 255;
// A READY names the socket's type and perhaps a routing id of up to 255 bytes.
constexpr std::size_t kReadyBytesMax = 1024;

std::uint8_t byte(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t out = 0;
    for (const char c : bytes) out = out << 8 | static_cast<std::uint8_t>(c);
    return out;
}

bool greeting_holds(std::string_view begin) {
    if (!begin.empty() && byte(begin, 0) != 0xff) return false;
    if (begin.size() > 9 && byte(begin, 9) != 0x7f) return false;
    if (begin.size() > kVersionAt && byte(begin, kVersionAt) < 3) return false;
    if (begin.size() <= kMechanismAt) return true;
    const std::string_view mechanism = begin.substr(kMechanismAt, kMechanismBytes);
    return mechanism == kMechanism.substr(0, mechanism.size());
}

}  // namespace

Unit next_unit(Phase phase, std::string_view begin, std::size_t frame_bytes_max) {
    if (phase == Phase::Greeting) return {greeting_holds(begin), kGreetingBytes, kGreetingBytes};
    if (begin.empty()) return {true, kShortHead, 0};
    const std::uint8_t flags = byte(begin, 0);
    const std::uint8_t kind = phase == Phase::Ready ? kCommand : 0;
    if ((flags & ~kLong) != kind) return {false, 0, 0};
    const std::size_t head = (flags & kLong) != 0 ? kLongHead : kShortHead;
    if (begin.size() < head) return {true, head, 0};
    const std::uint64_t body = big_endian(begin.substr(1, head - 1));
    const std::size_t most = phase == Phase::Ready ? kReadyBytesMax : frame_bytes_max;
    if (body > most) return {false, 0, 0};
    return {true, head + static_cast<std::size_t>(body), head};
}

bool is_ready_of_dealer(std::string_view body) {
    constexpr std::string_view kName = "\5READY";
    if (!body.starts_with(kName)) return false;
    body.remove_prefix(kName.size());
    bool dealer = false;
    while (!body.empty()) {
        const std::size_t name_bytes = byte(body, 0);
        constexpr std::size_t kLengthBytes = 4;
        if (body.size() < 1 + name_bytes + kLengthBytes) return false;
        const std::string_view name = body.substr(1, name_bytes);
        body.remove_prefix(1 + name_bytes);
        const std::uint64_t value_bytes = big_endian(body.substr(0, kLengthBytes));
        body.remove_prefix(kLengthBytes);
        if (value_bytes > body.size()) return false;
        const std::string_view value = body.substr(0, static_cast<std::size_t>(value_bytes));
        body.remove_prefix(value.size());
        constexpr std::string_view kType = "socket-type";
        const bool is_type = std::ranges::equal(name, kType, {}, [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (is_type) dealer = value == "DEALER";
    }
    return dealer;
}

std::string_view listener_greeting() {
    static const std::string bytes = [] {
        std::string out = "\xff\0\0\0\0\0\0\0\1\x7f\3\0"s;
        out += kMechanism;
        out.resize(kGreetingBytes, '\0');
        out += "\4\x1c\5READY\x0bSocket-Type\0\0\0\6ROUTER"sv;
        return out;
    }();
    return bytes;
}

FrameHead::FrameHead(std::size_t body) : bytes_{} {
    if (body <= kShortBodyMax) {
        bytes_[1] = static_cast<char>(body);
        size_ = kShortHead;
        return;
    }
    bytes_[0] = static_cast<char>(kLong);
    for (std::size_t i = 0; i < 8; ++i)
        bytes_[8 - i] = static_cast<char>(std::uint64_t{body} >> (8 * i) & 0xff);
    size_ = kLongHead;
}

}  // namespace weft::transport
