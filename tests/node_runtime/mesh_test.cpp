// One node and three nodes over real sockets and disks, driven by frames.

#include "tests/node_runtime/raw_client.h"
#include "tests/node_runtime/test_mesh.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(RuntimeMesh, OneNodeServesAndRemembers) {
    test::TestMesh mesh(1);
    mesh.start();
    transport::Context context;
    {
        test::RawClient client(context, mesh.nodes[0]->record().client_address);
        ASSERT_TRUE(client.greet()) << mesh.nodes[0]->log();
        EXPECT_EQ(client.hello.cluster, mesh.cluster());
        const Reply put = client.call("kv", "cart/1", "put", "three apples");
        ASSERT_EQ(put.outcome, Outcome::Done) << put.error.message;
        const Reply get = client.call("kv", "cart/1", "get", "");
        ASSERT_EQ(get.outcome, Outcome::Done) << get.error.message;
        EXPECT_EQ(get.payload.view(), "three apples");
        EXPECT_EQ(client.call("counter", "visits", "add", "5").outcome, Outcome::Done);
    }
    EXPECT_EQ(mesh.nodes[0]->stop(), 0) << mesh.nodes[0]->log();
    mesh.start();
    test::RawClient client(context, mesh.nodes[0]->record().client_address);
    ASSERT_TRUE(client.greet());
    EXPECT_EQ(client.hello.boot, Boot{2});
    EXPECT_EQ(client.call("kv", "cart/1", "get", "").payload.view(), "three apples");
    EXPECT_EQ(client.call("counter", "visits", "get", "").payload.view(), "5");
    EXPECT_EQ(mesh.nodes[0]->stop(), 0);
}

// A client of each node; requests go where the leader is.
class ThreeNodes : public testing::Test {
protected:
    void SetUp() override {
        mesh_.start();
        for (const auto& node : mesh_.nodes)
            clients_.push_back(
                std::make_unique<test::RawClient>(context_, node->record().client_address));
        for (const auto& client : clients_) ASSERT_TRUE(client->greet());
    }

    // Asks one node after the other until one has done it or said no for good.
    Reply call(std::string_view id, std::string_view command, std::string_view payload,
               std::optional<std::size_t> without = {}) {
        Reply reply;
        test::eventually({}, [&] {
            for (std::size_t i = 0; i < clients_.size(); ++i) {
                if (i == without) continue;
                reply = clients_[i]->ask(clients_[i]->request("kv", id, command, payload));
                if (reply.outcome == Outcome::Done) leader_ = i;
                if (reply.outcome != Outcome::NotDone) return true;
            }
            return false;
        });
        return reply;
    }

    test::TestMesh mesh_{3};
    transport::Context context_;
    std::vector<std::unique_ptr<test::RawClient>> clients_;
    std::size_t leader_ = 0;  // of the last call
};

TEST_F(ThreeNodes, ServeWhileOneIsAwayAndTakeItBack) {
    for (int i = 0; i < 20; ++i) {
        const std::string id = "key-" + std::to_string(i);
        const Reply put = call(id, "put", "value of " + id);
        ASSERT_EQ(put.outcome, Outcome::Done) << put.error.message << mesh_.nodes[0]->log();
    }
    const std::size_t away = leader_;
    EXPECT_EQ(mesh_.nodes[away]->stop(), 0) << mesh_.nodes[away]->log();
    for (int i = 0; i < 20; ++i) {
        const std::string id = "key-" + std::to_string(i);
        EXPECT_EQ(call(id, "get", "", away).payload.view(), "value of " + id);
        EXPECT_EQ(call(id, "put", "newer", away).outcome, Outcome::Done);
    }
    mesh_.nodes[away]->start();
    ASSERT_TRUE(clients_[away]->greet());
    EXPECT_EQ(clients_[away]->hello.boot, Boot{2});
    EXPECT_TRUE(test::eventually({}, [&] {
        return mesh_.nodes[away]->log().rfind("node.ready") >
               mesh_.nodes[away]->log().rfind("node.started");
    })) << mesh_.nodes[away]->log();
    EXPECT_EQ(call("key-3", "get", "").payload.view(), "newer");
    for (const auto& node : mesh_.nodes) EXPECT_EQ(node->stop(), 0) << node->log();
    // Nothing that a node sends comes before the proof of its connection.
    for (const auto& node : mesh_.nodes)
        EXPECT_EQ(node->log().find("unproven"), std::string::npos) << node->log();
}

TEST_F(ThreeNodes, ANodeThatDoesNotLeadNamesTheLeader) {
    ASSERT_EQ(call("key", "put", "1").outcome, Outcome::Done);
    const std::size_t other = (leader_ + 1) % 3;
    const Reply refused = clients_[other]->ask(clients_[other]->request("kv", "key", "put", "2"));
    EXPECT_EQ(refused.outcome, Outcome::NotDone);
    EXPECT_EQ(refused.error.code, ErrorCode::NotLeader);
    EXPECT_EQ(refused.leader_hint, mesh_.nodes[leader_]->record().node);
}

// Far more bytes than a frame or a queue holds at once.
TEST_F(ThreeNodes, LargeValuesPass) {
    const std::string value(std::size_t{1} << 20, 'v');
    for (int i = 0; i < 6; ++i) {
        const std::string id = "large-" + std::to_string(i);
        ASSERT_EQ(call(id, "put", value).outcome, Outcome::Done);
        EXPECT_EQ(call(id, "get", "").payload.view(), value);
    }
}

}  // namespace
}  // namespace weft
