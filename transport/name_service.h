#pragma once
// What the dealers of a Context share about names. Private to transport.

#include "transport/address.h"
#include "transport/sockets.h"

#include <atomic>
#include <map>
#include <string>
#include <utility>

namespace weft::transport {

// Threads that ask have it, too: a system may take tens of seconds to answer, and nobody waits for
// that at the end.
struct NameService {
    explicit NameService(Resolver how) : resolver(std::move(how)) {}
    const Resolver resolver;
    std::atomic<int> asking = 0;  // threads
    // Where "name:port" was connected to last; for the owner's thread.
    std::map<std::string, Destination> reached;
};

}  // namespace weft::transport
