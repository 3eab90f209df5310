#pragma once
// The inside of Caller. Its rules are split by file: caller.cpp (calls come and expire),
// lanes.cpp (order and sending), routes.cpp (who leads), links.cpp (connections and hellos),
// outcomes.cpp (answers, retries, folding). call_table.h holds the calls and their order.

#include "client/core/call_table.h"
#include "client/core/caller.h"
#include "client/core/indexes.h"
#include "client/core/step.h"
#include "core/error.h"
#include "core/indexed.h"
#include "core/timer_heap.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::client {

inline constexpr std::size_t kLinksMax = kAddressesMax + routing::kHelloNodesMax;
inline constexpr std::size_t kHellosAtOnce = 3;
inline constexpr Duration kTimeoutMax = std::chrono::seconds(60);

// What is known of one group's leader.
struct Route {
    NodeIndex leader = kNoNode;
    Term term;  // of the leader that was followed last
    // False after a refusal or silence: one call, the canary, goes ahead until it is accepted.
    bool open = true;
    bool starving = false;     // in State::starving
    bool window_full = false;  // waits for an older number to settle
    CallIndex canary = kNoCall;
    Instant not_before;
    Duration backoff{};
    std::vector<LaneIndex> waiting;
};

// An address that may be connected to. It is when somebody wants it, and no longer than that.
struct Link {
    enum class State : std::uint8_t { Closed, Opening, Up, Ready, GivenUp };

    std::string address;
    State state = State::Closed;
    NodeIndex node = kNoNode;
    bool given = false;  // in the options
    bool answered = false;
    std::optional<ClusterId> foreign;  // the other mesh that answered there last
    Duration backoff{};
    std::uint32_t calls = 0;  // sent there and under way
    Instant opened_at = Instant::long_ago();
    Instant wanted_at = Instant::long_ago();  // last sent a call, or waited for

    bool is_open() const { return state != State::Closed && state != State::GivenUp; }
};

// What has a timer. Of those that are due at one moment, the kinds take turns in this order.
enum class TimedKind : std::uint8_t { Call, Probe, Link, Group };
using Timed = TimerKey<TimedKind, 4>;
constexpr Timed timed(CallIndex call) { return {TimedKind::Call, call.value}; }
constexpr Timed timed(LinkId link) { return {TimedKind::Link, link.value}; }
constexpr Timed timed(GroupId group) { return {TimedKind::Group, group.value}; }
inline constexpr Timed kTimedProbe{TimedKind::Probe, 0};

struct KnownNode {
    routing::HelloNode info;
    Boot boot;  // with `version`: what it has told of leaders
    std::uint64_t version = 0;
    std::optional<std::int64_t> clock_ms;  // the log time it told, minus our monotonic clock
    LinkId link = kNoLink;
};

struct Caller::State : CallTable {
    State(CallerOptions o, Random r);

    // ---- caller.cpp
    void begin(const Step& step);
    void start_call(const Step& step, StartCall&& start);
    std::optional<Error> check_start(const StartCall& start) const;
    void end_unstarted(const Step& step, const StartCall& start, Error error);
    CallIndex admit(const Step& step, StartCall&& start);
    void run_timers(const Step& step);
    void call_timer(const Step& step, CallIndex index);
    void expire(const Step& step, CallIndex index);
    void give_up_call(const Step& step, CallId id);
    void finish(const Step& step, CallIndex index, Reply reply);
    void end_call(const Step& step, CallIndex index, Reply reply);
    void check() const;

    // ---- lanes.cpp
    void pump(const Step& step, LaneIndex lane);
    std::optional<Error> check_placed(PendingCall& call) const;
    bool may_send(const Step& step, CallIndex index);
    void send(const Step& step, CallIndex index, LinkId link);
    void wait_for_route(GroupId group, LaneIndex lane);
    void flush(const Step& step, GroupId group);
    void finish_overtaken(const Step& step, CallIndex index, bool surely);

