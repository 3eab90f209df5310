// Connections, hellos, and what they tell of the mesh.
#include "client/core/caller_state.h"
#include "core/invariant.h"
#include "routing/genesis.h"

#include <algorithm>

namespace weft::client {

LinkId Caller::State::add_link(std::string address) {
    if (links.size() == kLinksMax) return kNoLink;
    Link link;
    link.address = std::move(address);
    link.backoff = options.backoff_min;
    return links.add(std::move(link));
}

void Caller::State::open_link(const Step& step, LinkId link) {
    Link& l = links[link];
    if (l.state == Link::State::Closed) {
        if (!make_room(step)) return timers.set(timed(link), step.time() + options.backoff_max);
        l.state = Link::State::Opening;
        l.opened_at = step.time();
    }
    timers.set(timed(link), step.time() + options.attempt_timeout);
    step.out.push_back(OpenLink{link, l.address});
}

// Room for one more open link: at the limit, the one that nobody has wanted for longest is closed.
bool Caller::State::make_room(const Step& step) {
    std::size_t open = 0;
    LinkId least = kNoLink;
    for (const LinkId id : links.indexes()) {
        const Link& link = links[id];
        if (!link.is_open()) continue;
        ++open;
        if (link.calls > 0 || is_on_its_way(step, link)) continue;
        if (least == kNoLink || link.wanted_at < links[least].wanted_at) least = id;
    }
    if (open < options.links_max) return true;
    if (least == kNoLink) return false;
    WEFT_PROBE("client.link_displaced");
    close_link(step, least);
    return true;
}

// Nobody needs it now. It is opened again when somebody does.
void Caller::State::close_link(const Step& step, LinkId link) {
    links[link].state = Link::State::Closed;
    timers.erase(timed(link));
    step.out.push_back(CloseLink{link});
}

// Unless it was tried just now: then its timer will look whether it is still wanted.
void Caller::State::want_link(const Step& step, LinkId link) {
    Link& l = links[link];
    l.wanted_at = step.time();
    const bool rests = timers.of(timed(link)) != Instant::never();
    if (l.state == Link::State::Closed && !rests) open_link(step, link);
}

// Before the first hello every address may be the one that answers; and whether a stranger is
// still at an address, nobody else would find out.
bool Caller::State::is_wanted(const Step& step, const Link& link) const {
    return !connected || link.foreign || step.time() - link.wanted_at < options.attempt_timeout;
}

bool Caller::State::is_on_its_way(const Step& step, const Link& link) const {
    const bool opening = link.state == Link::State::Opening || link.state == Link::State::Up;
    return opening && step.time() - link.opened_at < suspicion();
}

void Caller::State::link_up(const Step& step, LinkId link) {
    if (!links.has(link) || links[link].state != Link::State::Opening) return;
    links[link].state = Link::State::Up;
    send_hello(step, link);
    timers.set(timed(link), step.time() + options.attempt_timeout / 4);
}

void Caller::State::link_timer(const Step& step, LinkId link) {
    const Link& l = links[link];
    const Instant idle_at = l.wanted_at + options.link_idle;
    switch (l.state) {
        case Link::State::Closed:
            if (is_wanted(step, l)) open_link(step, link);
            return;
        case Link::State::Opening:
            return is_wanted(step, l) ? open_link(step, link) : close_link(step, link);
        case Link::State::Up:
            if (!is_wanted(step, l)) return close_link(step, link);
            send_hello(step, link);
            timers.set(timed(link), step.time() + options.attempt_timeout / 4);
            return;
        case Link::State::Ready:
            if (l.calls == 0 && step.time() >= idle_at) {
                WEFT_PROBE("client.link_idle");
                return close_link(step, link);
            }
            timers.set(timed(link), l.calls > 0 ? step.time() + options.link_idle : idle_at);
            return;
        case Link::State::GivenUp:
            return;
    }
}

void Caller::State::send_hello(const Step& step, LinkId link) {
    routing::ClientHello hello;
    hello.client = options.client;
    hello.program = options.program;
    hello.by_version = true;
    hello.nodes_digest = nodes_digest;
    const NodeIndex node = links[link].node;
    if (node != kNoNode && starving.size() <= routing::kWantedMax) {
        hello.known = {nodes[node].info.node, nodes[node].boot, nodes[node].version};
        hello.wanted = starving;
    }
    step.out.push_back(SendNode{link, std::move(hello)});
}

void Caller::State::link_down(const Step& step, LinkId link) {
    if (!links.has(link) || links[link].state == Link::State::GivenUp) return;
    Link& l = links[link];
    l.state = Link::State::Closed;
    timers.set(timed(link), step.time() + step.pause(l.backoff, options.backoff_max));
    lose_calls(step, link);
}

// Closes a link that is still open; it is opened again after a pause.
void Caller::State::lose_link(const Step& step, LinkId link) {
    step.out.push_back(CloseLink{link});
    link_down(step, link);
}

// What was sent there and not answered may or may not have happened.
void Caller::State::lose_calls(const Step& step, LinkId link) {
    std::vector<CallIndex> lost;
    for (const CallIndex index : calls.indexes())
        if (calls[index].state == PendingCall::State::Sent && calls[index].link == link)
            lost.push_back(index);
    for (const CallIndex index : lost) {
        PendingCall& call = calls[index];
        if (call.request.leaders_lost < 255) ++call.request.leaders_lost;
        Route& route = routes[call.group];
        route.open = false;
        route.not_before = step.time();
        retry(step, index, true);
    }
    for (const CallIndex index : lost) pump(step, calls[index].lane);
}

void Caller::State::give_up_link(const Step& step, LinkId link) {
    if (links[link].is_open()) step.out.push_back(CloseLink{link});
    links[link].state = Link::State::GivenUp;
    links[link].node = kNoNode;
    links[link].foreign.reset();
    links[link].answered = true;  // waiting for it would be in vain
    timers.erase(timed(link));
}

// Whoever answers there is of another mesh. The link is closed: a command sent over it would take
// effect in a stranger's mesh. Now and then a hello asks whether our node is back; that and nothing
// else is ever sent to a node before its own hello has named the mesh.
void Caller::State::met_stranger(const Step& step, LinkId link, const ClusterId& its) {
    other_mesh = true;
    Link& l = links[link];
    l.foreign = its;
    l.state = Link::State::Closed;
    timers.set(timed(link), step.time() + options.attempt_timeout);
    step.out.push_back(CloseLink{link});
    lose_calls(step, link);
    if (stranded()) end_all_waiting(step);
}

bool Caller::State::stranded() const {
    bool met = false;
    for (const Link& link : links) {
        if (!link.foreign && link.state != Link::State::GivenUp) return false;
        met = met || link.foreign;
    }
    return met;
}

Error Caller::State::wrong_mesh(LinkId link) const {
    return make_error(ErrorNumber::WrongMesh,
                      fmt::format("the node at {} is of mesh {}, not of {}", links[link].address,
                                  links[link].foreign.value_or(ClusterId{}).hex(), cluster.hex()));
}

// Nothing while a node of our mesh can be asked, or none of another one was met.
std::optional<Error> Caller::State::wrong_mesh_anywhere() const {
    std::optional<LinkId> met;
    for (const LinkId link : links.indexes()) {
        if (links[link].state == Link::State::Ready) return std::nullopt;
        if (links[link].foreign && !met) met = link;
    }
    if (!met) return std::nullopt;
    return wrong_mesh(*met);
}

// Nobody is left who could be asked, so waiting for the deadlines would be in vain.
void Caller::State::end_all_waiting(const Step& step) {
    for (const CallIndex index : calls.indexes())
        if (calls[index].state == PendingCall::State::Queued) expire(step, index);
}

NodeIndex Caller::State::node_index(const NodeId& node) const {
    const auto place = node_of.find(node);
    return place == node_of.end() ? kNoNode : place->second;
}

NodeIndex Caller::State::learn_node(const routing::HelloNode& node) {
    NodeIndex index = node_index(node.node);
    if (index == kNoNode) {
        if (nodes.size() == routing::kHelloNodesMax || node.node.is_zero()) return kNoNode;
        index = nodes.add({});
        node_of[node.node] = index;
    }
    nodes[index].info = node;
    if (nodes[index].link != kNoLink) return index;
    for (std::uint32_t given = 0; given < links.size() && links[LinkId{given}].given; ++given)
        if (links[LinkId{given}].address == node.client_address) nodes[index].link = LinkId{given};
    if (nodes[index].link == kNoLink) nodes[index].link = add_link(node.client_address);
    return index;
}

// Two addresses may lead to one node: one link to it is enough. False: this one was closed.
bool Caller::State::bind_link(const Step& step, LinkId link, NodeIndex node) {
    const LinkId other = nodes[node].link;
    if (other != kNoLink && other != link) {
        if (links[other].state == Link::State::Ready && links[other].node == node) {
            give_up_link(step, link);
            lose_calls(step, link);
            return false;
        }
        if (links[other].node == kNoNode &&
            links[other].address == nodes[node].info.client_address &&
            links[other].state != Link::State::GivenUp)
            give_up_link(step, other);
    }
    nodes[node].link = link;
    links[link].node = node;
    return true;
}

void Caller::State::learn_mesh(const Step& step, const routing::HelloReply& hello) {
    cluster = hello.cluster;
    hash_key = hello.hash_key;
    groups = hello.groups;
    routes.reach(GroupId{groups});
    ids.set_groups(groups);
    ids.learn_time(step.time(), hello.log_time_ms);
    connected = true;
}

// False: leaders are named by their places in a list that is not here any more. The next hello
// says which one is, and then the right one comes.
bool Caller::State::learn_nodes(const routing::HelloReply& hello) {
    if (hello.nodes.empty()) return hello.nodes_digest == nodes_digest;
    places.clear();
    for (const routing::HelloNode& node : hello.nodes) places.push_back(learn_node(node));
    nodes_digest = hello.nodes_digest;
    return true;
}

void Caller::State::learn_routes(const Step& step, NodeIndex teller,
                                 const routing::HelloReply& hello) {
    const std::size_t count = std::min(hello.leaders.size(), hello.terms.size());
    const bool all = hello.told.empty() && count == routes.size();
    // Changes say what the node knows only to whoever knows what was before.
    KnownNode& node = nodes[teller];
    if (all) {
        node.boot = hello.boot;
        node.version = hello.version;
    } else if (node.boot == hello.boot) {
        node.version = std::max(node.version, hello.version);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const GroupId group =
            i < hello.told.size() ? hello.told[i] : GroupId{static_cast<std::uint32_t>(i)};
        if (!routes.has(group)) return;
        Claim what{.said_by = teller, .term = Term{hello.terms[i]}};
        if (hello.leaders[i] < places.size()) what.leader = places[hello.leaders[i]];
        claim(step, group, what);
    }
}

void Caller::State::on_hello(const Step& step, LinkId link, routing::HelloReply&& hello) {
    if (!links.has(link)) return;
    Link& l = links[link];
    if (l.state != Link::State::Up && l.state != Link::State::Ready) return;
    if (hello.groups == 0 || hello.groups > routing::kGroupsMax || hello.node.is_zero()) return;
    l.answered = true;
    const bool pinned = connected || !cluster.is_zero();
    if ((pinned && hello.cluster != cluster) || (connected && hello.groups != groups))
        return met_stranger(step, link, hello.cluster);
    l.foreign.reset();
    if (!connected) learn_mesh(step, hello);
    ids.learn_time(step.time(), hello.log_time_ms);
    const bool readable = learn_nodes(hello);
    const NodeIndex self = node_index(hello.node);
    if (self == kNoNode || !bind_link(step, link, self)) return;
    nodes[self].clock_ms = hello.log_time_ms - step.time().ns / 1'000'000;
    if (links[link].state == Link::State::Up) {
        links[link].state = Link::State::Ready;
        links[link].wanted_at = step.time();
        timers.set(timed(link), step.time() + options.link_idle);
    }
    links[link].backoff = options.backoff_min;
    if (readable) learn_routes(step, self, hello);
    place_unplaced(step);
    // The leader of these may have been known before its link was ready.
    const std::vector<GroupId> hungry = starving;
    for (const GroupId group : hungry)
        if (usable_link(routes[group]) == link) flush(step, group);
}

void Caller::State::check_links() const {
    Indexed<LinkId, std::size_t> sent(links.size());
    for (const PendingCall& call : calls)
        if (call.state == PendingCall::State::Sent) ++sent[call.link];
    std::size_t open = 0;
    for (const LinkId id : links.indexes()) {
        const Link& link = links[id];
        if (link.is_open()) ++open;
        WEFT_INVARIANT(link.calls == sent[id], "link {} counts {} calls, {} are under way there",
                       id.value, link.calls, sent[id]);
        WEFT_INVARIANT(link.calls == 0 || link.state == Link::State::Ready,
                       "{} calls are under way on link {}, which is not ready", link.calls,
                       id.value);
        WEFT_INVARIANT(!link.is_open() || timers.of(timed(id)) != Instant::never(),
                       "link {} is open and nobody will look after it", id.value);
    }
    WEFT_INVARIANT(open <= options.links_max, "{} links are open, {} at most", open,
                   options.links_max);
}

void Caller::State::check_nodes() const {
    WEFT_INVARIANT(nodes.size() == node_of.size(), "{} nodes are known, {} by their ids",
                   nodes.size(), node_of.size());
    for (const auto& [id, index] : node_of)
        WEFT_INVARIANT(nodes.has(index) && nodes[index].info.node == id,
                       "node {} is not found by its id", index.value);
    for (const NodeIndex place : places)
        WEFT_INVARIANT(place == kNoNode || nodes.has(place), "node {} is listed and not known",
                       place.value);
    for (const Link& link : links)
        WEFT_INVARIANT(link.node == kNoNode || nodes.has(link.node),
                       "node {} is behind a link and not known", link.node.value);
    for (const Route& route : routes)
        WEFT_INVARIANT(route.leader == kNoNode || nodes.has(route.leader),
                       "node {} leads and is not known", route.leader.value);
}

}  // namespace weft::client
