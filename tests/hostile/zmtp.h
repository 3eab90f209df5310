#pragma once
// Bytes of ZMTP 3 with the NULL mechanism (rfc.zeromq.org/spec/23), as far as an attacker needs
// them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::hostile::zmtp {

inline constexpr std::size_t kGreetingBytes = 64;
// Flags of a frame.
inline constexpr int kMore = 1, kLong = 2, kCommand = 4;

std::string greeting();
// The READY command of a DEALER; `identity`: the routing id it claims.
std::string ready(const std::optional<std::string>& identity = std::nullopt);
std::string handshake(const std::optional<std::string>& identity = std::nullopt);
// The header alone; `size` may lie.
std::string header(int flags, std::uint64_t size);
std::string frame(std::string_view body, int flags = 0);
// A command frame: length of the name, name, data.
std::string command(std::string_view name, std::string_view data);
std::string big_endian(std::uint64_t number, int bytes);

struct Frame {
    int flags = 0;
    std::string_view body;
    std::size_t bytes = 0;  // with its header
};
// The first whole frame of `bytes`; nothing when it has not arrived yet.
std::optional<Frame> first_frame(std::string_view bytes);

}  // namespace weft::hostile::zmtp
