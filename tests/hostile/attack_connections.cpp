// Connections that say nothing, little or something wrong.

#include "tests/hostile/attacks.h"
#include "tests/hostile/zmtp.h"

#include <thread>

namespace weft::hostile {

Tally bad_frames(const Plan& plan) {
    Tally tally;
    const std::string bytes = zmtp::frame("bad") + zmtp::frame("bad", zmtp::kMore);
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        Connection connection = plan.connect(i);
        if (!connection.open()) {
            ++tally.refused;
            std::this_thread::sleep_for(2ms);
            continue;
        }
        ++tally.connections;
        connection.shake_hands();
        connection.send(bytes, 200ms);
        tally.messages += 2;
        tally.bytes += bytes.size();
        if (i / 2 % 2 == 1) connection.reset();
    }
    return tally;
}

// Nothing, or the first ten bytes of a greeting.
Tally half_open(const Plan& plan) {
    Tally tally;
    std::vector<Connection> connections;
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        Connection connection = plan.connect(i);
        if (!connection.open()) {
            ++tally.refused;
            continue;
        }
        ++tally.connections;
        if (i / 2 % 2 == 1) {
            connection.send(zmtp::greeting().substr(0, 10));
            tally.bytes += 10;
        }
        connections.push_back(std::move(connection));
    }
    hold(plan, connections, tally);
    return tally;
}

// A byte of the handshake at a time.
Tally slowloris(const Plan& plan) {
    Tally tally;
    const std::string bytes = zmtp::handshake();
    std::vector<Connection> connections;
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        connections.push_back(plan.connect(i));
        ++(connections.back().open() ? tally.connections : tally.refused);
    }
    for (std::size_t at = 0; at < bytes.size() && !plan.over(); ++at) {
        bool any = false;
        for (Connection& connection : connections) {
            if (!connection.open()) continue;
            connection.forget_received();
            tally.bytes += connection.send_some(std::string_view(bytes).substr(at, 1));
            if (!connection.receive()) ++tally.cut;
            any |= connection.open();
        }
        if (!any) break;
        std::this_thread::sleep_for(250ms);
    }
    return tally;
}

// More connections than the node has descriptors, in good order each.
Tally fd_flood(const Plan& plan) {
    Tally tally;
    std::vector<Connection> connections;
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        // The kernel takes it; whether the node does is another matter.
        connections.push_back(plan.connect(i));
        ++(connections.back().open() ? tally.connections : tally.refused);
        connections.back().send(zmtp::handshake(), 100ms);
    }
    hold(plan, connections, tally);
    return tally;
}

}  // namespace weft::hostile
