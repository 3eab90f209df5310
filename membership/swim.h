#pragma once
// One member of the mesh: whom it holds for alive, and what it says to the others (SWIM, DSN'02;
// Lifeguard, arXiv 1707.00788; docs/membership.md). Events in, effects out; time comes with each
// step. It hints and shows: who may commit is decided elsewhere, and it knows only whom the roster
// lists.

#include "core/random.h"
#include "core/time.h"
#include "membership/datagram.h"
#include "membership/effects.h"
#include "membership/health.h"
#include "membership/letter.h"
#include "membership/member_table.h"
#include "membership/messages.h"
#include "membership/options.h"
#include "membership/probe_order.h"
#include "membership/probe_state.h"
#include "membership/rate_limit.h"
#include "membership/rumours.h"
#include "membership/suspicion.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::membership {

class Swim {
public:
    struct Identity {
        ClusterId cluster;
        NodeId node;
        Boot boot;  // durable, higher with each start; from 1
    };
    Swim(const Identity& identity, const Options& options, std::vector<NodeId> roster,
         Random random);

    void step(Instant now, const Event& event, Effects& effects);
    // When a Tick is due at the latest.
    Instant deadline() const;

    const MemberTable& members() const { return table_; }
    Incarnation incarnation() const { return table_.at(self_).incarnation; }
    MemberState state(const NodeId& node) const;
    Quality quality(MemberIndex index) const;
    // Nothing unless it is suspected.
    const Suspicion* suspicion(const NodeId& node) const;
    std::uint8_t health() const { return health_.score(); }
    const Counts& counts() const { return counts_; }
    std::size_t rumours() const { return rumours_.size(); }
    void check() const;

private:
    struct Suspected {
        NodeId node;
        Suspicion suspicion;
    };
    static constexpr unsigned kDraws = 16;
    enum class Source : std::uint8_t { Own, Rumour, Fact };

    // swim.cpp
    void start();
    void on_tick();
    void notice_pause();
    void change_roster(std::vector<NodeId> nodes);
    void gossip();
    void follow_beat();
    void begin_leave();
    void follow_leave();
    Header header_to(MemberIndex index);
    Header header_to(MemberIndex index, Boot boot);
    void pass_on(Letter& letter, MemberIndex to);
    // Somebody else, at random, of whom `wanted` is true; nothing when none was met soon.
    template <class Wanted>
    std::optional<MemberIndex> any_member(Wanted wanted) {
        for (unsigned draw = 0; draw < kDraws; ++draw) {
            const MemberIndex index{static_cast<std::uint32_t>(random_.below(table_.size()))};
            if (index != self_ && wanted(index)) return index;
        }
        return std::nullopt;
    }
    void spread(const Claim& claim);
    bool can_hear(MemberIndex index) const;
    Stamp stamp() const;
    Quality own_quality() const;

    // probe.cpp
    void probe();
    void begin_probe();
    void ask_relays();
    void end_probe();
    void contact_gone();
    Duration timeout_of(MemberIndex index) const;
    void ping(MemberIndex index, ProbeNumber number, Carrier carrier);
    void follow_relays();
    void on_ack(MemberIndex from, const Ack& ack);
    void on_ping_request(MemberIndex from, const PingRequest& request);
    void on_relayed_ack(MemberIndex from, ProbeNumber number);
    void on_nack(MemberIndex from, ProbeNumber number);

    // receive.cpp
    void receive(std::string_view bytes, Carrier carrier, const NodeId* from);
    bool admit(MemberIndex from, Carrier carrier, std::size_t bytes);
    bool may_answer(MemberIndex from);
    void answer_stranger(MemberIndex from, Carrier carrier, std::size_t bytes);
    void on_ping(MemberIndex from, const Ping& ping, Carrier carrier);
    void on_message(MemberIndex from, const Message& message, Carrier carrier);

    // claims.cpp
    void hear(const Claim& claim, Source source);
    void hear_of_self(const Claim& claim);
    void adopt(MemberIndex index, const Claim& claim);
    void confirm(MemberIndex index, const Claim& claim);
    void accuse(MemberIndex index, Evidence evidence);
    void condemn(MemberIndex index);
    void condemn_if_refused(MemberIndex index);
    void follow_suspicions();
    void say_alive(Counter counter);
    void say_again();
    Claim claim_of(MemberIndex index) const;
    std::vector<Suspected>::iterator find_suspected(const NodeId& node);

    // views.cpp
    void compare(MemberIndex from, ViewDigest digest, Carrier carrier);
    void on_sums(MemberIndex from, const BucketSums& sums, Carrier carrier);
    std::size_t on_facts(MemberIndex from, std::size_t at, Carrier carrier);
    bool add_facts(Letter& letter, MemberIndex index);
    void introduce(MemberIndex to);
    void ask_again();
    void ask_for_view(MemberIndex of);

    Identity identity_;
    Options options_;
    MemberTable table_;
    MemberIndex self_;
    LocalHealth health_;
    RoundTrip ways_;  // to whomever was probed
    Rumours rumours_;
    ProbeOrder order_;
    Random random_;
    std::vector<Suspected> suspected_;  // sorted by node
    Instant suspicion_due_ = Instant::never();
    std::optional<Probe> probe_;
    std::vector<Relay> relays_;
    ProbeNumber last_number_;
    Instant probe_at_;
    Instant gossip_at_;
    Instant said_again_ = Instant::long_ago();
    RateLimit compares_;
    RateLimit sums_;
    RateLimit answers_;               // to datagrams that do not count
    std::optional<Instant> leaving_;  // since
    Instant leave_ends_ = Instant::never();
    unsigned views_asked_ = 0;  // of others, since the start
    bool started_ = false;
    Counts counts_;
    Datagram datagram_;                // being read
    std::vector<MemberIndex> chosen_;  // of one round of gossip
    std::vector<bool> told_;           // of one list of facts

    // Of the step that runs.
    Instant now_;
    Effects* out_ = nullptr;
};

}  // namespace weft::membership
