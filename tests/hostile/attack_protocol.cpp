// The ZMTP level: what libzmq meets before weft sees a byte.

#include "tests/hostile/attacks.h"
#include "tests/hostile/zmtp.h"

#include <array>
#include <thread>

namespace weft::hostile {

// Messages until libzmq stops reading (its queue takes 32), PINGs behind them in the same read,
// then RST: libzmq 4.3.4 answers the PINGs on a connection that has failed already, and aborts.
Tally abort_ping(const Plan& plan) {
    Tally tally;
    std::string burst;
    for (int i = 0; i < 60; ++i) burst += zmtp::frame("x");
    for (int i = 0; i < 200; ++i) burst += zmtp::command("PING", std::string_view("\0\0", 2));
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        Connection connection = plan.connect(i);
        if (!connection.open()) {
            ++tally.refused;
            std::this_thread::sleep_for(2ms);
            continue;
        }
        ++tally.connections;
        connection.shake_hands();
        if (connection.send(burst)) tally.bytes += burst.size();
        tally.messages += 260;
        connection.reset();
    }
    return tally;
}

// Claims the routing ids that a ROUTER of an unseeded process hands out next, then lets it do so.
Tally abort_rid(const Plan& plan) {
    Tally tally;
    // The first and the second socket of such a process.
    constexpr std::array<std::uint32_t, 2> kFirst = {0x6B8B4567, 0xE43C9869};
    std::vector<Connection> kept;
    const auto connect = [&](std::uint64_t number, const std::optional<std::string>& identity) {
        Connection connection = plan.connect(number);
        if (!connection.open()) {
            ++tally.refused;
            return;
        }
        ++tally.connections;
        connection.shake_hands(identity, 50ms);
        kept.push_back(std::move(connection));
    };
    for (const std::uint32_t first : kFirst)
        for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i)
            connect(i, '\0' + zmtp::big_endian(first + static_cast<std::uint32_t>(i / 2), 4));
    std::this_thread::sleep_for(200ms);
    for (std::uint64_t i = 0; i < 120 && !plan.over(); ++i) {
        connect(i, std::nullopt);
        std::this_thread::sleep_for(5ms);
    }
    tally.messages = tally.connections;
    return tally;
}

// Frames that are said to be longer than any memory, or than weft's own limit.
Tally claims(const Plan& plan) {
    Tally tally;
    constexpr std::array<std::uint64_t, 6> kSizes = {std::uint64_t{1} << 62, std::uint64_t{1} << 63,
                                                     ~std::uint64_t{0},      ~std::uint64_t{0} - 8,
                                                     std::uint64_t{8} << 20, 5'000'000};
    constexpr std::array<int, 4> kFlags = {zmtp::kLong, zmtp::kLong | zmtp::kMore,
                                           zmtp::kLong | zmtp::kCommand, 0xff};
    const std::string body(100'000, 'y');
    std::vector<Connection> kept;
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        Connection connection = plan.connect(i);
        if (!connection.open()) {
            ++tally.refused;
            continue;
        }
        ++tally.connections;
        const std::string head(1, static_cast<char>(kFlags[(i / 12) % kFlags.size()]));
        const std::uint64_t size = kSizes[(i / 2) % kSizes.size()];
        connection.shake_hands();
        connection.send(head + zmtp::big_endian(size, 8), 200ms);
        connection.send(body, 50ms);
        ++tally.messages;
        tally.bytes += body.size();
        if (connection.open())
            kept.push_back(std::move(connection));
        else
            ++tally.cut;
    }
    hold(plan, kept, tally);
    return tally;
}

// Random bytes: at once, behind a greeting, behind a whole handshake.
Tally random_bytes(const Plan& plan) {
    Tally tally;
    Random random(plan.seed);
    std::string bytes(65'536, '\0');
    const std::uint64_t wanted = plan.amount << 20;
    for (std::uint64_t i = 0; tally.bytes < wanted && !plan.over(); ++i) {
        Connection connection = plan.connect(i);
        if (!connection.open()) {
            ++tally.refused;
            std::this_thread::sleep_for(2ms);
            continue;
        }
        ++tally.connections;
        if (i / 2 % 3 == 1) connection.send(zmtp::greeting());
        if (i / 2 % 3 == 2) connection.shake_hands();
        for (int part = 0; part < 16 && connection.open() && !plan.over(); ++part) {
            for (char& c : bytes) c = static_cast<char>(random.next());
            if (!connection.send(bytes, 200ms)) break;
            ++tally.messages;
            tally.bytes += bytes.size();
        }
        if (!connection.open()) ++tally.cut;
    }
    return tally;
}

}  // namespace weft::hostile
