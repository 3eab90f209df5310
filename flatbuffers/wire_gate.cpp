#include "flatbuffers/wire_gate.h"

namespace weft::wire {

Gate check_peer_header(const FrameHeader& header, const GateOptions& reader, bool knows_sender) {
    if (header.channel != Channel::Peer) return Gate::WrongChannel;
    if (header.cluster != reader.cluster) return Gate::WrongCluster;
    if (header.receiver != reader.self) return Gate::WrongReceiver;
    return knows_sender && header.sender != reader.self ? Gate::Open : Gate::UnknownSender;
}

Gate check_client_header(const FrameHeader& header, const GateOptions& reader) {
    if (header.channel != Channel::Client) return Gate::WrongChannel;
    const bool other_mesh = !header.cluster.is_zero() && header.cluster != reader.cluster;
    const bool other_node = !header.receiver.is_zero() && header.receiver != reader.self;
    return other_mesh || other_node ? Gate::Foreign : Gate::Open;
}

}  // namespace weft::wire
