#pragma once
// A mesh in one thread: nodes, their loops, memory stores and links that can be cut. Time moves in
// steps of one millisecond; messages and syncs take none unless they are held.

#include "entity/type.h"
#include "node/loop/loop.h"
#include "node/node.h"
#include "routing/genesis.h"
#include "routing/placement.h"
#include "storage/memory_store.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weft::node::test {

struct LabOptions {
    std::size_t nodes = 3;
    std::uint32_t groups = 8;
    std::uint32_t replicas = 3;
    std::function<void(NodeOptions&)> adjust = [](NodeOptions&) {};
};

class Lab;

// One node's process: the port of its loop.
class Machine {
public:
    Machine(Lab& lab, std::size_t number) : lab_(lab), number_(number) {}

    void start();
    void kill();
    bool alive() const { return node_ != nullptr; }
    bool round() { return alive() && loop_->round() > 0; }
    void event(Event event) {
        if (alive()) inbox_.push_back(std::move(event));
    }
    Node& node() { return *node_; }
    NodeId id() const;
    // Batches wait until this is false again.
    void hold_disk(bool hold);
    // What was read, then, waits until this is false again.
    void hold_reads(bool hold);

    Now now() const;
    bool next_event(Event& event);
    void perform(Effects& effects);

    storage::MemoryStore store;
    Boot boot;
    std::set<NodeId> links;                  // to others, that the node wants
    std::vector<routing::ToClient> answers;  // to clients, in order
    std::vector<std::string> trace;          // what it did, in words
    std::optional<Stop> stopped;
    std::size_t messages_sent = 0;
    bool scarce = false;             // its disk is nearly full
    std::int64_t wall_ahead_ms = 0;  // of the lab's wall clock
    bool keep_messages = false;
    std::vector<MeshMessage> messages;  // to peers, when kept

private:
    void write(RoundSeq seq, const storage::WriteBatch& batch);
    void read(const Fetch& fetch);

    Lab& lab_;
    std::size_t number_;
    std::unique_ptr<Node> node_;
    std::unique_ptr<Loop<Machine>> loop_;
    std::deque<Event> inbox_;
    bool disk_held_ = false, reads_held_ = false;
    std::deque<Event> read_;
    std::vector<std::pair<RoundSeq, storage::WriteBatch>> held_;
};

class Lab {
public:
    explicit Lab(LabOptions options = {});

    // Starts all nodes and connects them.
    void start();
    void start(std::size_t number);
    // kill -9: what was not synced is gone, the others' connections are refused.
    void kill(std::size_t number);
    void cut(std::size_t from, std::size_t to) { cut_.insert({from, to}); }
    void heal() { cut_.clear(); }
    bool is_cut(std::size_t from, std::size_t to) const { return cut_.contains({from, to}); }

    // Messages between nodes that get lost, on every link.
    std::function<bool(const MeshMessage&)> loses = [](const MeshMessage&) { return false; };

    bool carries_gossip = true;  // datagrams

    void run_for(Duration time);
    // False: it did not come true in time.
    bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(10));
    bool run_until_ready();

    PartitionId group_of(std::string_view type, std::string_view id) const;
    std::optional<std::size_t> leader_of(PartitionId group);
    // A request as a client would make it, with the next number of its session.
    Request request(std::string_view type, std::string_view id, std::string_view command,
                    std::string_view payload = {});
    // Asks that node and waits; a reply with outcome Unknown and no error when none came.
    Reply ask(std::size_t number, Request request);
    // As a client with a route cache: asks the leader, again while that helps.
    Reply call(std::string_view type, std::string_view id, std::string_view command,
               std::string_view payload = {});
    routing::AdminReply admin(std::size_t number, std::string_view verb,
                              std::vector<std::string> arguments = {});

    Machine& operator[](std::size_t number) { return *machines_[number]; }
    std::size_t size() const { return machines_.size(); }
    std::size_t number_of(NodeId node) const;

    LabOptions options;
    routing::Genesis genesis;
    std::string genesis_bytes;
    entity::TypeTable types;
    Instant clock{1'000'000'000};
    std::uint64_t starts = 0;  // of all machines: nonces

private:
    void settle();

    std::vector<std::unique_ptr<Machine>> machines_;
    std::set<std::pair<std::size_t, std::size_t>> cut_;
    std::vector<std::uint64_t> sequence_;
    std::int64_t session_start_ = 0;
};

}  // namespace weft::node::test
