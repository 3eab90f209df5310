#pragma once
// The addresses that may be connected to, and the one node behind each. A link is opened when
// somebody wants it and closed when nobody has for long or another one needs its place; two links
// to one node are one too many. Before the hello of a link's node has named its mesh, nothing but
// our hello is sent there: an address may have been taken over by a stranger.

#include "client/core/caller.h"
#include "client/core/indexes.h"
#include "client/core/step.h"
#include "core/indexed.h"
#include "core/time.h"
#include "core/timer_heap.h"
#include "routing/messages.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::client {

inline constexpr std::size_t kLinksMax = kAddressesMax + routing::kHelloNodesMax;

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

class Links {
public:
    // The options are borrowed.
    explicit Links(const CallerOptions& options) : options_(options) {}

    // Opens the addresses of the options.
    void begin(const Step& step);
    // Where that node can be met, as a hello told: it gets a link unless it has one.
    void place(NodeIndex node, const std::string& address);

    // Opens it, unless it was tried just now: then its timer will look whether it is still wanted.
    void want(const Step& step, LinkId link);
    // The same for that node's link. True: it may be ready soon.
    bool want_node(const Step& step, NodeIndex node);
    // Opens some of those that nobody asked for, each time the next ones in turn.
    void open_further(const Step& step, std::size_t count);

    // ---- what happens to a connection. True: its node is to be greeted.
    bool up(const Step& step, LinkId link);
    // True: what was sent there and not answered is lost. It is opened again after a pause.
    bool down(const Step& step, LinkId link);
    // The same, asked for by us; to a link that is not open nothing happens.
    bool drop(const Step& step, LinkId link);
    Instant deadline() const { return timers_.next(); }
    // Looks after the first link that is due. `mesh_met`: somebody of our mesh has answered; before
    // that every address may be the one that answers. Returns the link whose node is to be greeted.
    std::optional<LinkId> on_timer(const Step& step, bool mesh_met);

    // ---- what a hello tells
    bool may_hear(LinkId link) const;
    // Whoever answers there is of another mesh: the link is closed, what was sent there is lost.
    // Now and then it is opened to ask whether our node is back.
    void met_stranger(const Step& step, LinkId link, const ClusterId& its);
    void met_ours(LinkId link);
    // The node there is ready for calls. False: it is already met by another link, this one was
    // closed for good and what was sent there is lost. `address`: where hellos say the node is.
    bool bind(const Step& step, LinkId link, NodeIndex node, const std::string& address);

    // ---- calls under way
    void sent(const Step& step, LinkId link) {
        ++links_[link].calls;
        links_[link].wanted_at = step.time();
    }
    void call_over(LinkId link) { --links_[link].calls; }

    // A node of another mesh answered once.
    bool met_other_mesh() const { return met_other_mesh_; }
    const Indexed<LinkId, Link>& all() const { return links_; }
    // The link of that node, in whatever state.
    LinkId link_of(NodeIndex node) const { return link_of_.has(node) ? link_of_[node] : kNoLink; }
    // The link over which that node can be sent calls.
    LinkId ready_link(NodeIndex node) const {
        const LinkId link = link_of(node);
        if (link == kNoLink || links_[link].state != Link::State::Ready) return kNoLink;
        return links_[link].node == node ? link : kNoLink;
    }
    // At most `count` links whose nodes may be asked, each time the next ones in turn.
    std::vector<LinkId> next_to_ask(std::size_t count);

    // `sent`: how many calls are under way on each link. `nodes`: how many nodes are known.
    void check(const Indexed<LinkId, std::size_t>& sent, std::size_t nodes) const;

private:
    LinkId add(std::string address);
    void open(const Step& step, LinkId link);
    void close(const Step& step, LinkId link);
    bool make_room(const Step& step);
    void give_up(const Step& step, LinkId link);
    bool rests(LinkId link) const { return timers_.of(link) != Instant::never(); }

    const CallerOptions& options_;
    Indexed<LinkId, Link> links_;
    Indexed<NodeIndex, LinkId> link_of_;
    TimerHeap<LinkId> timers_;
    bool met_other_mesh_ = false;
    std::uint32_t ask_next_ = 0;   // counts the links looked at to be asked
    std::uint32_t open_next_ = 0;  // and to be opened
};

}  // namespace weft::client
