#include "transport/socket_setup.h"
#include "transport/sockets.h"

#include <poll.h>
#include <zmq.h>

#include <algorithm>
#include <limits>

namespace weft::transport {

namespace {

// ZeroMQ's descriptor tells only of changes: a socket that has something to read already must be
// asked, and asking also takes in the changes so far.
bool has_input(void* socket) {
    int events = 0;
    std::size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) != 0 || (events & ZMQ_POLLIN) != 0;
}

}  // namespace

void wait_readable(const PollSet& set, std::int64_t timeout_ms) {
    std::vector<pollfd> descriptors;
    descriptors.reserve(set.sockets.size() + set.descriptors.size());
    for (void* socket : set.sockets) {
        if (has_input(socket)) return;
        descriptors.push_back({descriptor_of(socket), POLLIN, 0});
    }
    for (const int descriptor : set.descriptors) descriptors.push_back({descriptor, POLLIN, 0});
    constexpr std::int64_t kLongest = std::numeric_limits<int>::max();
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(timeout_ms, -1, kLongest));
    poll(descriptors.data(), static_cast<nfds_t>(descriptors.size()), timeout);
}

}  // namespace weft::transport
