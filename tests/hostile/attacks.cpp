#include "tests/hostile/attacks.h"

#include "tests/hostile/zmtp.h"

#include <thread>

namespace weft::hostile {

std::optional<Forger> Plan::forger() const {
    auto hello = ask_hello(client_port);
    if (!hello || hello->groups == 0) return std::nullopt;
    return Forger(std::move(*hello), seed);
}

Tally cannot(std::string why) {
    Tally tally;
    tally.trouble = std::move(why);
    return tally;
}

std::vector<Attack> attacks() {
    return {
        {"abort-ping", "connections", 500, abort_ping},
        {"abort-rid", "claimed ids", 400, abort_rid},
        {"zmtp-fuzz", "streams", 1'000'000, zmtp_fuzz},
        {"claims", "claims", 60, claims},
        {"random-bytes", "MiB", 64, random_bytes},
        {"garbage", "connections", 2000, garbage},
        {"unknown", "messages a frame", 100'000, unknown},
        {"endless-multipart", "MiB", 600, endless_multipart},
        {"unfinished", "connections", 150, unfinished},
        {"never-read", "connections", 30, never_read},
        {"bad-frames", "connections", 1'000'000, bad_frames},
        {"half-open", "connections", 2000, half_open},
        {"slowloris", "connections", 50, slowloris},
        {"replay", "streams", 1'000'000, replay},
        {"datagram-garbage", "datagrams", 100'000'000, datagram_garbage},
        {"datagram-damage", "datagrams", 100'000'000, datagram_damage},
        {"datagram-replay", "datagrams", 100'000'000, datagram_replay},
        {"datagram-foreign", "datagrams", 100'000'000, datagram_foreign},
        {"fd-flood", "connections", 500, fd_flood},
        {"admin-flood", "questions a frame", 2000, admin_flood},
        {"hello-flood", "connections", 8, hello_flood},
        {"big-listing", "entities", 17'800, big_listing},
        {"sessions", "sessions", 66'500, sessions},
    };
}

std::vector<Connection> handshaken(const Plan& plan, std::uint64_t count, Tally& tally) {
    std::vector<Connection> out;
    out.reserve(count);
    for (std::uint64_t i = 0; i < count && !plan.over(); ++i) {
        Connection connection = plan.connect(i);
        if (!connection.open()) {
            ++tally.refused;
            continue;
        }
        ++tally.connections;
        connection.send(zmtp::handshake());
        out.push_back(std::move(connection));
    }
    for (Connection& connection : out)
        if (!plan.over()) connection.await_handshake();
    return out;
}

void flood(const Plan& plan, std::vector<Connection>& connections, std::string_view bytes,
           Tally& tally) {
    std::vector<std::size_t> sent(connections.size());
    while (!plan.over()) {
        std::size_t in_turn = 0;
        for (std::size_t i = 0; i < connections.size(); ++i) {
            Connection& connection = connections[i];
            if (!connection.open()) continue;
            const std::size_t more = connection.send_some(bytes.substr(sent[i]));
            in_turn += more;
            tally.bytes += more;
            sent[i] += more;
            if (sent[i] == bytes.size()) {
                ++tally.messages;
                sent[i] = 0;
            }
            connection.receive();
            connection.forget_received();
            if (!connection.open()) ++tally.cut;
        }
        if (in_turn == 0) std::this_thread::sleep_for(1ms);
    }
}

void hold(const Plan& plan, std::vector<Connection>& connections, Tally& tally) {
    while (!plan.over()) {
        bool any = false;
        for (Connection& connection : connections) {
            if (!connection.open()) continue;
            connection.forget_received();
            if (!connection.receive()) ++tally.cut;
            any |= connection.open();
        }
        if (!any) return;
        std::this_thread::sleep_for(20ms);
    }
}

}  // namespace weft::hostile
