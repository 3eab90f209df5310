#pragma once
// One accepted TCP connection that speaks ZMTP: what came of a unit that is not whole yet, and what
// waits until the other end takes it. Never blocks. Private to transport.

#include "transport/part_memory.h"
#include "transport/sockets.h"
#include "transport/zmtp.h"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace weft::transport {

enum class Io : std::uint8_t {
    Done,   // there is no more to do
    Later,  // the other end or the kernel must do something first
    Ended,  // the connection is over
};

class Connection {
public:
    // Takes the descriptor over; it does not block. `memory` outlives it.
    Connection(int descriptor, PartMemory& memory) : descriptor_(descriptor), memory_(memory) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    int descriptor() const { return descriptor_; }
    Phase phase = Phase::Greeting;

    // Reads into `buffer` what there is; `got` of it. Only when no unit is unfinished.
    Io read(char* buffer, std::size_t size, std::size_t& got) const;
    bool has_unfinished() const { return !unfinished_.empty(); }
    // Keeps the begin of a unit.
    void keep(std::string_view begin);
    // Reads on until that unit is whole (Done), or a turn's share is read or the round's new memory
    // is used (Later). Nothing is set aside for bytes that have not come, beyond one part.
    Io read_on(std::size_t frame_bytes_max, std::size_t share, std::size_t& got);
    std::string take_unfinished();

    // Sends one message; what the kernel does not take waits.
    Io send(const OutgoingFrame& frame);
    // Sends what waits. Done: nothing waits.
    Io flush();
    std::size_t unsent_bytes() const { return unsent_bytes_; }
    // Bytes of this process that the other end makes it hold.
    std::size_t held_bytes() const { return unfinished_room_ + unsent_bytes_; }

private:
    struct Part {
        PartMemory::Bytes bytes;
        std::size_t room, size = 0;
        std::string_view view() const { return {bytes.get(), size}; }
    };
    Part& begin_part(std::size_t room);
    void wait_to_send(Bytes part);

    int descriptor_;
    PartMemory& memory_;
    std::vector<Part> unfinished_;  // parts: what is there is not copied when more comes
    std::size_t unfinished_bytes_ = 0, unfinished_room_ = 0;
    std::deque<Bytes> unsent_;
    std::size_t sent_of_first_ = 0;
    std::size_t unsent_bytes_ = 0;
};

}  // namespace weft::transport
