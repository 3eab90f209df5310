#pragma once
// How fast one connection may begin sessions: a group remembers a bounded number of them, and who
// begins one for every command would take the room of all others (docs/adr/0007).

#include "core/command.h"
#include "core/time.h"
#include "replication/partition/sessions.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace weft::node {

// A connection at this rate begins fewer sessions in a session's life of 10 minutes than a group
// remembers. An honest client begins one in 5 minutes.
inline constexpr std::int64_t kSessionsPerSecond = 100;
inline constexpr std::int64_t kSessionsAtOnce = 200;

class SessionRate {
public:
    // Why a command of that session may not go on to its group; nothing: it may. Sessions that the
    // connection used last cost nothing, any other one is taken for new.
    std::optional<Error> admit(ClientRef from, const replication::SessionName& session,
                               Instant now);
    void forget(ClientRef from) { connections_.erase(from); }
    std::size_t size() const { return connections_.size(); }

private:
    struct Connection {
        std::array<replication::SessionName, 4> last{};
        std::size_t next = 0;        // place in `last` to be taken
        std::int64_t credit_us = 0;  // time that it has not spent on sessions
        Instant at;                  // as of when
    };
    static void refill(Connection& connection, Instant now);
    void drop_idle(Instant now);

    std::map<ClientRef, Connection> connections_;
    std::size_t drop_at_ = 1024;  // that many connections: time to look for idle ones
};

}  // namespace weft::node
