#pragma once
// Connections that had to go are named in `health` for a minute after the last of them: who looks
// after a complaint must still find it.

#include "core/time.h"
#include "node/events.h"

#include <chrono>
#include <optional>

namespace weft::node {

class ShortConnections {
public:
    void add(Instant now, const ConnectionsShort& more) {
        if (!recent(now)) sum_ = {};
        sum_.no_descriptor += more.no_descriptor;
        sum_.displaced += more.displaced;
        sum_.heavy += more.heavy;
        last_ = now;
    }
    // All since it was last quiet for a minute; nothing: it is quiet.
    std::optional<ConnectionsShort> recent(Instant now) const {
        if (now - last_ >= kWorthSaying) return std::nullopt;
        return sum_;
    }

private:
    static constexpr Duration kWorthSaying = std::chrono::minutes(1);

    ConnectionsShort sum_;
    Instant last_ = Instant::long_ago();
};

}  // namespace weft::node
