#pragma once
// A node in the real world: sockets, disk, threads, clock and log around Node and node/loop.
//
// Threads: the caller's is the core thread; a journal thread (one transaction per round), a reader
// thread and ZeroMQ's I/O thread are started and ended in here.

#include "core/log.h"
#include "replication/raft/replica.h"
#include "routing/genesis.h"
#include "transport/gossip_seal.h"
#include "weft/result.h"

#include <cstdint>
#include <functional>
#include <string>

namespace weft::node {

struct RuntimeOptions {
    std::string data_directory;  // made when missing
    std::string genesis_bytes;
    routing::NodeRecord self;                // must be a founder
    std::string listen_mesh, listen_client;  // "host:port"; empty: the addresses of `self`
    LogLevel log_level = LogLevel::Info;
    std::string log_file;  // appended to; empty: standard error
    // Reads the settings again when SIGHUP arrives at stop_descriptor, on the core thread, after
    // the log was opened again; gives the new log level, or what is wrong. Nothing: the level
    // stays.
    std::function<Result<LogLevel>()> reload;
    // The keys that datagrams of membership are sealed with, asked for at the start and with each
    // reload; what is wrong with them then is logged, and the former stay. Null: no keys.
    std::function<Result<transport::GossipKeys>()> gossip_keys;
    int cpu = -1;  // all threads run on this processor; -1: on any
    // Readable: hand leaderships over, flush, stop; again: stop at once. Of stop_signals().
    int stop_descriptor = -1;
    std::uint64_t map_bytes = std::uint64_t{64} << 30;
    // A Unix socket over which a test sets faults of the links to other nodes (fault_socket.h);
    // empty: none are possible. Refused unless the node is for this machine alone.
    std::string fault_socket;
    replication::Timings timings;
};

inline constexpr int kExitSyncFailed = 74;

// Runs until the node stops and returns the process's exit code: 0 after a stop that was asked for,
// 74 when the disk failed to sync (nothing of that is acknowledged), 78 when no link to a peer can
// be made, 70 on a fault of weft. An error when it cannot start: Configuration (address, port in
// use, not a founder, processor) or what storage::DataDirectory::open() says. Nothing was sent
// then.
Result<int> run_node(const RuntimeOptions& options);

// Blocks SIGTERM, SIGINT and SIGHUP in this thread and all it starts from now on, and returns a
// descriptor that becomes readable when one arrives: RuntimeOptions::stop_descriptor. Call it
// before any thread exists.
Result<int> stop_signals();

}  // namespace weft::node
