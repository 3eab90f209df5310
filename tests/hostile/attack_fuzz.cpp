// Streams of ZMTP that were right before something was changed in them.

#include "tests/hostile/attacks.h"
#include "tests/hostile/zmtp.h"

#include <array>
#include <thread>

namespace weft::hostile {

namespace {

std::string random_text(Random& random, std::size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random.next());
    return text;
}

// A command of any length: libzmq reads fields of some without looking how long they are.
std::string any_command(Random& random) {
    static constexpr std::array<std::string_view, 8> kNames = {
        "PING", "PONG", "SUBSCRIBE", "CANCEL", "ERROR", "READY", "HELLO", ""};
    const std::string_view name = kNames[random.below(kNames.size())];
    std::string body(1, static_cast<char>(name.size()));
    body.append(name).append(random_text(random, random.below(40)));
    if (random.chance(1, 3)) body.resize(random.below(body.size() + 1));
    return zmtp::frame(body, zmtp::kCommand | static_cast<int>(random.below(2)));
}

std::string any_piece(Random& random, std::string_view good) {
    switch (random.below(8)) {
        case 0:
            return zmtp::frame(good);
        case 1:
        case 2:
        case 3:
            return any_command(random);
        case 4:
            return zmtp::frame("", static_cast<int>(random.below(2)));
        case 5:
            return zmtp::frame(random_text(random, random.below(600)),
                               static_cast<int>(random.below(8)));
        case 6:  // a header that promises something else than what follows
            return zmtp::header(static_cast<int>(random.below(256)),
                                random.next() >> random.below(64));
        default:
            return zmtp::ready(random_text(random, random.below(300)));
    }
}

// Bits, the order, lengths: whatever may be wrong with a stream.
std::string mutated(Random& random, std::string_view good, bool shaken) {
    const auto identity =
        random.chance(1, 3) ? std::optional(random_text(random, random.below(300))) : std::nullopt;
    std::vector<std::string> pieces;
    if (!shaken) pieces = {zmtp::greeting(), zmtp::ready(identity)};
    const std::uint64_t count = 1 + random.below(8);
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string piece = any_piece(random, good);
        // Many of one kind fill queues, and PINGs meet a full one.
        const std::uint64_t times = random.chance(1, 6) ? 50 : 1;
        std::string run;
        for (std::uint64_t k = 0; k < times; ++k) run += piece;
        pieces.push_back(std::move(run));
    }
    if (random.chance(1, 5)) {
        const std::size_t from = random.below(pieces.size()), to = random.below(pieces.size());
        std::swap(pieces[from], pieces[to]);
    }
    std::string stream;
    for (const std::string& piece : pieces) stream += piece;
    const std::uint64_t flips = stream.empty() ? 0 : random.below(4);
    for (std::uint64_t i = 0; i < flips; ++i) {
        char& byte = stream[random.below(stream.size())];
        byte = static_cast<char>(byte ^ 1 << random.below(8));
    }
    if (random.chance(1, 4)) stream.resize(random.below(stream.size() + 1));
    return stream;
}

}  // namespace

Tally zmtp_fuzz(const Plan& plan) {
    Tally tally;
    Random random(plan.seed);
    const auto forger = plan.forger();
    if (!forger) return cannot("the node does not answer a hello");
    const std::string good = forger->client_frame(routing::ClientHello{{}, 1, "fuzz"});
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        // Half of them reach what lies behind the handshake.
        const bool shaken = random.chance(1, 2);
        const std::string stream = mutated(random, good, shaken);
        Connection connection = plan.connect(i);
        if (!connection.open()) {
            ++tally.refused;
            std::this_thread::sleep_for(2ms);
            continue;
        }
        ++tally.connections;
        if (shaken) connection.shake_hands();
        // In two parts now and then: a read of the node ends anywhere.
        const std::size_t part = random.chance(1, 2) ? random.below(stream.size() + 1) : 0;
        connection.send(std::string_view(stream).substr(0, part), 200ms);
        if (random.chance(1, 3)) connection.wait_readable(1ms);
        connection.send(std::string_view(stream).substr(part), 200ms);
        ++tally.messages;
        tally.bytes += stream.size();
        if (random.chance(1, 3)) connection.wait_readable(1ms);
        if (random.chance(1, 2)) connection.reset();
    }
    return tally;
}

}  // namespace weft::hostile
