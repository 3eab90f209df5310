#pragma once
// A simulated client: client/core with a virtual socket layer and a workload that keeps a few calls
// in flight and writes down what it saw.

#include "client/core/caller.h"
#include "core/command.h"
#include "core/random.h"
#include "flatbuffers/wire_frame.h"
#include "sim/checkers/history.h"
#include "sim/event_queue.h"
#include "weft/bytes.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
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
    std::uint32_t hot_percent = 0;   // of the calls go to the first entity of their type
    std::size_t value_bytes = 0;     // of one value in four, at most
    std::uint32_t tell_percent = 0;  // of the writes, without an answer but the outcome
    std::uint32_t ask_percent = 0;   // of unknown outcomes are asked for, of others half as many
    Duration life{};                 // of a client's process, about; zero: it stays
};

// What an answer about a request breaks when the same request had ended as `known` before, in
// words (I8); nothing when it says the same, or no longer knows.
std::optional<std::string> contradiction(const Operation& known, const Reply& again);

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
    ClientActor(std::size_t number, client::CallerOptions options, Workload workload,
                EventQueue& queue, ClientWorld& world, Histories& histories, Random random);

    void begin();
    // No further calls; those in flight go on.
    void finish() { finishing_ = true; }
    bool idle() const { return caller_ && open_.empty() && waiting_ == 0 && reads_left_ == 0; }
    // One get of every entity of the workload, after finish(); idle() again when all have ended.
    void read_all();

    void event(client::Event event);
    void node_frame(client::LinkId link, const Bytes& frame);
    std::uint64_t ended(OperationOutcome outcome) const {
        return ended_[static_cast<std::size_t>(outcome)];
    }
    // How often it asked for an outcome by the request's id, and was told.
    struct Asked {
        std::uint64_t settled = 0;    // it was unknown before
        std::uint64_t confirmed = 0;  // and the same as before
        std::uint64_t in_vain = 0;
    };
    const Asked& asked() const { return asked_; }
    std::uint64_t lives() const { return lives_; }

private:
    struct Open {
        std::string entity;  // "type/id"
        Operation operation;
        bool tell = false;
        client::CallId call = 0;  // of the first try
        // Of a request that is asked about: its id, how, and how often it was.
        RequestId request{};
        bool repeat = false;  // by the same call once more
        bool known = false;   // how it ended: no part of the history any more
        int asked = 0;
    };
    void start_some();
    void read_some();
    void read(std::string entity);
    void start_by_rate();
    void start_one();
    void begin_call(std::string entity, Operation operation);
    void submit(Open open);
    // What the n-th call is and becomes depends on nothing that went before it.
    Random chance_of(client::CallId call) const {
        return Random(calls_seed_ + call * 0xd1342543de82ef95ULL);
    }
    void record(Open open);
    // ---- client_again.cpp: requests that are asked about, and processes that end
    bool asks_again(const Open& open, const Reply& reply);
    void ask_later(Open open, Duration delay);
    void told(const Open& open, const Reply& reply);
    void start_caller();
    void live();
    void die();
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
    Random callers_;
    client::CallerOptions options_;
    std::optional<client::Caller> caller_;  // nothing: the process is not there
    std::set<client::LinkId> links_;
    client::Effects effects_;
    std::map<client::CallId, Open> open_;
    // Last value seen per entity, so that compare-and-set succeeds now and then.
    std::map<std::string, std::optional<std::string>> seen_;
    client::CallId calls_ = 0;
    client::CallId asks_ = client::CallId{1} << 32;  // numbered apart
    std::uint64_t lives_ = 0;
    std::uint64_t waiting_ = 0;  // until they ask again
    Asked asked_;
    bool finishing_ = false;
    bool auditing_ = false;
    Instant read_again_until_;
    std::uint32_t reads_left_ = 0;  // of read_all(), not begun yet
    bool scheduled_ = false;
    wire::FrameWriter frame_;
    Instant wake_ = Instant::never();
    std::uint64_t ended_[4] = {};
};

}  // namespace weft::sim
