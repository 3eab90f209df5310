#pragma once
// The inside of Caller: it carries what one rule says to the others. Lanes keeps the order of
// calls, Routes who leads, Links the connections, KnownMesh what hellos have told, RequestIds the
// numbers; outcome_rule.h says what an answer makes of a call. caller.cpp has the calls' beginning
// and end, sending.cpp their way out, outcomes.cpp the answers, leaders.cpp what is said of
// leaders, hellos.cpp the rest of what nodes say.

#include "client/core/caller.h"
#include "client/core/indexes.h"
#include "client/core/known_mesh.h"
#include "client/core/lanes.h"
#include "client/core/links.h"
#include "client/core/outcome_rule.h"
#include "client/core/routes.h"
#include "client/core/step.h"
#include "core/random.h"
#include "routing/messages.h"
#include "routing/request_ids.h"
#include "weft/types.h"

namespace weft::client {

inline constexpr std::size_t kHellosAtOnce = 3;

struct Caller::State {
    State(CallerOptions o, Random r);

    // ---- caller.cpp
    void start_call(const Step& step, StartCall&& start);
    Instant deadline() const;
    void run_timers(const Step& step);
    void call_timer(const Step& step, const DueCall& due);
    void expire(const Step& step, CallIndex index);
    void finish(const Step& step, CallIndex index, Reply reply);
    void end_call(const Step& step, CallIndex index, Reply reply);
    void check() const;

    // ---- sending.cpp
    void pump(const Step& step, LaneIndex lane);
    bool may_send(const Step& step, CallIndex index, LinkId link);
    void go_on(const Step& step, LaneIndex lane);
    void flush(const Step& step, PartitionId group);
    void finish_overtaken(const Step& step, CallIndex index, bool surely);

    // ---- leaders.cpp
    void take_claim(const Step& step, const Claim& claim);
    void leave_old_leader(const Step& step, PartitionId group);
    void route_refused(const Step& step, PartitionId group, LinkId link, const Reply& reply);
    void route_silent(const Step& step, PartitionId group, LinkId link);
    void route_accepted(const Step& step, PartitionId group, LinkId link);
    void probe(const Step& step);
    void refresh(const Step& step, bool further);

    // ---- hellos.cpp
    void greet(const Step& step, LinkId link);
    void lose_calls(const Step& step, LinkId link);
    void on_hello(const Step& step, LinkId link, const routing::HelloReply& hello);
    bool learn_nodes(const routing::HelloReply& hello);

    // ---- outcomes.cpp
    void on_reply(const Step& step, LinkId link, Reply&& reply);
    void try_again(const Step& step, CallIndex index, const Verdict& verdict, const Reply& reply);
    void retry(const Step& step, CallIndex index, bool taint);
    void take_new_id(const Step& step, CallIndex index, NextId next);

    CallerOptions options;
    Random random;
    routing::RequestIds ids;
    bool begun = false;

    KnownMesh mesh;
    Links links;
    Lanes lanes;
    Routes routes;
};

}  // namespace weft::client
