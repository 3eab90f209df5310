#pragma once
// Real nodes in threads of the test, on free loopback ports and in folders that go away.

#include "core/hash.h"
#include "node/runtime/runtime.h"
#include "routing/genesis.h"
#include "tests/support/temp_folder.h"
#include "tests/transport/loopback.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace weft::test {

inline routing::NodeRecord node_record(char name) {
    routing::NodeRecord record;
    record.signing_key.fill(static_cast<std::uint8_t>(name));
    const auto hash = blake2b_128({reinterpret_cast<const char*>(record.signing_key.data()), 32});
    record.node.bytes = hash;
    record.transport_key.fill(static_cast<std::uint8_t>(name + 1));
    record.mesh_address = free_address();
    record.client_address = free_address();
    record.name = std::string(1, name);
    record.zone = "z";
    record.host = record.name;
    return record;
}

// One node's options and, while it runs, its thread.
class TestNode {
public:
    explicit TestNode(node::RuntimeOptions options) : options_(std::move(options)) {}
    TestNode(const TestNode&) = delete;
    TestNode& operator=(const TestNode&) = delete;
    ~TestNode() { stop(); }

    void start() {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        stop_ = ends[1];
        options_.stop_descriptor = ends[0];
        thread_ = std::thread([this] { result_ = node::run_node(options_); });
    }
    // Asks it to stop and returns its exit code; -1: it had not started.
    int stop() {
        if (!thread_.joinable()) return exit_code();
        [[maybe_unused]] const ssize_t written = write(stop_, "x", 1);
        return wait();
    }
    int wait() {
        thread_.join();
        close(stop_);
        close(options_.stop_descriptor);
        return exit_code();
    }
    const routing::NodeRecord& record() const { return options_.self; }
    const node::RuntimeOptions& options() const { return options_; }
    std::string log() const {
        std::ifstream file(options_.log_file);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }

private:
    int exit_code() const { return result_ && *result_ ? **result_ : -1; }

    node::RuntimeOptions options_;
    int stop_ = -1;
    std::thread thread_;
    std::optional<Result<int>> result_;
};

class TestMesh {
public:
    explicit TestMesh(std::size_t count, std::uint32_t groups = 8) {
        routing::Genesis genesis;
        genesis.hash_key.fill(7);
        genesis.groups = groups;
        genesis.replicas = 3;
        for (std::size_t i = 0; i < count; ++i)
            genesis.founders.push_back(node_record(static_cast<char>('a' + i)));
        genesis_bytes = *routing::encode_genesis(genesis);
        for (const routing::NodeRecord& record : genesis.founders) {
            node::RuntimeOptions options;
            options.data_directory = (folder_.path() / record.name).string();
            options.log_file = (folder_.path() / (record.name + ".log")).string();
            options.genesis_bytes = genesis_bytes;
            options.self = record;
            options.map_bytes = std::uint64_t{64} << 20;
            nodes.push_back(std::make_unique<TestNode>(std::move(options)));
        }
    }
    void start() {
        for (const auto& node : nodes) node->start();
    }
    ClusterId cluster() const { return routing::cluster_id(genesis_bytes); }

private:
    TempFolder folder_;  // outlives the nodes that write into it

public:
    std::string genesis_bytes;
    std::vector<std::unique_ptr<TestNode>> nodes;
};

}  // namespace weft::test
