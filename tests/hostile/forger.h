#pragma once
// Frames of a mesh that was asked who it is, as its clients and its nodes would write them.

#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_mesh.h"
#include "tests/hostile/connection.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weft::hostile {

// What a node tells everybody who greets it; nothing when it does not answer in time.
std::optional<routing::HelloReply> ask_hello(std::uint16_t client_port,
                                             std::chrono::milliseconds limit = 3s);

class Forger {
public:
    // `seed` makes the client's id.
    Forger(routing::HelloReply hello, std::uint64_t seed);

    const routing::HelloReply& hello() const { return hello_; }
    // ---- a client's
    wire::FrameHeader client_header() const;
    std::string client_frame(const routing::ToNode& message) const;
    Request request(std::string_view id, std::string_view command, std::string_view payload);
    // The group of kv/`id`.
    PartitionId group_of(std::string_view id) const;
    // A group that the node which was asked leads; nothing when it leads none.
    std::optional<PartitionId> own_group() const;
    // `stem` with a number behind it, so that kv/id belongs to `group`; `at` is where to go on.
    std::string id_in(PartitionId group, std::string_view stem, std::uint64_t& at) const;
    // ---- a node's: from the node numbered `from` of the hello to the node numbered `to`
    std::string peer_frame(const node::MeshMessage& message, std::size_t from, std::size_t to,
                           Boot boot) const;

private:
    routing::HelloReply hello_;
    ClientId client_;
    std::map<PartitionId, std::uint64_t> numbers_;
};

// The messages of a frame that a node sent to its client, one call each.
template <class Taken>
void each_message(std::string_view frame_bytes, Taken taken) {
    auto frame = wire::FrameReader::open(frame_bytes);
    if (!frame) return;
    for (auto raw = frame->next(); raw && *raw; raw = frame->next())
        if (auto message = wire::read_to_client(**raw); message && *message) taken(**message);
}

}  // namespace weft::hostile
