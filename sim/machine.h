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
#include "sim/event_queue.h"
#include "sim/trace_hash.h"
#include "storage/lmdb_store.h"

#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::sim {

struct Cluster {
    routing::Genesis genesis;
    std::string genesis_bytes;
    ClusterId id;
    const entity::TypeTable* types = nullptr;
    node::NodeOptions options;  // timings and limits of every node; identity is filled in
    std::size_t round_events = 256;
    std::uint64_t check_steps = 1;  // full pass over a partition every so many steps
    std::FILE* trace = nullptr;     // every node's log lines, with virtual time
    std::string disks;              // folder of LMDB stores; empty: reference stores in memory
    storage::LmdbStoreBounds bounds;
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
    virtual void link_peer(std::size_t from, NodeId to) = 0;
    virtual void unlink_peer(std::size_t from, NodeId to) = 0;
    virtual void send_peer(std::size_t from, NodeId to, Bytes frame) = 0;
    virtual void send_gossip(std::size_t from, NodeId to, Bytes datagram) = 0;
    virtual void send_client(std::size_t from, ClientRef to, Bytes frame) = 0;
    // A message leaves; what the disk holds of this round's records comes later.
    virtual void leaves(std::size_t machine, const node::SendPeer& sent) = 0;
    virtual void answers(std::size_t machine, const node::SendClient& sent) = 0;
    // The node takes this in now.
    virtual void hears(std::size_t machine, const node::Event& event) = 0;
    virtual void synced(std::size_t machine, const storage::WriteBatch& batch) = 0;
    // What the disk holds when the process starts.
    virtual void read_back(std::size_t machine,
                           const std::vector<storage::RecoveredGroup>& found) = 0;
    // After every round of a live node.
    virtual void round_done(std::size_t machine) = 0;
    // The process is to end, by its own wish or because a fault says so. Called outside of any
    // step.
    virtual void stopped(std::size_t machine, const node::Stop& stop) = 0;
    virtual void machine_trace(std::size_t machine, TraceHash::Kind kind,
                               std::uint64_t payload) = 0;
};

class Machine final : public DiskUser {
public:
    Machine(std::size_t number, const Cluster& cluster, EventQueue& queue, MachineWorld& world,
            Random random);

    // ---- life
    void start();
    // Memory is gone, and of the unsynced writes what `salt` does not spare.
    void crash(std::uint64_t salt, DiskImage::Ending ending = DiskImage::Ending::Power);
    void pause(Instant until);  // the process does nothing; input waits
    void resume();
    // Ends the process after `effects` more effects, wherever in a round that is.
    void crash_after(std::uint64_t effects, std::uint64_t salt);
    void no_crash_wanted() { crash_after_ = 0; }
    // Of the rounds that ended so: those of which the journal had what no socket was given, and
    // those of which the sockets had what the journal was never given.
    struct CutRounds {
        std::uint64_t journal_ahead = 0, sockets_ahead = 0;
    };
    const CutRounds& cut_rounds() const { return cut_rounds_; }
    bool alive() const { return node_ != nullptr; }
    bool paused() const { return paused_until_ > queue_.now(); }
    std::uint64_t life() const { return life_; }
    Boot boot() const { return boot_; }
    // The clock was changed: the next deadline may have come nearer.
    void clock_changed();

    // ---- input
    void event(node::Event event);
    // Frames are checked here as node/runtime does; bad ones are counted and dropped.
    void peer_frame(const Bytes& frame);
    void client_frame(ClientRef from, const Bytes& frame);
    void client_gone(ClientRef client);

    // ---- the disk's answers
    void disk_event(node::Event event) override;
    void sync_failed() override;
    void disk_applied(const storage::WriteBatch& batch) override { world_.synced(number_, batch); }
    void disk_trace(TraceHash::Kind kind, std::uint64_t payload) override {
        world_.machine_trace(number_, kind, payload);
    }

    // ---- the loop's port
    Now now() { return clock.read(queue_.now()); }
    bool next_event(node::Event& event);
    void perform(node::Effects& effects);

    const routing::NodeRecord& record() const { return record_; }
    const node::Node& node() const { return *node_; }
    node::Node& node_for_checks() { return *node_; }
    Disk& disk() { return disk_; }
    const Disk& disk() const { return disk_; }
    std::size_t waiting_events() const { return inbox_.size(); }
    std::uint64_t rejected_frames() const { return rejected_; }

    MachineClock clock;

private:
    void wake_at(Instant world);
    void alarm_at(Instant world);
    std::vector<node::KnownPast> read_pasts() const;
    void run_rounds(std::uint64_t life);
    void carry_out(node::Effects& effects);
    // Without one for each kind of effect it does not compile.
    void carry_out(const node::LinkPeer& wanted);
    void carry_out(const node::UnlinkPeer& unwanted);
    void carry_out(const node::SendPeer& peer);
    void carry_out(node::SendGossip& gossip);
    void carry_out(const node::SendClient& client);
    void carry_out(const node::HoldClient& hold);
    void carry_out(node::Fetch& fetch);
    void carry_out(node::Stop& stop);
    void carry_out_part(node::Effects& effects);
    void flush_frames();
    wire::FrameWriter& client_frame_to(ClientRef to);
    void read_client(ClientRef from, const Bytes& frame);
    void release(ClientRef client);
    wire::FrameHeader header(NodeId receiver, wire::Channel channel) const;

    std::size_t number_;
    const Cluster& cluster_;
    EventQueue& queue_;
    MachineWorld& world_;
    const Random random_;  // only its streams are used
    Random jitter_;        // of the operating system's scheduler
    TraceLog log_;
    routing::NodeRecord record_;
    Disk disk_;
    Boot boot_;
    std::uint64_t life_ = 0;
    Instant paused_until_;
    Instant wake_ = Instant::never();   // for input
    Instant alarm_ = Instant::never();  // for a deadline
    Lsn durable_;
    std::uint64_t rejected_ = 0;
    std::uint64_t crash_after_ = 0;  // effects left; zero: no such wish
    std::uint64_t crash_salt_ = 0;
    CutRounds cut_rounds_;
    std::optional<node::Stop> stop_;
    std::unique_ptr<node::Node> node_;
    std::unique_ptr<node::Loop<Machine>> loop_;
    std::deque<node::Event> inbox_;
    std::map<NodeId, wire::FrameWriter> peer_frames_;
    std::vector<std::pair<ClientRef, wire::FrameWriter>>
        client_frames_;  // first client_used_ in use
    std::size_t client_used_ = 0;
    // Clients of which nothing is read until something is sent to them, with what they have sent.
    std::map<ClientRef, std::vector<Bytes>> held_;
};

}  // namespace weft::sim
