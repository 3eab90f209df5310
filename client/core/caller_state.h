#pragma once
// The inside of Caller. Its rules are split by file: caller.cpp (calls come and expire),
// lanes.cpp (order and sending), leaders.cpp (what is said of leaders), hellos.cpp (what nodes
// tell), outcomes.cpp (answers, retries, folding). call_table.h holds the calls and their order,
// links.h the connections, known_mesh.h what hellos have told, routes.h who leads.

#include "client/core/call_table.h"
#include "client/core/caller.h"
#include "client/core/indexes.h"
#include "client/core/known_mesh.h"
#include "client/core/links.h"
#include "client/core/routes.h"
#include "client/core/step.h"
#include "core/error.h"
#include "core/indexed.h"
#include "core/timer_heap.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::client {

inline constexpr std::size_t kHellosAtOnce = 3;
inline constexpr Duration kTimeoutMax = std::chrono::seconds(60);

struct Caller::State : CallTable {
    State(CallerOptions o, Random r);

    // ---- caller.cpp
    void start_call(const Step& step, StartCall&& start);
    std::optional<Error> check_start(const StartCall& start) const;
    void end_unstarted(const Step& step, const StartCall& start, Error error);
    CallIndex admit(const Step& step, StartCall&& start);
    Instant deadline() const;
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

    // ---- leaders.cpp
    void take_claim(const Step& step, const Claim& claim);
    void leave_old_leader(const Step& step, GroupId group);
    bool leads_at(GroupId group, LinkId link) const;
    void route_refused(const Step& step, GroupId group, LinkId link, const Reply& reply);
    void route_silent(const Step& step, GroupId group, LinkId link);
    void route_accepted(const Step& step, GroupId group, LinkId link);
    void probe(const Step& step);
    void refresh(const Step& step, bool further);
    void place_unplaced(const Step& step);

    // ---- hellos.cpp
    void greet(const Step& step, LinkId link);
    void lose_calls(const Step& step, LinkId link);
    void end_all_waiting(const Step& step);
    void on_hello(const Step& step, LinkId link, const routing::HelloReply& hello);
    void learn_mesh(const routing::HelloReply& hello);
    bool learn_nodes(const routing::HelloReply& hello);

    // ---- outcomes.cpp
    void on_reply(const Step& step, LinkId link, Reply&& reply);
    void on_refusal(const Step& step, CallIndex index, LinkId link, Reply&& reply);
    void retry(const Step& step, CallIndex index, bool taint);
    void back_off(const Step& step, CallIndex index);
    bool with_fresh_id(const Step& step, CallIndex index, LinkId link, const Error& why);
    void take_time_of(const Step& step, LinkId link, std::int64_t refused_start_ms);

    CallerOptions options;
    Random random;
    routing::RequestIds ids;
    TimerHeap<CallIndex> timers;
    bool begun = false;

    KnownMesh mesh;
    Links links;
    Routes routes;
    std::vector<LaneIndex> unplaced;  // lanes before the first hello
};

}  // namespace weft::client
