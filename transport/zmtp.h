#pragma once
// ZMTP 3.0 (ZeroMQ RFC 23) with the NULL mechanism, as a listener needs it: how long the unit is
// that begins with these bytes, and whether it may stand there. Pure; private to transport.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::transport {

// What a connection is in the middle of.
enum class Phase : std::uint8_t { Greeting, Ready, Open };

struct Unit {
    bool good = true;       // false: not ZMTP, or nothing that weft takes
    std::size_t bytes = 0;  // of the whole unit, or of as much as tells how long it is
    std::size_t head = 0;   // of those, before the body; 0: not known yet
};

// The unit that begins with `begin`, which may be empty or cut anywhere. Wrong bytes are told as
// soon as they are there. Of what RFC 23 allows, weft takes: versions from 3.0 on, NULL, one
// command (READY of a DEALER) and then messages of one frame of at most `frame_bytes_max`.
Unit next_unit(Phase phase, std::string_view begin, std::size_t frame_bytes_max);

// Of a whole READY command's body: names a socket that may talk to a ROUTER and sends one frame a
// message.
bool is_ready_of_dealer(std::string_view body);

// What a listener says first: greeting and READY of a ROUTER.
std::string_view listener_greeting();

// The head of a message of one frame.
class FrameHead {
public:
    explicit FrameHead(std::size_t body);
    std::string_view view() const { return {bytes_, size_}; }

private:
    char bytes_[9];
    std::size_t size_;
};

}  // namespace weft::transport
