// How much of what comes in one round looks at.

#include "node/runtime/port.h"

#include "flatbuffers/wire_frame.h"
#include "storage/memory_store.h"
#include "tests/transport/loopback.h"

#include <gtest/gtest.h>

#include <vector>

namespace weft::node {
namespace {

TEST(Port, ARoundOfRubbishEndsAlthoughThereIsMore) {
    transport::Context context;
    const std::string mesh_address = test::free_address();
    const std::string client_address = test::free_address();
    auto mesh = transport::Router::bind(mesh_address, {wire::kFrameBytesMax});
    auto client = transport::Router::bind(client_address, {wire::kFrameBytesMax});
    ASSERT_TRUE(mesh && client);
    ClientPort clients(*std::move(client));
    auto peers = PeerLinks::open(context, {}, NodeId{}, Log());
    ASSERT_TRUE(peers);
    storage::MemoryStore store;
    Completions completions;
    JournalThread journal(store, completions);
    ReaderThread reader(store, completions);
    Port port({*mesh, clients, *peers, journal, reader, completions}, PortOptions{});

    // Five frames of messages that nobody knows.
    test::PlainTcp tcp(client_address);
    ASSERT_TRUE(tcp.send(test::kReady));
    wire::FrameHeader header;
    header.channel = wire::Channel::Client;
    for (int frame = 0; frame < 5; ++frame) {
        wire::FrameWriter writer;
        for (int i = 0; i < 1000; ++i) writer.add(999, 0, "12345678");
        ASSERT_TRUE(tcp.send(test::zmtp_frame(writer.finish(header))));
    }
    const auto skipped = [&] { return port.rejects().count(Reject::Skipped); };
    Event event;
    std::uint64_t most = 0;
    EXPECT_TRUE(test::eventually({}, [&] {
        const std::uint64_t before = skipped();
        EXPECT_FALSE(port.next_event(event));
        most = std::max(most, skipped() - before);
        EXPECT_LE(most, 1024u);
        const std::uint64_t after = skipped();
        if (after - before >= 1000) {
            EXPECT_FALSE(port.next_event(event)) << "the round is over";
            EXPECT_EQ(skipped(), after);
        }
        port.end_round();
        return after == 5000;
    }));
    EXPECT_GE(most, 1000u);
}

}  // namespace
}  // namespace weft::node