    // ---- routes.cpp
    struct Claim {
        NodeIndex said_by = kNoNode;
        NodeIndex leader = kNoNode;
        Term term;
    };
    LinkId usable_link(const Route& route) const;
    void claim(const Step& step, GroupId group, const Claim& what);
    void leave_old_leader(const Step& step, GroupId group);
    void route_refused(const Step& step, GroupId group, LinkId link, const Reply& reply);
    void route_accepted(const Step& step, GroupId group, LinkId link);
    void release_canary(const Step& step, CallIndex index);
    void route_silent(const Step& step, GroupId group, LinkId link);
    void close_route(const Step& step, Route& route, GroupId group);
    void starve(const Step& step, GroupId group);
    void probe(const Step& step);
    void refresh(const Step& step, bool further);
    void open_further(const Step& step, std::size_t count);
    bool want_leader(const Step& step, const Route& route);
    void place_unplaced(const Step& step);

    // ---- links.cpp
    LinkId add_link(std::string address);
    void open_link(const Step& step, LinkId link);
    bool make_room(const Step& step);
    void close_link(const Step& step, LinkId link);
    void want_link(const Step& step, LinkId link);
    bool is_wanted(const Step& step, const Link& link) const;
    bool is_on_its_way(const Step& step, const Link& link) const;
    void link_up(const Step& step, LinkId link);
    void link_down(const Step& step, LinkId link);
    void link_timer(const Step& step, LinkId link);
    void lose_calls(const Step& step, LinkId link);
    void lose_link(const Step& step, LinkId link);
    void give_up_link(const Step& step, LinkId link);
    void met_stranger(const Step& step, LinkId link, const ClusterId& its);
    bool stranded() const;
    Error wrong_mesh(LinkId link) const;
    std::optional<Error> wrong_mesh_anywhere() const;
    void end_all_waiting(const Step& step);
    void send_hello(const Step& step, LinkId link);
    void on_hello(const Step& step, LinkId link, routing::HelloReply&& hello);
    void learn_mesh(const Step& step, const routing::HelloReply& hello);
    bool learn_nodes(const routing::HelloReply& hello);
    void learn_routes(const Step& step, NodeIndex teller, const routing::HelloReply& hello);
    NodeIndex learn_node(const routing::HelloNode& node);
    NodeIndex node_index(const NodeId& node) const;
    bool bind_link(const Step& step, LinkId link, NodeIndex node);

    void check_links() const;
    void check_nodes() const;

    // ---- outcomes.cpp
    void on_reply(const Step& step, LinkId link, Reply&& reply);
    void on_refusal(const Step& step, CallIndex index, LinkId link, Reply&& reply);
    void retry(const Step& step, CallIndex index, bool taint);
    void back_off(const Step& step, CallIndex index);
    bool with_fresh_id(const Step& step, CallIndex index, LinkId link, const Error& why);
    void take_time_of(const Step& step, LinkId link, std::int64_t refused_start_ms);

    Duration suspicion() const { return options.attempt_timeout / 8; }

    CallerOptions options;
    Random random;
    routing::RequestIds ids;
    TimerHeap<Timed> timers;
    bool begun = false;

    std::vector<LaneIndex> unplaced;  // lanes before the first hello

    bool connected = false;
    bool other_mesh = false;
    ClusterId cluster;
    HashKey hash_key{};
    std::uint32_t groups = 0;
    Indexed<NodeIndex, KnownNode> nodes;
    std::map<NodeId, NodeIndex> node_of;
    // The list of nodes that was told last: who stands where, and its digest.
    std::vector<NodeIndex> places;
    std::uint64_t nodes_digest = 0;
    Indexed<LinkId, Link> links;
    Indexed<GroupId, Route> routes;
    std::vector<GroupId> starving;
    Duration probe_backoff{};
    bool probing = false;
    Instant refreshed_at = Instant::long_ago();
    std::uint32_t probe_next = 0;  // counts the links looked at to be asked
    std::uint32_t open_next = 0;   // and to be opened
};

}  // namespace weft::client
