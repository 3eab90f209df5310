// Which frames a node reads on, by their headers (wire_gate.h).

#include "flatbuffers/wire_gate.h"

#include <gtest/gtest.h>

namespace weft::wire::test {
namespace {

template <class Id>
Id id(std::uint8_t first) {
    Id made;
    made.bytes[0] = first;
    return made;
}

const GateOptions kReader{id<ClusterId>(1), id<NodeId>(2)};

FrameHeader from_peer() {
    FrameHeader header;
    header.channel = Channel::Peer;
    header.cluster = kReader.cluster;
    header.sender = id<NodeId>(3);
    header.receiver = kReader.self;
    return header;
}

TEST(Gate, OpensToPeersOfThisMeshThatMeanThisNode) {
    EXPECT_EQ(check_peer_header(from_peer(), kReader, true), Gate::Open);
    EXPECT_EQ(check_peer_header(from_peer(), kReader, false), Gate::UnknownSender);
    FrameHeader header = from_peer();
    header.sender = kReader.self;
    EXPECT_EQ(check_peer_header(header, kReader, true), Gate::UnknownSender) << "our own name";
    header = from_peer();
    header.receiver = id<NodeId>(4);
    EXPECT_EQ(check_peer_header(header, kReader, true), Gate::WrongReceiver);
    header.receiver = {};
    EXPECT_EQ(check_peer_header(header, kReader, true), Gate::WrongReceiver) << "nobody's";
    header = from_peer();
    header.cluster = id<ClusterId>(9);
    EXPECT_EQ(check_peer_header(header, kReader, true), Gate::WrongCluster);
    header = from_peer();
    for (const Channel channel : {Channel::Bulk, Channel::Client, Channel::Gossip}) {
        header.channel = channel;
        EXPECT_EQ(check_peer_header(header, kReader, true), Gate::WrongChannel);
    }
}

TEST(Gate, LetsClientsInThatNameNothingOrTheRightThing) {
    FrameHeader header;
    EXPECT_EQ(check_client_header(header, kReader), Gate::Open) << "its first frame";
    header.cluster = kReader.cluster;
    header.receiver = kReader.self;
    EXPECT_EQ(check_client_header(header, kReader), Gate::Open);
    header.receiver = id<NodeId>(4);
    EXPECT_EQ(check_client_header(header, kReader), Gate::Foreign);
    header.receiver = {};
    header.cluster = id<ClusterId>(9);
    EXPECT_EQ(check_client_header(header, kReader), Gate::Foreign);
    header.channel = Channel::Peer;
    EXPECT_EQ(check_client_header(header, kReader), Gate::WrongChannel);
}

}  // namespace
}  // namespace weft::wire::test
