#pragma once
// A simulated client: client/core with a virtual socket layer and a workload that keeps a few calls
// in flight and writes down what it saw.

#include "client/core/session.h"
#include "core/random.h"
#include "flatbuffers/wire_frame.h"
#include "sim/checkers/history.h"
#include "sim/event_queue.h"
#include "weft/bytes.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace weft::sim {

struct Workload {
    std::uint32_t entities = 8;  // of each type
    std::uint32_t pipeline = 2;  // calls in flight per client
    Duration think_max = std::chrono::milliseconds(20);
    Duration interval{};  // one call of a client per this; zero: as think_max says
    Duration timeout = std::chrono::seconds(5);
    std::uint32_t get_percent = 35, cas_percent = 15, delete_percent = 5, counter_percent = 20;
    std::uint32_t hot_percent = 0;  // of the calls go to the first entity of their type
    std::size_t value_bytes = 0;    // of one value in four, at most
};

// The histories of all clients, by "type/id".
using Histories = std::map<std::string, History>;

class ClientWorld {
public:
    virtual ~ClientWorld() = default;
    virtual void open_link(std::size_t client, client::LinkId link, const std::string& address) = 0;
    virtual void close_link(std::size_t client, client::LinkId link) = 0;
    virtual void send_node(std::size_t client, client::LinkId link, Bytes frame) = 0;
    virtual void call_started(std::size_t client, std::uint64_t call) = 0;
    virtual void call_ended(std::size_t client, const std::string& entity, const Operation& op) = 0;
};

class ClientActor {
public:
    ClientActor(std::size_t number, client::SessionOptions options, Workload workload,
                EventQueue& queue, ClientWorld& world, Histories& histories, Random random);

    void begin();
    // No further calls; those in flight go on.
    void finish() { finishing_ = true; }
    bool idle() const { return open_.empty(); }
    // One get of every entity of the workload, after finish(); idle() again when all have ended.
    void read_all();

    void event(client::Event event);
    void node_frame(client::LinkId link, const Bytes& frame);
    std::uint64_t ended(OperationOutcome outcome) const {
        return ended_[static_cast<std::size_t>(outcome)];
    }

private:
    struct Open {
        std::string entity;
        Operation operation;
    };
    void start_some();
    void start_by_rate();
    void start_one();
    void submit(std::string type, std::string id, Operation operation);
    void ended(client::CallEnded& call);
    void wake_at(Instant at);
    std::string fresh_value(Random& chance) const;

    std::size_t number_;
    Workload workload_;
    EventQueue& queue_;
    ClientWorld& world_;
    Histories& histories_;
    Random random_;
    std::uint64_t calls_seed_;
    client::Session session_;
    client::Effects effects_;
    std::map<client::CallId, Open> open_;
    // Last value seen per entity, so that compare-and-set succeeds now and then.
    std::map<std::string, std::optional<std::string>> seen_;
    client::CallId calls_ = 0;
    bool finishing_ = false;
    bool auditing_ = false;
    bool scheduled_ = false;
    wire::FrameWriter frame_;
    Instant wake_ = Instant::never();
    std::uint64_t ended_[4] = {};
};

}  // namespace weft::sim
