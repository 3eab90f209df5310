#pragma once
// One simulated machine: clock, disk, and while it is up a Node driven by node/loop. It is the port
// of that loop; what leaves goes through the production codec and the world.

#include "core/log.h"
#include "core/random.h"
#include "entity/type.h"
#include "flatbuffers/wire_frame.h"
#include "node/loop/loop.h"
#include "node/node.h"
#include "routing/genesis.h"
#include "sim/clock.h"
#include "sim/disk.h"

#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weft::sim {

struct Cluster {
    routing::Genesis genesis;
    std::string genesis_bytes;
    ClusterId id;
    const entity::TypeTable* types = nullptr;
    node::NodeOptions options;   // timings and limits of every node; identity is filled in
    std::FILE* trace = nullptr;  // every node's log lines, with virtual time
};

// Writes a node's log lines into the trace.
class TraceLog final : public LogSink {
public:
    TraceLog(std::FILE* file, const EventQueue& queue, std::size_t machine)
        : file_(file), queue_(queue), machine_(machine) {}
    void write(LogLevel level, std::string_view event,
               std::initializer_list<LogField> fields) override;

private:
    std::FILE* file_;
    const EventQueue& queue_;
    std::size_t machine_;
};

// Where a machine's output goes.
class MachineWorld {
public:
    virtual ~MachineWorld() = default;
    virtual void send_peer(std::size_t from, NodeId to, Bytes frame) = 0;
    virtual void send_client(std::size_t from, ClientRef to, Bytes frame) = 0;
    // After every round of a live node.
    virtual void round_done(std::size_t machine) = 0;
    virtual void stopped(std::size_t machine, const node::Stop& stop) = 0;
};

class Machine {
public:
    Machine(std::size_t number, const Cluster& cluster, EventQueue& queue, MachineWorld& world,
            Random random);

    // ---- life
    void start();
    void crash();               // power fails: memory and unsynced writes are gone
    void pause(Instant until);  // the process does nothing; input waits
    bool alive() const { return node_ != nullptr; }
    bool paused() const { return paused_until_ > queue_.now(); }
    std::uint64_t life() const { return life_; }

    // ---- input
    void event(node::Event event);
    // Frames are checked here as node/runtime does; bad ones are counted and dropped.
    void peer_frame(const Bytes& frame);
    void client_frame(ClientRef from, const Bytes& frame);

    // ---- the loop's port
    Now now() { return clock.read(queue_.now()); }
    bool next_event(node::Event& event);
    void perform(node::Effects& effects);

    const routing::NodeRecord& record() const { return record_; }
    const node::Node& node() const { return *node_; }
    Disk& disk() { return disk_; }
    std::uint64_t rejected_frames() const { return rejected_; }

    MachineClock clock;

private:
    void wake_at(Instant world);
    void run_rounds(std::uint64_t life);
    void flush_frames();
    wire::FrameHeader header(NodeId receiver, wire::Channel channel) const;

    std::size_t number_;
    const Cluster& cluster_;
    EventQueue& queue_;
    MachineWorld& world_;
    Random random_;
    TraceLog log_;
    routing::NodeRecord record_;
    Disk disk_;
    Boot boot_;
    std::uint64_t life_ = 0;
    Instant paused_until_;
    Instant wake_ = Instant::never();
    Lsn durable_;
    std::uint64_t rejected_ = 0;
    std::unique_ptr<node::Node> node_;
    std::unique_ptr<node::Loop<Machine>> loop_;
    std::deque<node::Event> inbox_;
    std::map<NodeId, wire::FrameWriter> peer_frames_;
    std::map<ClientRef, wire::FrameWriter> client_frames_;
};

}  // namespace weft::sim
