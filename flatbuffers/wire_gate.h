#pragma once
// What a frame's header must say before a node reads on. One answer for sockets and for the
// simulator; who proves to be the sender is asked behind it (docs/security.md).

#include "flatbuffers/wire_frame.h"
#include "weft/types.h"

#include <cstdint>

namespace weft::wire {

enum class Gate : std::uint8_t {
    Open,
    WrongChannel,   // a client's frame on the mesh port, or the reverse
    WrongCluster,   // another mesh
    WrongReceiver,  // meant for another node
    UnknownSender,  // not on the roster, or this node itself
    Foreign,        // a client that wants another mesh or node: only its hello is heard
};

// Who reads.
struct GateOptions {
    ClusterId cluster;
    NodeId self;
};

// `knows_sender`: the roster lists it, and it is not this node.
Gate check_peer_header(const FrameHeader& header, const GateOptions& reader, bool knows_sender);
// A client names neither mesh nor node before it has heard of them.
Gate check_client_header(const FrameHeader& header, const GateOptions& reader);

}  // namespace weft::wire
