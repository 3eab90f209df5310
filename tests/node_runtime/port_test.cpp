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
    auto mesh = transport::Router::bind(context, mesh_address, wire::kFrameBytesMax);
    auto client = transport::Router::bind(context, client_address, wire::kFrameBytesMax);
    ASSERT_TRUE(mesh && client);
    ClientPort clients(*std::move(client));
    auto peers = PeerLinks::open(context, {}, NodeId{}, Log());
    ASSERT_TRUE(peers);
    storage::MemoryStore store;
    Completions completions;
    JournalThread journal(store, completions);
    ReaderThread reader(store, completions);
    Port port({*mesh, clients, *peers, journal, reader, completions}, PortOptions{});

    // As many as lie in the sockets; what is sent before the connection stands is not.
    std::vector<transport::Dealer> dealers;
    for (int i = 0; i < 100; ++i)
        dealers.push_back(*transport::Dealer::connect(
            context, i % 2 == 0 ? mesh_address : client_address, wire::kFrameBytesMax));
    for (transport::Dealer& dealer : dealers) {
        ASSERT_TRUE(test::eventually({}, [&] { return dealer.send("x"); }));
        while (dealer.send("x")) {
        }
    }
    const auto refused = [&] { return port.rejects().count(Reject::BadFrame); };
    Event event;
    std::uint64_t looked_at = 0;
    EXPECT_TRUE(test::eventually({}, [&] {
        const std::uint64_t before = refused();
        EXPECT_FALSE(port.next_event(event));
        looked_at = refused() - before;
        EXPECT_LE(looked_at, 1024u);
        if (looked_at == 1024u) {
            EXPECT_FALSE(port.next_event(event)) << "the round is over";
        }
        EXPECT_EQ(refused() - before, looked_at);
        port.end_round();
        for (transport::Dealer& dealer : dealers) (void)dealer.send("x");
        return looked_at == 1024u;
    }));
}

}  // namespace
}  // namespace weft::node
