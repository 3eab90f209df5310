#include "tests/hostile/zmtp.h"

namespace weft::hostile::zmtp {

std::string big_endian(std::uint64_t number, int bytes) {
    std::string out;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(number >> shift & 0xff);
    return out;
}

std::string greeting() {
    std::string bytes("\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01NULL", 16);
    bytes.resize(kGreetingBytes, '\0');
    return bytes;
}

std::string header(int flags, std::uint64_t size) {
    if (size < 256) return {static_cast<char>(flags & ~kLong), static_cast<char>(size)};
    return static_cast<char>(flags | kLong) + big_endian(size, 8);
}

std::string frame(std::string_view body, int flags) {
    return header(flags, body.size()).append(body);
}

std::string command(std::string_view name, std::string_view data) {
    std::string body(1, static_cast<char>(name.size()));
    return frame(body.append(name).append(data), kCommand);
}

std::string ready(const std::optional<std::string>& identity) {
    const auto property = [](std::string_view name, std::string_view value) {
        std::string bytes(1, static_cast<char>(name.size()));
        return bytes.append(name).append(big_endian(value.size(), 4)).append(value);
    };
    std::string data = property("Socket-Type", "DEALER");
    if (identity) data += property("Identity", *identity);
    return command("READY", data);
}

std::string handshake(const std::optional<std::string>& identity) {
    return greeting() + ready(identity);
}

std::optional<Frame> first_frame(std::string_view bytes) {
    if (bytes.size() < 2) return std::nullopt;
    const int flags = static_cast<unsigned char>(bytes[0]);
    const std::size_t size_bytes = (flags & kLong) != 0 ? 8 : 1;
    if (bytes.size() < 1 + size_bytes) return std::nullopt;
    std::uint64_t size = 0;
    for (std::size_t i = 1; i <= size_bytes; ++i)
        size = size << 8 | static_cast<unsigned char>(bytes[i]);
    const std::size_t head = 1 + size_bytes;
    if (bytes.size() - head < size) return std::nullopt;
    return Frame{flags, bytes.substr(head, size), head + size};
}

}  // namespace weft::hostile::zmtp
