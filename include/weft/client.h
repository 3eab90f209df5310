#pragma once
/// The client library: talk to the entities of a mesh. Thread-safe; copies of Mesh and Entity are
/// handles to the same connection.

#include "weft/bytes.h"
#include "weft/config.h"
#include "weft/result.h"
#include "weft/types.h"

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

/// How to reach a mesh.
struct ConnectOptions {
    /// "host:port" client addresses of any nodes of the mesh; one that answers is enough, the
    /// others of the mesh, up to 4,096 nodes, are learned from it and connected to when a call or
    /// question is for them.
    /// At most 128 connections are open at once, and one without use for 5 minutes is closed. At
    /// most 64 addresses. A host is a loopback address or a name that stands for one; names are
    /// asked of the system whenever a connection is made, on threads of their own.
    std::vector<std::string> addresses;
    /// The mesh that is meant: BLAKE2b-128 of its genesis file, as Mesh::cluster() tells it and
    /// ClusterId::from_hex() reads it from 32 hex digits; not zero. A node of another mesh is sent
    /// nothing but the question who it is. While other addresses lead to the right mesh they are
    /// used; when none is left, connect() and calls fail with WrongCluster (WEFT-2001) at once.
    /// Unset: the mesh of the node that answers first, for as long as the connection lives.
    std::optional<ClusterId> cluster;
    /// How long connect() tries to reach a first node.
    std::chrono::milliseconds timeout{5000};
    /// Ends connect() at once with CannotReach when every address refuses the connection or its
    /// name leads nowhere. Without: nodes that start within `timeout` are waited for.
    bool give_up_when_refused = false;
    /// Calls in flight at most, all entities together (1 to 1,048,576); beyond: Overloaded.
    std::size_t in_flight_max = 4096;
    /// Shown in the nodes' logs; at most 128 bytes.
    std::string program = "client";
};

/// Per call. `timeout` covers every retry and is at most 60 s.
struct CallOptions {
    std::chrono::milliseconds timeout{5000};
    /// Repeats a call whose outcome was unknown; the first call's id. Nothing: a new id. An id that
    /// this Mesh would have given and has not yet: Malformed, as it may yet name another call.
    std::optional<RequestId> request;
    /// Runs the command even if leaders died while they had it. Without: after two lost connections
    /// the call ends with an unknown outcome (WEFT-6008), for it may be what ends them.
    bool force = false;
};

/// A finished call. `outcome`: Done or Rejected carry the entity's reply; NotDone and Unknown carry
/// `error`. `request` names the call for CallOptions::request and Mesh::outcome.
struct CallResult {
    Outcome outcome = Outcome::NotDone;
    Error error;
    Bytes reply;
    RequestId request;
    Revision revision;
    Version version;
    Generation generation;
    bool exists = false;

    bool done() const { return outcome == Outcome::Done; }
};

/// A call on its way. Movable; dropping it does not cancel the call. The result is taken once, in
/// one of three ways: get() blocks, then() calls back, `co_await` suspends a coroutine.
class WEFT_API Pending {
public:
    /// Waits until the call has ended (at the latest at its timeout). A lone waiter drives the
    /// socket from its own thread. Not on the client's own thread.
    CallResult get();
    /// `done` runs on the client's own thread when the call has ended; soon, when it has already.
    /// It may start calls, but must neither wait for one (nothing goes on meanwhile) nor throw
    /// (that ends the process). May run before then() has returned.
    void then(std::function<void(CallResult)> done);
    bool ready() const;
    /// Ends the call now as if its timeout had passed, unless it has ended: get() returns what is
    /// known, with the request id to ask with later. From any thread, also while get() waits.
    void give_up();

    /// `CallResult result = co_await entity.start("put", "x");` in a coroutine of any kind. Goes on
    /// at once, on the same thread, when the call has ended already; else it resumes on the
    /// client's own thread. There it may start and await further calls, but must not block: no
    /// get(), no Entity::call(), no Mesh::admin(), nothing else that takes long; hand such work to
    /// a thread of your own. What leaves the coroutine as an exception there ends the process. A
    /// coroutine must not be destroyed while it is suspended here: give_up() ends the call soon.
    bool await_ready() const { return ready(); }
    void await_suspend(std::coroutine_handle<> caller);
    CallResult await_resume();

    struct State;
    explicit Pending(std::shared_ptr<State> state) : state_(std::move(state)) {}

private:
    std::shared_ptr<State> state_;
};

/// Rows of an administrative answer: all cells as text.
struct Table {
    std::vector<std::string> columns;
    std::vector<bool> numeric;  ///< one per column
    std::vector<std::vector<std::string>> rows;
    std::vector<bool> flags = {};  ///< columns of "true" and "false"; may be shorter than columns
};

class Entity;

class WEFT_API Mesh {
public:
    /// Malformed ids are reported by the first call.
    Entity entity(std::string_view type, std::string_view id) const;

    /// What became of `request`: Done/Rejected with the remembered reply, NotDone when the number
    /// is now closed for ever without effect, error Expired when its session has ended.
    CallResult outcome(const RequestId& request,
                       std::chrono::milliseconds timeout = std::chrono::milliseconds(5000)) const;

    /// Asks one node ("status", "health", "partitions", ...; docs/operating.md). `address` empty:
    /// any node. At most 63 arguments, 32 KiB together; beyond: LimitExceeded. CannotReach: the
    /// node did not answer in time, or (at once) refuses the connection, or its name leads nowhere.
    Result<Table> admin(std::string_view verb, const std::vector<std::string>& arguments,
                        std::string_view address = {},
                        std::chrono::milliseconds timeout = std::chrono::milliseconds(5000)) const;

    /// Addresses of all nodes as the mesh told them: (name, client address).
    std::vector<std::pair<std::string, std::string>> nodes() const;

    /// The mesh this is connected to, for ConnectOptions::cluster of later connections.
    ClusterId cluster() const;

    class Impl;
    explicit Mesh(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

private:
    std::shared_ptr<Impl> impl_;
};

class WEFT_API Entity {
public:
    /// Runs one command at the leader of the entity's partition and waits until a quorum has it
    /// durable (reads: until a quorum confirmed the leader). Blocks the caller.
    CallResult call(std::string_view command, std::string_view payload = {},
                    const CallOptions& options = {}) const;
    /// The same without waiting. Calls to one entity keep their order.
    Pending start(std::string_view command, std::string_view payload = {},
                  const CallOptions& options = {}) const;
    /// As start(), and `done` runs on the client's own thread when the call has ended. It may start
    /// calls, but must not wait for one: nothing goes on meanwhile. With more than twice
    /// in_flight_max calls open it is refused at once, on the caller's thread.
    void start(std::string_view command, std::string_view payload, const CallOptions& options,
               std::function<void(CallResult)> done) const;
    /// As call(), the reply's payload is dropped at the node.
    CallResult tell(std::string_view command, std::string_view payload = {},
                    const CallOptions& options = {}) const;

    Entity(std::shared_ptr<Mesh::Impl> impl, std::string type, std::string id)
        : impl_(std::move(impl)), type_(std::move(type)), id_(std::move(id)) {}

private:
    std::shared_ptr<Mesh::Impl> impl_;
    std::string type_, id_;
};

/// Connects to a mesh. CannotReach: no node answered in time; Configuration: an option is not
/// acceptable; WrongCluster: nodes of another mesh than `cluster` answer and none of that one, or
/// `cluster` is unset and the addresses belong to different meshes.
WEFT_API Result<Mesh> connect(const ConnectOptions& options);

}  // namespace weft
