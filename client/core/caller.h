#pragma once
// The client's pure core: request ids, routes, retries, redirects, and the folding of attempts into
// one outcome (P-once). client/ puts sockets and threads around it; the simulator drives the same
// object.

#include "client/core/indexes.h"
#include "core/command.h"
#include "core/random.h"
#include "core/time.h"
#include "routing/messages.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft::client {

// Addresses that the options may give; further ones would get no link.
inline constexpr std::size_t kAddressesMax = 64;

// ---- events -----------------------------------------------------------------------------------
struct StartCall {
    CallId call = 0;  // chosen by the driver, unique
    std::string type, id, command;
    Bytes payload;
    Duration timeout{};
    RequestKind kind = RequestKind::Command;
    // The id of a call that is repeated or (kind Resolve) asked about. Nothing: a new id.
    std::optional<RequestId> request;
    bool force = false;  // to be run whatever connections die under it
};
struct FromNode {
    LinkId link;
    routing::ToClient message;  // HelloReply or Reply
};
struct LinkUp {
    LinkId link;
};
struct LinkDown {
    LinkId link;
};
struct Timer {};
// Ends the call now as if its time were up.
struct GiveUp {
    CallId call = 0;
};
// Somebody else is about to talk to the node there (kNoLink: to any node): the link is opened.
// Repeated until it is ready.
struct WantLink {
    LinkId link = kNoLink;
};
using Event = std::variant<StartCall, FromNode, LinkUp, LinkDown, Timer, GiveUp, WantLink>;

// ---- effects ----------------------------------------------------------------------------------
// Connect to `address` and keep trying until LinkUp, LinkDown (given up or lost) or CloseLink. May
// come again for a link that is still being opened: then there is nothing to do. After LinkDown the
// link is closed; the Caller asks again when it wants it back.
struct OpenLink {
    LinkId link;
    std::string address;
};
struct CloseLink {
    LinkId link;
};
struct SendNode {
    LinkId link;
    routing::ToNode message;
};
// The call has ended. `reply.id` is its RequestId (seq zero when it never got one).
struct CallEnded {
    CallId call = 0;
    Reply reply;
};
using Effect = std::variant<OpenLink, CloseLink, SendNode, CallEnded>;
using Effects = std::vector<Effect>;

struct CallerOptions {
    ClientId client{};  // 128 random bits
    std::vector<std::string> addresses{};
    // The mesh that is meant. Zero: the one that the first hello names.
    ClusterId cluster{};
    std::string program{};
    std::size_t in_flight_max = 4096;
    Duration renew_start = std::chrono::minutes(5);  // a new session start (S28)
    Duration backoff_min = std::chrono::milliseconds(10);
    Duration backoff_max = std::chrono::milliseconds(100);
    Duration attempt_timeout = std::chrono::seconds(2);  // silence before another node is asked
    // Links open at once; for one more, the one that was not used for longest is closed.
    std::size_t links_max = 128;
    Duration link_idle = std::chrono::minutes(5);  // without use, then a link is closed
};

class Caller {
public:
    Caller(CallerOptions options, Random random);
    ~Caller();
    Caller(Caller&&) noexcept;

    void step(Now now, Event event, Effects& out);
    Instant next_deadline() const;

    // True after the first HelloReply.
    bool connected() const;
    // True when a node of another mesh answered; its link was closed.
    bool met_other_mesh() const;
    // True when every address leads to a node of another mesh: calls fail until one leads back.
    bool is_stranded() const;
    // That a node of another mesh answered and none of this one is connected.
    std::optional<Error> wrong_mesh() const;
    // Why nobody of this mesh can be met at that client address or under that node name: another
    // mesh answers there. Empty `address`: anywhere. Nothing: somebody may still be met.
    std::optional<Error> wrong_mesh_at(std::string_view address) const;
    // True when every address of the options was answered for.
    bool all_answered() const;
    // Zero as long as it is not known; never changes afterwards.
    ClusterId cluster() const;
    std::vector<routing::HelloNode> nodes() const;
    // The node behind a link, zero before its hello: the receiver of frames on it.
    NodeId link_node(LinkId link) const;
    // A link whose node has answered: the one of that client address or node name, any when empty.
    std::optional<LinkId> ready_link(std::string_view address) const;
    // The link to that node name or client address, in whatever state.
    std::optional<LinkId> link_to(std::string_view address) const;
    std::size_t in_flight() const;
    // Stops at the first sum of its tables that is wrong: for tests and the simulator, after steps.
    void check() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weft::client
