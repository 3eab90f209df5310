// What the protocol allows a client, too much of it.

#include "tests/hostile/attacks.h"
#include "tests/hostile/zmtp.h"

#include <fmt/core.h>

#include <algorithm>

namespace weft::hostile {

namespace {

constexpr std::uint64_t kFloodConnections = 8;
constexpr const char* kNoGroup = "the node does not answer a hello, or leads nothing";

std::string error_text(const Error& error) {
    return fmt::format("WEFT-{:04} {}", error.number, error.message);
}

// Requests in frames of 100, as many as the node keeps up with, until all are answered.
struct Sender {
    const Plan& plan;
    Connection connection;
    Tally tally;
    std::uint64_t sent = 0, done = 0;

    explicit Sender(const Plan& p) : plan(p), connection(p.client_port) {
        connection.shake_hands();
        tally.connections = connection.open() ? 1 : 0;
    }
    template <class MakeRequest>
    void run(const Forger& forger, std::uint64_t window, MakeRequest make) {
        while (done + tally.refused < plan.amount && connection.open() && !plan.over()) {
            if (sent < plan.amount && sent - done - tally.refused < window) {
                wire::FrameWriter writer;
                for (int i = 0; i < 100 && sent < plan.amount; ++i, ++sent) make(writer);
                const std::string frame = zmtp::frame(writer.finish(forger.client_header()));
                connection.send(frame);
                tally.bytes += frame.size();
                tally.messages = sent;
            }
            while (const auto answer = connection.message(0ms)) take(*answer);
            if (sent == plan.amount || sent - done - tally.refused >= window)
                connection.wait_readable(5ms);
        }
        tally.notes["done"] = std::to_string(done);
    }
    void take(std::string_view frame) {
        each_message(frame, [this](routing::ToClient& message) {
            const auto* reply = std::get_if<Reply>(&message);
            if (reply == nullptr) return;
            if (reply->outcome == Outcome::Done) {
                ++done;
                return;
            }
            ++tally.refused;
            tally.notes["refusal"] = error_text(reply->error);
        });
    }
};

}  // namespace

// A session for every request, all in one group: afterwards it may have no room for others.
Tally sessions(const Plan& plan) {
    auto forger = plan.forger();
    const auto group = forger ? forger->own_group() : std::nullopt;
    if (!group) return cannot(kNoGroup);
    std::uint64_t at = 0;
    const std::string id = forger->id_in(*group, "hostile-session-", at);
    Random random(plan.seed);
    Sender sender(plan);
    sender.run(*forger, 4000, [&](wire::FrameWriter& writer) {
        Request request = forger->request(id, "put", "v");
        for (std::uint8_t& byte : request.id.client.bytes)
            byte = static_cast<std::uint8_t>(random.next());
        request.id.seq = request.lowest_open = 1;
        request.deadline_ms = 0;
        static_cast<void>(wire::write(writer, routing::ToNode(request)));
    });
    sender.tally.notes["group"] = std::to_string(group->value);
    return sender.tally;
}

// Thousands of questions for all partitions in every frame.
Tally admin_flood(const Plan& plan) {
    Tally tally;
    const auto forger = plan.forger();
    if (!forger) return cannot(kNoGroup);
    wire::FrameWriter writer;
    for (std::uint64_t i = 0; i < plan.amount; ++i)
        static_cast<void>(
            wire::write(writer, routing::ToNode(routing::AdminRequest{i + 1, "partitions", {}})));
    const std::string bytes = zmtp::frame(writer.finish(forger->client_header()));
    std::vector<Connection> connections = handshaken(plan, kFloodConnections, tally);
    flood(plan, connections, bytes, tally);
    return tally;
}

Tally hello_flood(const Plan& plan) {
    Tally tally;
    const auto forger = plan.forger();
    if (!forger) return cannot(kNoGroup);
    const std::string hello =
        zmtp::frame(forger->client_frame(routing::ClientHello{{}, 1, "flood"}));
    std::string bytes;
    for (int i = 0; i < 100; ++i) bytes += hello;
    std::vector<Connection> connections = handshaken(plan, plan.amount, tally);
    flood(plan, connections, bytes, tally);
    tally.messages = tally.bytes / hello.size();
    return tally;
}

// So many changed entities of one group that their list is longer than a frame may be, and then
// that list.
Tally big_listing(const Plan& plan) {
    auto forger = plan.forger();
    const auto group = forger ? forger->own_group() : std::nullopt;
    if (!group) return cannot(kNoGroup);
    Sender sender(plan);
    std::uint64_t at = 0;
    sender.run(*forger, 500, [&](wire::FrameWriter& writer) {
        std::string id;
        do {
            id = fmt::format("{:08}", at++);
            id.resize(kIdBytesMax, 'z');
        } while (forger->group_of(id) != *group);
        Request request = forger->request(id, "put", "v");
        const std::uint64_t settled = sender.done + sender.tally.refused;
        request.lowest_open = settled > 200 ? settled - 200 : 1;
        static_cast<void>(wire::write(writer, routing::ToNode(request)));
    });
    std::uint64_t lines = 0, pages = 0;
    std::vector<std::string> arguments = {"kv"};
    for (bool last = false; !last && sender.connection.open() && pages < 10'000; ++pages) {
        sender.connection.send(zmtp::frame(
            forger->client_frame(routing::AdminRequest{pages + 1, "entities", arguments})));
        const auto answer = sender.connection.message(2s);
        if (!answer) break;
        each_message(*answer, [&](routing::ToClient& message) {
            const auto* reply = std::get_if<routing::AdminReply>(&message);
            if (reply == nullptr) return;
            last = reply->last || reply->error;
            if (reply->error) sender.tally.notes["refusal"] = error_text(*reply->error);
            lines += reply->columns.empty() ? 0 : reply->cells.size() / reply->columns.size();
            arguments = {"kv", reply->cursor};
        });
    }
    sender.tally.notes["pages"] = std::to_string(pages);
    sender.tally.notes["lines"] = std::to_string(lines);
    return sender.tally;
}

}  // namespace weft::hostile
