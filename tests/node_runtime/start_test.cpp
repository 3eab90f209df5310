// What keeps a node from starting: a clear error, and nothing was sent or changed.

#include "core/error.h"
#include "tests/node_runtime/raw_client.h"
#include "tests/node_runtime/test_mesh.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(RuntimeStart, APortInUseIsNamedAndNothingIsTouched) {
    test::TestMesh mesh(1);
    const node::RuntimeOptions& options = mesh.nodes[0]->options();
    transport::Context context;
    auto other = transport::Router::bind(options.self.client_address, {1024});
    ASSERT_TRUE(other);
    const auto code = node::run_node(options);
    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().number, std::uint16_t(ErrorNumber::PortInUse));
    EXPECT_NE(code.error().message.find(options.self.client_address), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(options.data_directory));
}

TEST(RuntimeStart, BeyondLoopbackKeysAreNeeded) {
    routing::Genesis genesis;
    genesis.groups = 8;
    genesis.replicas = 1;
    genesis.founders = {test::node_record('a')};
    genesis.founders[0].mesh_address = "0.0.0.0:7340";
    node::RuntimeOptions options;
    options.genesis_bytes = *routing::encode_genesis(genesis);
    options.self = genesis.founders[0];
    const auto code = node::run_node(options);
    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().number, std::uint16_t(ErrorNumber::ListenNeedsKeys));
}

TEST(RuntimeStart, FaultsAreForOneMachineAlone) {
    test::TestMesh mesh(1);
    node::RuntimeOptions options = mesh.nodes[0]->options();
    options.fault_socket = options.data_directory + "-faults";
    for (const char* address : {"0.0.0.0:7340", "127.example.com:7340", "[::]:7340", "node:7340"}) {
        options.listen_mesh = address;
        const auto code = node::run_node(options);
        ASSERT_FALSE(code);
        EXPECT_EQ(code.error().number, std::uint16_t(ErrorNumber::BadConfiguration)) << address;
        EXPECT_NE(code.error().message.find(address), std::string::npos);
        EXPECT_NE(code.error().message.find("faults"), std::string::npos);
    }
    EXPECT_FALSE(std::filesystem::exists(options.fault_socket));
}

TEST(RuntimeStart, ANodeThatIsNoFounderIsRefused) {
    test::TestMesh mesh(1);
    node::RuntimeOptions options = mesh.nodes[0]->options();
    options.self = test::node_record('z');
    const auto code = node::run_node(options);
    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().number, std::uint16_t(ErrorNumber::BadConfiguration));
    EXPECT_NE(code.error().message.find(options.self.node.hex()), std::string::npos);
}

TEST(RuntimeStart, AnAddressThatTheMeshDoesNotKnowIsRefused) {
    test::TestMesh mesh(1);
    node::RuntimeOptions options = mesh.nodes[0]->options();
    options.self.client_address = test::free_address();
    EXPECT_EQ(node::run_node(options).error().number, std::uint16_t(ErrorNumber::BadConfiguration));
}

TEST(RuntimeStart, DamagedGenesisIsRefused) {
    test::TestMesh mesh(1);
    node::RuntimeOptions options = mesh.nodes[0]->options();
    options.genesis_bytes.resize(options.genesis_bytes.size() - 1);
    EXPECT_FALSE(node::run_node(options));
}

TEST(RuntimeStart, AProcessorThatDoesNotExistIsRefused) {
    test::TestMesh mesh(1);
    node::RuntimeOptions options = mesh.nodes[0]->options();
    options.cpu = 1000000;
    EXPECT_EQ(node::run_node(options).error().number, std::uint16_t(ErrorNumber::BadConfiguration));
}

TEST(RuntimeStart, AnotherMeshsDataIsRefused) {
    test::TestMesh first(1);
    transport::Context context;
    first.start();
    test::RawClient client(context, first.nodes[0]->record().client_address);
    ASSERT_TRUE(client.greet());
    ASSERT_EQ(first.nodes[0]->stop(), 0);
    test::TestMesh second(1, 16);
    node::RuntimeOptions options = second.nodes[0]->options();
    options.data_directory = first.nodes[0]->options().data_directory;
    EXPECT_EQ(node::run_node(options).error().number, std::uint16_t(ErrorNumber::ForeignData));
}

}  // namespace
}  // namespace weft
