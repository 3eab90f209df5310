#pragma once
// What a node asks of partitions on its own account (docs/design.md 1): it is a client of the mesh
// like any other, with ids, a session that is renewed every five minutes, retries under the same id
// and one outcome for each request. It only notes what it is told; due() and run() act.

#include "core/command.h"
#include "core/ids.h"
#include "core/time.h"
#include "routing/placement.h"
#include "routing/request_ids.h"
#include "weft/result.h"
#include "weft/types.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace weft::node {

struct OwnSend {
    NodeId to;  // perhaps this node itself
    OwnTag tag;
    Request request;
};
struct OwnEnd {
    OwnTag tag;
    Reply reply;
};
struct OwnEffects {
    std::vector<OwnSend> sends;
    std::vector<OwnEnd> ends;
};

// Who leads a partition, and in which term that was known.
struct KnownLeader {
    NodeId node;
    Term term;
};
// One that is due. Who runs it fills in what the replicas of this node know of its leader.
struct OwnAttempt {
    OwnTag tag;
    PartitionId group;
    std::optional<KnownLeader> leader{};
};

// Of this process alone: a clock that was set back over a restart gives no id a second meaning.
ClientId own_client(NodeId self, Boot boot);

struct OwnRequestOptions {
    ClientId client;  // own_client()
    std::size_t pending_max = 256;
    Duration renew_start = std::chrono::minutes(5);
    // An attempt that nobody answers as long is given up.
    Duration attempt_max = std::chrono::seconds(1);
    Duration backoff_min = std::chrono::milliseconds(20);
    Duration backoff_max = std::chrono::seconds(1);
};

class OwnRequests {
public:
    // The table is borrowed.
    OwnRequests(OwnRequestOptions options, const routing::PlacementTable& table);

    // `request` has everything but its id's client, start and number, and owns its texts.
    // Overloaded while `pending_max` requests wait: nothing was begun.
    Result<OwnTag> ask(Now now, Request request, Duration timeout);
    void on_reply(Now now, NodeId from, OwnTag tag, Reply reply);
    // The link to `node` or its process is gone: what it was asked may have been done.
    void on_lost(Now now, NodeId node);

    // Gives up what is out of time and names the attempts that are due.
    std::vector<OwnAttempt> due(Now now);
    // Sends these, and hands each outcome out once.
    void run(Now now, const std::vector<OwnAttempt>& attempts, OwnEffects& out);
    // The next moment at which due() and run() have something to do.
    Instant deadline() const;
    std::size_t pending() const { return pending_.size(); }

private:
    struct Pending {
        Request request;  // the number 0: it gets an id with the next attempt
        Instant deadline;
        // Of the next attempt; while one is under way, of giving it up.
        Instant due;
        Duration backoff{};
        std::optional<NodeId> asked;   // by the attempt under way
        std::optional<NodeId> failed;  // by the last one
        bool tainted = false;          // an attempt may have run
    };
    // What an answer has told; good until a newer term, or until that node refuses.
    using Hints = std::map<PartitionId, KnownLeader>;

    NodeId target(const Pending& pending, std::optional<KnownLeader> known);
    void send(Now now, const OwnAttempt& attempt, Pending& pending, OwnEffects& out);
    void give_up_attempt(Now now, Pending& pending);
    void back_off(Now now, Pending& pending);
    bool with_fresh_id(Now now, Pending& pending, const Error& why);
    bool take_hint(NodeId from, const Reply& reply);
    void end(OwnTag tag, Reply reply);
    Reply out_of_time(const Pending& pending) const;

    OwnRequestOptions options_;
    const routing::PlacementTable& table_;
    routing::RequestIds ids_;
    OwnTag last_;
    std::map<OwnTag, Pending> pending_;
    std::vector<OwnEnd> ended_;
    Hints hints_;
    std::map<PartitionId, std::size_t> turns_;  // through a group's replicas
};

}  // namespace weft::node
