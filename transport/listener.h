#pragma once
// The sockets that others reach us by. Private to transport.

#include "weft/result.h"

#include <unistd.h>

#include <cstddef>
#include <string_view>
#include <utility>

namespace weft::transport {

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    Descriptor& operator=(Descriptor&&) = delete;
    int get() const { return number_; }

private:
    int number_;
};

struct Bound {
    Descriptor socket;
    int family = 0;
};
// A socket of `type` (SOCK_STREAM: it listens; SOCK_DGRAM) at that address, which does not block.
// The system is asked for a name, and blocks as long as it takes. Configuration (1004 port in use,
// 1003, 1005).
Result<Bound> bind_at(std::string_view address, int type);

// As many of `wanted` connections as the process may have descriptors for, beside what it needs
// itself.
std::size_t connections_possible(std::size_t wanted);

}  // namespace weft::transport
