#pragma once
// The UDP socket of membership: small packets that may be lost, that wait behind nothing, and that
// never wait here. One thread owns it.

#include "transport/gossip_seal.h"
#include "weft/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace weft::transport {

// Since the socket was bound.
struct DatagramCounts {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t unsent = 0;  // the system had no room or no way; nobody is told
    bool operator==(const DatagramCounts&) const = default;
};

class Datagrams {
public:
    // As Router::bind(), and the same port there and here do not meet. Configuration (1004 port in
    // use, 1003, 1005).
    static Result<Datagrams> bind(std::string_view address);
    Datagrams(Datagrams&&) noexcept;
    Datagrams& operator=(Datagrams&&) noexcept;
    ~Datagrams();

    // The next one, never blocking; nothing when there is none. One that is longer than
    // kDatagramBytesMax comes with one byte more than that: nothing is passed over here, so that
    // who takes a share takes no more. The bytes may be written to, and are valid until the next
    // receive. Who sent it is what the content proves, not the address.
    std::optional<std::span<char>> receive();
    // To a number ("127.0.0.1:7340") of the family that this is bound to. False: it was not sent.
    bool send(std::string_view number, std::string_view datagram);
    const DatagramCounts& counts() const;
    // Readable when something has come since receive() gave nothing.
    int descriptor() const;

private:
    struct State;
    explicit Datagrams(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace weft::transport
