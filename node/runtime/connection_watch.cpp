#include "node/runtime/connection_watch.h"

namespace weft::node {

void ConnectionWatch::look(const transport::RouterCounts& counts, Instant now,
                           std::deque<Event>& events) {
    if (counts == told_ || now - told_at_ < std::chrono::seconds(1)) return;
    ConnectionsShort event;
    event.no_descriptor = counts.not_accepted - told_.not_accepted;
    event.displaced = counts.displaced - told_.displaced;
    event.heavy = counts.heavy - told_.heavy;
    log_.warn("connections.cut", {{"port", port_},
                                  {"rejected", counts.rejected - told_.rejected},
                                  {"unfinished", counts.unfinished - told_.unfinished},
                                  {"refused", counts.finished - told_.finished},
                                  {"slow", counts.slow - told_.slow},
                                  {"displaced", event.displaced},
                                  {"heavy", event.heavy},
                                  {"no_descriptor", event.no_descriptor}});
    told_ = counts;
    told_at_ = now;
    if (event.no_descriptor + event.displaced + event.heavy > 0) events.emplace_back(event);
}

}  // namespace weft::node
