#pragma once
// The ports of dev meshes: blocks that are free, and one command at a time that looks for one.

#include "weft/result.h"

#include <chrono>
#include <cstddef>
#include <utility>

namespace weft::cli {

inline constexpr int kDevPort = 7340;      // of node 0; its client port is one above
inline constexpr int kDevPortStep = 10;    // from node to node
inline constexpr int kDevBlockStep = 100;  // to the next block when a port is taken

// How long a command waits for others that start nodes.
inline constexpr std::chrono::seconds kPortPatience{60};

// Whether a node could listen there now. Does not disturb one that is about to.
bool port_is_free(int port);

// The first block from `first` on whose ports are all free: 7340.., then 7440.., ... Hold a
// PortLock until the nodes have bound them, or another command finds the same.
Result<int> free_block(std::size_t nodes, int first = kDevPort);

// Held from the choice of ports until the nodes listen there; one on the machine, whoever's and for
// whichever folder. Taken after the folder's DevLock, never before.
class PortLock {
public:
    // PortInUse when another process holds it all the time.
    static Result<PortLock> take(std::chrono::milliseconds patience);
    PortLock(PortLock&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
    PortLock& operator=(PortLock&&) = delete;
    ~PortLock();

private:
    explicit PortLock(int socket) : socket_(socket) {}
    int socket_;
};

}  // namespace weft::cli
