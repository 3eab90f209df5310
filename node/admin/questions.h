#pragma once
// Administrative questions that wait for their turn: of one connection one at a time, and the
// connections take turns. Whoever asks a thousand at once waits, not the groups of this node.

#include "core/command.h"
#include "routing/messages.h"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>

namespace weft::node {

class Questions {
public:
    struct Asked {
        ClientRef from;
        routing::AdminRequest request;
    };
    static constexpr std::size_t kPerConnection = 16;
    // More than so many in all: one of each connection, so that nobody keeps the others out.
    static constexpr std::size_t kRoomy = 512;
    // More than so many bytes in all: only small ones.
    static constexpr std::size_t kBytesMax = std::size_t{4} << 20;
    static constexpr std::size_t kSmallBytes = 1024;

    // False: there is no room for it now.
    bool add(ClientRef from, routing::AdminRequest request);
    bool any() const { return !turns_.empty(); }
    // The next one; no other of its connection comes before done().
    std::optional<Asked> take();
    void done(ClientRef from);
    // The connection has ended.
    void forget(ClientRef from);
    // Connections whose question is being answered.
    std::size_t answering() const;
    void check() const;

private:
    struct Connection {
        std::deque<routing::AdminRequest> waiting;
        bool answering = false;
    };
    bool has_room(const Connection& connection, std::size_t bytes) const;

    std::map<ClientRef, Connection> connections_;
    std::deque<ClientRef> turns_;  // those with a question that nothing keeps from being answered
    std::size_t waiting_ = 0, bytes_ = 0;  // in all
};

}  // namespace weft::node
