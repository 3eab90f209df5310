#pragma once
// Says which connections of a port had to go, and why: in the log, and to the node for `health`.

#include "core/log.h"
#include "core/time.h"
#include "node/events.h"
#include "transport/sockets.h"

#include <deque>
#include <string_view>

namespace weft::node {

class ConnectionWatch {
public:
    ConnectionWatch(std::string_view port, Log log) : port_(port), log_(log) {}
    // Once a second at most: one line with what was counted since the last one, and an event when
    // connections went for want of room.
    void look(const transport::RouterCounts& counts, Instant now, std::deque<Event>& events);

private:
    std::string_view port_;
    Log log_;
    transport::RouterCounts told_;
    Instant told_at_ = Instant::long_ago();
};

}  // namespace weft::node
