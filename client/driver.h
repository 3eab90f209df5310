#pragma once
// Sockets and threads around the Caller. Whoever holds the role of the driver owns Caller and
// sockets; the role passes between blocking callers and one background thread, so that a lone
// caller does its own I/O without a thread hand-off.

#include "client/core/caller.h"
#include "client/socket_links.h"
#include "weft/client.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace weft::client {

// Something a thread may wait for. Guarded by the driver's mutex.
struct Waiter {
    bool ready = false;
    std::condition_variable changed;
};

// Who sees to the result: a caller that is about to wait for it (and drives by itself meanwhile),
// or somebody later.
enum class Completion : std::uint8_t { Waited, Later };

inline constexpr std::size_t kInFlightMax = std::size_t{1} << 20;

struct CallSlot : Waiter {
    CallResult result;
    std::function<void(CallResult)> done;
};

struct AdminSlot : Waiter {
    std::string address;
    routing::AdminRequest request;
    Instant deadline;
    std::optional<LinkId> link;  // asked there
    Table pages;                 // so far
    Result<Table> result;
};

class Driver {
public:
    Driver(const CallerOptions& options, int wake);
    ~Driver();
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    // Before any other thread knows of this object: drives until a node has answered; or, when told
    // so, until every address has refused the connection.
    Result<void> reach(std::chrono::milliseconds timeout, bool give_up_when_refused = false);

    // Thread-safe from here on.
    std::shared_ptr<CallSlot> submit(StartCall start, Completion completion,
                                     std::function<void(CallResult)> done);
    CallResult take(CallSlot& slot);
    bool is_ready(const CallSlot& slot) const;
    // As if `done` had been given to submit(): for a call that nobody takes. Once per call.
    void on_end(const std::shared_ptr<CallSlot>& slot, std::function<void(CallResult)> done);
    // Ends the call as if its time were up, unless it has ended.
    void give_up(std::shared_ptr<CallSlot> slot);
    Result<Table> admin(routing::AdminRequest request, std::string address,
                        std::chrono::milliseconds timeout);
    std::vector<routing::HelloNode> nodes() const;
    // Of the mesh that reach() has found.
    const ClusterId& cluster() const { return cluster_; }

    // The background thread: drives while calls are under way and nobody waits for one, and looks
    // after the links now and then. Returns after stop(); calls still open end then.
    void run();
    void stop();

private:
    using Lock = std::unique_lock<std::mutex>;
    using Ended = std::vector<std::pair<std::shared_ptr<CallSlot>, CallResult>>;
    struct Inbox {
        std::vector<std::pair<StartCall, std::shared_ptr<CallSlot>>> calls;
        std::vector<std::shared_ptr<AdminSlot>> asks;
        std::vector<std::shared_ptr<CallSlot>> given_up;
        bool empty() const { return calls.empty() && asks.empty() && given_up.empty(); }
        void clear() {
            calls.clear();
            asks.clear();
            given_up.clear();
        }
    };

    // Why addresses could not be connected to at the last attempt; all: it is true of each.
    struct Refusals {
        bool all = false;
        std::string why;
    };
    Refusals refusals() const;
    void wait(Lock& lock, Waiter& waiter);
    void wake_driver(Lock& lock);
    void hand_over();
    void round(Lock& lock, bool may_block);
    void work(bool may_block);
    void take_inbox();
    void step(Event event);
    void apply_effects();
    void on_events();
    void on_admin_reply(LinkId link, routing::AdminReply&& reply);
    void look_after_asks();
    void end_asks_on(LinkId link);
    void end_ask(const std::shared_ptr<AdminSlot>& ask, Result<Table> result);
    void deliver();
    void run_callbacks(Lock& lock);
    void end_everything();
    std::int64_t wait_ms() const;

    // Set by reach() at the latest, then constant.
    ClusterId cluster_;
    const std::vector<std::string> addresses_;

    // Owned by the holder of the role.
    Caller caller_;
    SocketLinks links_;
    Inbox taken_;
    std::vector<Event> events_;
    Effects effects_;
    std::vector<std::shared_ptr<CallSlot>> open_;  // by CallId
    std::vector<CallId> free_ids_;
    std::vector<std::shared_ptr<AdminSlot>> asks_;
    std::uint64_t next_ask_ = 0;
    Now now_;
    Instant looked_at_links_ = Instant::long_ago();
    Ended ended_;
    std::vector<std::pair<std::shared_ptr<AdminSlot>, Result<Table>>> answered_;
    bool nodes_changed_ = false;

    // Guarded by mutex_.
    mutable std::mutex mutex_;
    std::condition_variable background_;
    bool driving_ = false;
    bool polling_ = false;  // the driver sleeps, or is about to: it needs the wake descriptor
    bool stopping_ = false;
    Inbox inbox_;
    Ended callbacks_;             // to be run by the background thread
    std::size_t unfinished_ = 0;  // calls and asks
    std::size_t unfinished_max_ = 0;
    std::vector<Waiter*> waiting_;
    std::vector<routing::HelloNode> nodes_;
    int wake_ = -1;
};

}  // namespace weft::client
