// What makes a node keep bytes or look at rubbish.

#include "tests/hostile/attacks.h"
#include "tests/hostile/zmtp.h"

#include <algorithm>
#include <thread>

namespace weft::hostile {

// Messages of one byte: cheaper to send than to look at.
Tally garbage(const Plan& plan) {
    Tally tally;
    std::vector<Connection> connections = handshaken(plan, plan.amount, tally);
    std::string bytes;
    for (int i = 0; i < 8192; ++i) bytes += zmtp::frame("x");
    flood(plan, connections, bytes, tally);
    tally.messages = tally.bytes / 3;
    return tally;
}

// Frames of nothing but messages that a later weft may know.
Tally unknown(const Plan& plan) {
    Tally tally;
    const auto forger = plan.forger();
    if (!forger) return cannot("the node does not answer a hello");
    wire::FrameWriter writer;
    for (std::uint64_t i = 0; i < plan.amount; ++i) static_cast<void>(writer.add(9999, 0, ""));
    const std::string bytes = zmtp::frame(writer.finish(forger->client_header()));
    std::vector<Connection> connections = handshaken(plan, 4, tally);
    flood(plan, connections, bytes, tally);
    return tally;
}

// One message whose parts never end.
Tally endless_multipart(const Plan& plan) {
    Tally tally;
    std::vector<Connection> connections = handshaken(plan, plan.targets.size(), tally);
    const std::string part = zmtp::frame(std::string(60'000, 'p'), zmtp::kMore);
    const std::uint64_t wanted = plan.amount << 20;
    while (tally.bytes < wanted && !plan.over()) {
        bool any = false;
        for (Connection& connection : connections) {
            if (!connection.open()) continue;
            any = true;
            if (connection.send(part, 500ms)) {
                ++tally.messages;
                tally.bytes += part.size();
            }
            if (!connection.open()) ++tally.cut;
        }
        if (!any) break;
    }
    hold(plan, connections, tally);
    return tally;
}

// Frames of 4 MiB each that lack their last byte.
Tally unfinished(const Plan& plan) {
    Tally tally;
    std::vector<Connection> connections = handshaken(plan, plan.amount, tally);
    std::string bytes = zmtp::frame(std::string(wire::kFrameBytesMax - 200, 'h'));
    bytes.pop_back();
    std::vector<std::size_t> sent(connections.size());
    for (bool more = true; more && !plan.over();) {
        more = false;
        std::size_t in_turn = 0;
        for (std::size_t i = 0; i < connections.size(); ++i) {
            if (!connections[i].open() || sent[i] == bytes.size()) continue;
            more = true;
            const std::size_t now =
                connections[i].send_some(std::string_view(bytes).substr(sent[i]));
            in_turn += now;
            sent[i] += now;
            tally.bytes += now;
            if (sent[i] == bytes.size()) ++tally.messages;
            if (!connections[i].open()) ++tally.cut;
        }
        if (in_turn == 0) std::this_thread::sleep_for(1ms);
    }
    hold(plan, connections, tally);
    return tally;
}

// Connections that ask for 1 MiB again and again and take nothing.
Tally never_read(const Plan& plan) {
    Tally tally;
    auto forger = plan.forger();
    const auto group = forger ? forger->own_group() : std::nullopt;
    if (!group) return cannot("the node does not answer a hello, or leads nothing");
    std::uint64_t at = 0;
    const std::string id = forger->id_in(*group, "hostile-large-", at);
    const std::string large(kPayloadBytesMax, 'v');
    Connection writer(plan.client_port);
    writer.shake_hands();
    writer.send(zmtp::frame(forger->client_frame(forger->request(id, "put", large))));
    if (!writer.message(3s)) return cannot("the large value was not answered");
    constexpr int kSmallBuffer = 4096;
    std::vector<Connection> connections;
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        connections.emplace_back(plan.client_port, kSmallBuffer);
        if (!connections.back().open()) {
            ++tally.refused;
            continue;
        }
        ++tally.connections;
        connections.back().shake_hands();
    }
    while (!plan.over()) {
        for (Connection& connection : connections) {
            if (!connection.open()) continue;
            const std::string ask =
                zmtp::frame(forger->client_frame(forger->request(id, "get", "")));
            if (connection.send(ask, 10ms)) ++tally.messages;
            tally.bytes += ask.size();
            if (!connection.open()) ++tally.cut;
        }
        std::this_thread::sleep_for(30ms);
    }
    return tally;
}

}  // namespace weft::hostile
