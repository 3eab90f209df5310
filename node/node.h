#pragma once
// Every core of one process composed: the one place where cores meet. Pure: the simulator and
// node/runtime drive the same object through node/loop.

#include "core/log.h"
#include "core/random.h"
#include "core/time.h"
#include "entity/type.h"
#include "membership/options.h"
#include "membership/swim.h"
#include "node/events.h"
#include "node/past.h"
#include "replication/partition/partition.h"
#include "routing/genesis.h"
#include "storage/contracts.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::node {

struct NodeOptions {
    routing::Genesis genesis;
    std::string genesis_bytes;
    NodeId self;
    Boot boot;
    std::uint64_t nonce = 0;       // 64 random bits of this boot; 0: none, peers tell less then
    std::vector<KnownPast> pasts;  // read_pasts() of the store
    replication::Timings timings;
    replication::Limits limits;
    replication::PartitionLimits partition_limits;
    membership::Options membership;
    std::uint64_t sweep_log_bytes = std::uint64_t{64} << 20;    // log growth that starts a sweep
    std::size_t sweep_rows = 64;                                // rows written per round
    std::uint64_t persist_bytes_max = std::uint64_t{64} << 20;  // waiting for the journal thread
    // Reads of large states: how many wait, what their payloads hold, and the bytes of the states
    // that are read in a round.
    std::size_t large_reads_max = 1024;
    std::size_t large_read_bytes_max = std::size_t{4} << 20;
    std::size_t large_read_share = std::size_t{256} << 10;
    // Appends to one peer in one message; one entry alone may be more.
    std::size_t batch_bytes = std::size_t{256} << 10;
    // Entered around every handler and outliving the node; nothing: no trace of a crash is kept.
    replication::CrashSlot* crash_slot = nullptr;
    std::vector<RequestId> crashed;  // requests whose handler a former process died in
    bool check_every_step = false;   // full invariants (simulator)
    // Else: in one of so many steps of partitions, and rounds.
    std::uint64_t steps_per_check = 1024;
};

struct NodeCounters {
    std::uint64_t requests = 0, replies = 0, refused = 0, redirected = 0;
    std::uint64_t entries_committed = 0, elections_won = 0, confirms = 0;
    std::uint64_t frames_in = 0, messages_skipped = 0, former_boot_frames = 0;
    std::uint64_t strangers = 0;  // messages of nodes that the roster does not list
};

class Node {
public:
    Node(NodeOptions options, std::vector<storage::RecoveredGroup> recovered,
         const entity::TypeTable& types, Random random, weft::Log log);
    ~Node();

    // Appends what the driver must do; never blocks, never throws. A round is any number of events
    // followed by RoundEnd; effects other than replies may be held back until then.
    void step(Now now, Event event, Effects& out);
    Instant next_deadline() const;

    // Administrative questions are not answered in step(): the driver has other work first.
    bool has_questions() const;
    // One piece of work on them, as an event of the round.
    void answer_question(Now now, Effects& out);

    // Every group this node leads has its no-op committed, and every hosted group has a leader.
    bool ready() const;
    NodeId self() const;
    // Whom this node holds for alive: for people, and for hints.
    const membership::Swim& members() const;
    // The highest position of its disk that a peer has told this process, or one before it.
    Lsn told_durable(NodeId peer) const;
    const NodeCounters& counters() const;
    // Partitions held here, for checkers and administration.
    // It is another node of this mesh.
    bool knows(NodeId node) const;
    std::vector<PartitionId> hosted() const;
    bool hosts(PartitionId group) const;
    const replication::Partition& partition(PartitionId group) const;
    // Moves the groups stepped since the last call into `groups`, for checkers that look at changes
    // only. At most every hosted group is remembered.
    void take_touched(std::vector<PartitionId>& groups);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weft::node
