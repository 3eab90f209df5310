// The machine as the port of a node's loop.

#include "sim/machine.h"

#include "flatbuffers/wire_client.h"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

namespace weft::sim {
namespace {

class Sent final : public MachineWorld {
public:
    void link_peer(std::size_t, NodeId to) override { linked.push_back(to); }
    void unlink_peer(std::size_t, NodeId to) override { std::erase(linked, to); }
    void send_peer(std::size_t, NodeId, Bytes) override { ++frames; }
    void send_gossip(std::size_t, NodeId, Bytes) override {}
    void send_client(std::size_t, ClientRef to, Bytes) override { clients.push_back(to); }
    void leaves(std::size_t, const node::SendPeer&) override {}
    void answers(std::size_t, const node::SendClient&) override {}
    void hears(std::size_t, const node::Event&) override {}
    void synced(std::size_t, const storage::WriteBatch&) override {}
    void read_back(std::size_t, const std::vector<storage::RecoveredGroup>&) override {}
    void round_done(std::size_t) override {}
    void stopped(std::size_t, const node::Stop&) override {}
    void machine_trace(std::size_t, TraceHash::Kind, std::uint64_t) override {}
    std::vector<ClientRef> clients;
    std::vector<NodeId> linked;
    int frames = 0;  // to peers
};

class MachineTest : public testing::Test {
protected:
    MachineTest() {
        routing::NodeRecord record;
        record.node.bytes[0] = 1;
        record.name = "n0";
        record.mesh_address = "127.0.0.1:7340";
        record.client_address = "127.0.0.1:7341";
        record.host = record.name;
        cluster_.genesis.groups = 1;
        cluster_.genesis.replicas = 1;
        cluster_.genesis.founders.push_back(record);
        cluster_.genesis_bytes = routing::encode_genesis(cluster_.genesis).value();
        cluster_.id = routing::cluster_id(cluster_.genesis_bytes);
        cluster_.types = &types_;
        machine_.emplace(0, cluster_, queue_, sent_, Random(7));
        machine_->start();
        while (queue_.run_one(Instant{} + std::chrono::seconds(1))) {
        }
    }
    void says(ClientRef client) {
        wire::FrameWriter frame;
        ASSERT_TRUE(wire::write(frame, routing::ToNode{routing::ClientHello{}}));
        wire::FrameHeader header;
        header.channel = wire::Channel::Client;
        header.cluster = cluster_.id;
        machine_->client_frame(client, Bytes::copy_of(frame.seal(header)));
    }
    void perform(node::Effect effect) {
        node::Effects effects;
        effects.list.push_back(std::move(effect));
        machine_->perform(effects);
    }

    static constexpr ClientRef kHeld{1};
    static constexpr ClientRef kOther{2};
    entity::TypeTable types_;
    Cluster cluster_;
    EventQueue queue_;
    Sent sent_;
    std::optional<Machine> machine_;
};

TEST_F(MachineTest, KeepsNothingForAPeerThatIsUnlinked) {
    EXPECT_EQ(sent_.linked, std::vector<NodeId>{}) << "it is alone";
    routing::NodeRecord peer;
    peer.node.bytes[0] = 2;
    perform(node::LinkPeer{peer});
    EXPECT_EQ(sent_.linked, std::vector<NodeId>{peer.node});
    perform(node::SendPeer{peer.node, node::PeerHello{}});
    EXPECT_EQ(sent_.frames, 1);
    node::Effects effects;
    effects.list.emplace_back(node::SendPeer{peer.node, node::PeerHello{}});
    effects.list.emplace_back(node::UnlinkPeer{peer.node});
    machine_->perform(effects);
    EXPECT_EQ(sent_.linked, std::vector<NodeId>{});
    EXPECT_EQ(sent_.frames, 1);
}

TEST_F(MachineTest, ReadsNothingOfAHeldClientUntilSomethingIsSentToIt) {
    ASSERT_EQ(machine_->waiting_events(), 0U);
    perform(node::HoldClient{kHeld});
    says(kHeld);
    says(kHeld);
    EXPECT_EQ(machine_->waiting_events(), 0U);
    says(kOther);
    EXPECT_EQ(machine_->waiting_events(), 1U) << "of the others it reads on";
    perform(node::SendClient{kOther, Reply{}});
    EXPECT_EQ(machine_->waiting_events(), 1U);
    perform(node::SendClient{kHeld, Reply{}});
    EXPECT_EQ(machine_->waiting_events(), 3U) << "in order, what has waited";
    says(kHeld);
    EXPECT_EQ(machine_->waiting_events(), 4U);
    EXPECT_EQ(sent_.clients, (std::vector<ClientRef>{kOther, kHeld}));
}

TEST_F(MachineTest, WhatAHeldClientHadSentGoesWithIt) {
    perform(node::HoldClient{kHeld});
    says(kHeld);
    machine_->client_gone(kHeld);
    EXPECT_EQ(machine_->waiting_events(), 1U) << "that it is gone";
    perform(node::HoldClient{kOther});
    says(kOther);
    machine_->crash(1);
    machine_->start();
    perform(node::SendClient{kOther, Reply{}});
    EXPECT_EQ(machine_->waiting_events(), 0U);
}

struct RowSink final : DiskUser {
    void disk_event(node::Event event) override {
        if (const auto* fetched = std::get_if<node::Fetched>(&event))
            state = std::get<Result<storage::FetchedRow>>(fetched->result)->state;
    }
    void sync_failed() override {}
    void disk_applied(const storage::WriteBatch&) override {}
    void disk_trace(TraceHash::Kind, std::uint64_t) override {}
    storage::FetchedRow::State state = storage::FetchedRow::State::Corrupt;
};

// A read looks at the disk between its beginning and its end: at either in the simulator.
TEST(SimulatedDisk, AReadMaySeeTheDiskAsItWasWhenItBegan) {
    using State = storage::FetchedRow::State;
    for (const std::uint64_t early : {std::uint64_t{0}, std::uint64_t{100}}) {
        EventQueue queue;
        RowSink sink;
        Disk disk(queue, sink, Random(5));
        disk.times.early_percent = early;
        disk.times.read_min = disk.times.read_max = std::chrono::milliseconds(100);
        storage::WriteBatch batch;
        batch.put_row(storage::Table::Meta, "k", "v");
        disk.write(RoundSeq{1}, batch);
        disk.read(DiskFetchId{2}, storage::RowRead{storage::Table::Meta, "k"});
        while (queue.run_one(Instant{} + std::chrono::seconds(1))) {
        }
        EXPECT_EQ(sink.state, early == 0 ? State::Found : State::Missing);
    }
}

}  // namespace
}  // namespace weft::sim
