#include "tests/hostile/forger.h"

#include "core/random.h"
#include "routing/key.h"
#include "tests/hostile/zmtp.h"

#include <fmt/core.h>

namespace weft::hostile {

std::optional<routing::HelloReply> ask_hello(std::uint16_t client_port,
                                             std::chrono::milliseconds limit) {
    Connection connection(client_port);
    wire::FrameWriter writer;
    static_cast<void>(wire::write(writer, routing::ToNode(routing::ClientHello{{}, 1, "hostile"})));
    wire::FrameHeader header;
    header.channel = wire::Channel::Client;
    if (!connection.shake_hands({}, limit)) return std::nullopt;
    connection.send(zmtp::frame(writer.finish(header)), limit);
    std::optional<routing::HelloReply> hello;
    const auto answer = connection.message(limit);
    if (answer)
        each_message(*answer, [&](routing::ToClient& message) {
            if (auto* reply = std::get_if<routing::HelloReply>(&message)) hello = std::move(*reply);
        });
    return hello;
}

Forger::Forger(routing::HelloReply hello, std::uint64_t seed) : hello_(std::move(hello)) {
    Random random(seed);
    for (std::uint8_t& byte : client_.bytes) byte = static_cast<std::uint8_t>(random.next());
}

wire::FrameHeader Forger::client_header() const {
    wire::FrameHeader header;
    header.channel = wire::Channel::Client;
    header.cluster = hello_.cluster;
    header.receiver = hello_.node;
    return header;
}

std::string Forger::client_frame(const routing::ToNode& message) const {
    wire::FrameWriter writer;
    static_cast<void>(wire::write(writer, message));
    return writer.finish(client_header());
}

PartitionId Forger::group_of(std::string_view id) const {
    return routing::group_of(hello_.hash_key, hello_.groups, "kv", id);
}

Request Forger::request(std::string_view id, std::string_view command, std::string_view payload) {
    Request out;
    const PartitionId group = group_of(id);
    out.id = {client_, hello_.log_time_ms, group, ++numbers_[group]};
    out.lowest_open = out.id.seq;
    out.digest = routing::request_digest("kv", id, command, payload);
    out.deadline_ms = 5000;
    out.type = "kv";
    out.entity = id;
    out.command = command;
    out.payload = payload;
    return out;
}

std::optional<PartitionId> Forger::own_group() const {
    std::size_t own = 0;
    while (own < hello_.nodes.size() && hello_.nodes[own].node != hello_.node) ++own;
    for (std::size_t group = 1; group < hello_.leaders.size(); ++group)
        if (hello_.leaders[group] == own) return PartitionId{static_cast<std::uint32_t>(group)};
    return std::nullopt;
}

std::string Forger::id_in(PartitionId group, std::string_view stem, std::uint64_t& at) const {
    for (;;) {
        std::string id = fmt::format("{}{}", stem, at++);
        if (group_of(id) == group) return id;
    }
}

std::string Forger::peer_frame(const node::MeshMessage& message, std::size_t from, std::size_t to,
                               Boot boot) const {
    wire::FrameWriter writer;
    static_cast<void>(wire::write(writer, message));
    wire::FrameHeader header;
    header.channel = wire::Channel::Peer;
    header.cluster = hello_.cluster;
    header.sender = hello_.nodes.at(from).node;
    header.sender_boot = boot;
    header.receiver = hello_.nodes.at(to).node;
    return writer.finish(header);
}

}  // namespace weft::hostile
