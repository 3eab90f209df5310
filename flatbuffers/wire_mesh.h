#pragma once
// Codec of the messages between nodes.

#include "flatbuffers/wire_frame.h"
#include "node/events.h"

#include <optional>

namespace weft::wire {

// As FrameWriter::add(). What a round has to say is split long before (node/peer.cpp).
[[nodiscard]] Result<void> write(FrameWriter& frame, const node::MeshMessage& message);

// As read_to_node: offsets, counts and entry bounds of batches are checked here, so that a core
// sees consistent structs only.
Result<std::optional<node::MeshMessage>> read_mesh(const RawMessage& message);

}  // namespace weft::wire
