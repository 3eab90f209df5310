#include "client/core/links.h"

#include "core/invariant.h"

#include <utility>

namespace weft::client {

namespace {

// Whether a stranger is still at an address, nobody else would find out.
bool is_wanted(const CallerOptions& options, Instant now, const Link& link) {
    return link.foreign || now - link.wanted_at < options.attempt_timeout;
}

bool is_on_its_way(const CallerOptions& options, Instant now, const Link& link) {
    const bool opening = link.state == Link::State::Opening || link.state == Link::State::Up;
    return opening && now - link.opened_at < suspicion(options);
}

}  // namespace

LinkId Links::add(std::string address) {
    if (links_.size() == kLinksMax) return kNoLink;
    Link link;
    link.address = std::move(address);
    link.backoff = options_.backoff_min;
    return links_.add(std::move(link));
}

void Links::begin(const Step& step) {
    for (const std::string& address : options_.addresses) {
        const LinkId link = add(address);
        if (link == kNoLink) break;
        links_[link].given = true;
        want(step, link);
    }
}

void Links::place(NodeIndex node, const std::string& address) {
    while (!link_of_.has(node)) link_of_.add(kNoLink);
    LinkId& link = link_of_[node];
    if (link != kNoLink) return;
    for (const LinkId given : links_.indexes()) {
        if (!links_[given].given) break;
        if (links_[given].address == address) link = given;
    }
    if (link == kNoLink) link = add(address);
}

void Links::open(const Step& step, LinkId link) {
    Link& l = links_[link];
    if (l.state == Link::State::Closed) {
        if (!make_room(step)) return timers_.set(link, step.time() + options_.backoff_max);
        l.state = Link::State::Opening;
        l.opened_at = step.time();
    }
    timers_.set(link, step.time() + options_.attempt_timeout);
    step.out.push_back(OpenLink{link, l.address});
}

// Room for one more open link: at the limit, the one that nobody has wanted for longest is closed.
bool Links::make_room(const Step& step) {
    std::size_t open = 0;
    LinkId least = kNoLink;
    for (const LinkId id : links_.indexes()) {
        const Link& link = links_[id];
        if (!link.is_open()) continue;
        ++open;
        if (link.calls > 0 || is_on_its_way(options_, step.time(), link)) continue;
        if (least == kNoLink || link.wanted_at < links_[least].wanted_at) least = id;
    }
    if (open < options_.links_max) return true;
    if (least == kNoLink) return false;
    WEFT_PROBE("client.link_displaced");
    close(step, least);
    return true;
}

// Nobody needs it now. It is opened again when somebody does.
void Links::close(const Step& step, LinkId link) {
    links_[link].state = Link::State::Closed;
    timers_.erase(link);
    step.out.push_back(CloseLink{link});
}

void Links::want(const Step& step, LinkId link) {
    Link& l = links_[link];
    l.wanted_at = step.time();
    if (l.state == Link::State::Closed && !rests(link)) open(step, link);
}

bool Links::want_node(const Step& step, NodeIndex node) {
    const LinkId link = link_of(node);
    if (link == kNoLink) return false;
    want(step, link);
    return is_on_its_way(options_, step.time(), links_[link]);
}

void Links::open_further(const Step& step, std::size_t count) {
    for (std::size_t tried = 0; tried < links_.size() && count > 0; ++tried) {
        const LinkId link{open_next_++ % static_cast<std::uint32_t>(links_.size())};
        if (links_[link].state != Link::State::Closed || rests(link)) continue;
        want(step, link);
        --count;
    }
}

std::vector<LinkId> Links::next_to_ask(std::size_t count) {
    std::vector<LinkId> found;
    for (std::size_t tried = 0; tried < links_.size() && found.size() < count; ++tried) {
        const LinkId link{ask_next_++ % static_cast<std::uint32_t>(links_.size())};
        if (links_[link].state == Link::State::Ready) found.push_back(link);
    }
    return found;
}

bool Links::up(const Step& step, LinkId link) {
    if (!links_.has(link) || links_[link].state != Link::State::Opening) return false;
    links_[link].state = Link::State::Up;
    timers_.set(link, step.time() + options_.attempt_timeout / 4);
    return true;
}

bool Links::down(const Step& step, LinkId link) {
    if (!links_.has(link) || links_[link].state == Link::State::GivenUp) return false;
    Link& l = links_[link];
    l.state = Link::State::Closed;
    timers_.set(link, step.time() + step.pause(l.backoff, options_.backoff_max));
    return true;
}

bool Links::drop(const Step& step, LinkId link) {
    if (!links_.has(link) || !links_[link].is_open()) return false;
    step.out.push_back(CloseLink{link});
    return down(step, link);
}

std::optional<LinkId> Links::on_timer(const Step& step, bool mesh_met) {
    const auto due = timers_.pop_due(step.time());
    if (!due) return std::nullopt;
    const LinkId link = *due;
    const Link& l = links_[link];
    const bool wanted = !mesh_met || is_wanted(options_, step.time(), l);
    const Instant idle_at = l.wanted_at + options_.link_idle;
    switch (l.state) {
        case Link::State::Closed:
            if (wanted) open(step, link);
            break;
        case Link::State::Opening:
            wanted ? open(step, link) : close(step, link);
            break;
        case Link::State::Up:
            if (wanted) {
                timers_.set(link, step.time() + options_.attempt_timeout / 4);
                return link;
            }
            close(step, link);
            break;
        case Link::State::Ready:
            if (l.calls == 0 && step.time() >= idle_at) {
                WEFT_PROBE("client.link_idle");
                close(step, link);
            } else {
                timers_.set(link, l.calls > 0 ? step.time() + options_.link_idle : idle_at);
            }
            break;
        case Link::State::GivenUp:
            break;
    }
    return std::nullopt;
}

bool Links::may_hear(LinkId link) const {
    if (!links_.has(link)) return false;
    return links_[link].state == Link::State::Up || links_[link].state == Link::State::Ready;
}

// A command sent there would take effect in a stranger's mesh.
void Links::met_stranger(const Step& step, LinkId link, const ClusterId& its) {
    met_other_mesh_ = true;
    Link& l = links_[link];
    l.answered = true;
    l.foreign = its;
    l.state = Link::State::Closed;
    timers_.set(link, step.time() + options_.attempt_timeout);
    step.out.push_back(CloseLink{link});
}

void Links::met_ours(LinkId link) {
    links_[link].answered = true;
    links_[link].foreign.reset();
}

bool Links::bind(const Step& step, LinkId link, NodeIndex node, const std::string& address) {
    const LinkId other = link_of(node);
    if (other != kNoLink && other != link) {
        if (ready_link(node) == other) {
            give_up(step, link);
            return false;
        }
        if (links_[other].node == kNoNode && links_[other].address == address &&
            links_[other].state != Link::State::GivenUp)
            give_up(step, other);
    }
    link_of_[node] = link;
    Link& l = links_[link];
    l.node = node;
    l.backoff = options_.backoff_min;
    if (l.state == Link::State::Up) {
        l.state = Link::State::Ready;
        l.wanted_at = step.time();
        timers_.set(link, step.time() + options_.link_idle);
    }
    return true;
}

void Links::give_up(const Step& step, LinkId link) {
    Link& l = links_[link];
    if (l.is_open()) step.out.push_back(CloseLink{link});
    l.state = Link::State::GivenUp;
    l.node = kNoNode;
    l.foreign.reset();
    l.answered = true;  // waiting for it would be in vain
    timers_.erase(link);
}

void Links::check(const Indexed<LinkId, std::size_t>& sent, std::size_t nodes) const {
    std::size_t open = 0;
    for (const LinkId id : links_.indexes()) {
        const Link& link = links_[id];
        if (link.is_open()) ++open;
        WEFT_INVARIANT(link.calls == sent[id], "link {} counts {} calls, {} are under way there",
                       id.value, link.calls, sent[id]);
        WEFT_INVARIANT(link.calls == 0 || link.state == Link::State::Ready,
                       "{} calls are under way on link {}, which is not ready", link.calls,
                       id.value);
        WEFT_INVARIANT(!link.is_open() || rests(id),
                       "link {} is open and nobody will look after it", id.value);
        WEFT_INVARIANT(link.state != Link::State::Ready || link.node != kNoNode,
                       "link {} is ready and leads to no node", id.value);
        WEFT_INVARIANT(link.node == kNoNode || link.node.value < nodes,
                       "node {} is behind a link and not known", link.node.value);
    }
    WEFT_INVARIANT(open <= options_.links_max, "{} links are open, {} at most", open,
                   options_.links_max);
}

}  // namespace weft::client
