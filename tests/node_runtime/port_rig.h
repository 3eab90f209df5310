#pragma once
// A port with real sockets and no node behind it. It is node 0 of a mesh of three: the others
// are `peer_node`, at `peer_address`, and `absent_node`, which does not run.

#include "flatbuffers/wire_client.h"
#include "node/runtime/port.h"
#include "storage/memory_store.h"
#include "tests/transport/loopback.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::test {

using namespace node;

struct Rig {
    explicit Rig(FaultSocket* faults = nullptr) {
        routing::Genesis genesis;
        genesis.founders.resize(2);
        genesis.founders[0].node.bytes.fill(7);
        genesis.founders[0].mesh_address = peer_address;
        genesis.founders[1].node.bytes.fill(8);
        genesis.founders[1].mesh_address = free_address();
        peer_node = genesis.founders[0].node;
        absent_node = genesis.founders[1].node;
        peer = transport::Router::bind(peer_address, {wire::kFrameBytesMax});
        mesh = transport::Router::bind(mesh_address, {wire::kFrameBytesMax});
        auto bound = transport::Router::bind(client_address, {wire::kFrameBytesMax});
        if (!peer || !mesh || !bound) return;
        clients.emplace(*std::move(bound));
        links.emplace(context, Log());
        port.emplace(PortParts{*mesh, *clients, *links, journal, reader, completions, faults},
                     PortOptions{});
        Effects effects;
        for (const routing::NodeRecord& record : genesis.founders)
            effects.list.emplace_back(LinkPeer{record});
        port->perform(effects);
    }
    transport::Dealer dial(const std::string& address) {
        return *transport::Dealer::connect(context, address, wire::kFrameBytesMax);
    }
    // Of a frame that the peer would send.
    wire::FrameHeader peer_header(Boot boot = Boot{1}) const {
        wire::FrameHeader header;
        header.channel = wire::Channel::Peer;
        header.sender = peer_node;
        header.sender_boot = boot;
        return header;
    }
    // One round: what the node would be told of.
    std::vector<Event> round() {
        std::vector<Event> events;
        while (port->next_event(event)) events.push_back(std::move(event));
        port->end_round();
        return events;
    }
    // Says hello; who that is for the port.
    std::optional<ClientRef> hello_of(transport::Dealer& client) {
        wire::FrameWriter writer;
        if (!wire::write(writer, routing::ToNode(routing::ClientHello{}))) return std::nullopt;
        wire::FrameHeader header;
        header.channel = wire::Channel::Client;
        const std::string hello = writer.finish(header);
        bool sent = false, came = false;
        (void)eventually({}, [&] {
            if (!sent) sent = client.send(hello);
            came = port->next_event(event);
            port->end_round();
            return came;
        });
        const auto* from = came ? std::get_if<FromClient>(&event) : nullptr;
        return from == nullptr ? std::nullopt : std::optional(from->from);
    }

    transport::Context context;
    Event event;
    std::string mesh_address = free_address();
    std::string client_address = free_address();
    std::string peer_address = free_address();
    NodeId peer_node, absent_node;
    Result<transport::Router> peer = std::unexpected(Error{});
    Result<transport::Router> mesh = std::unexpected(Error{});
    std::optional<ClientPort> clients;
    std::optional<PeerLinks> links;
    storage::MemoryStore store;
    Completions completions;
    JournalThread journal{store, completions};
    ReaderThread reader{store, completions};
    std::optional<Port> port;
};

}  // namespace weft::test
