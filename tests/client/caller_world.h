#pragma once
// A Caller and hands to move it: time, links and nodes are what the test says.

#include "client/core/caller.h"
#include "core/error.h"
#include "routing/key.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace weft::client {

inline constexpr std::uint32_t kGroups = 4;

inline NodeId node_id(std::uint8_t n) {
    NodeId id;
    id.bytes[0] = n;
    return id;
}

inline std::string address_of(std::uint8_t node) {
    return "127.0.0.1:" + std::to_string(7000 + node);
}

class CallerWorld {
public:
    explicit CallerWorld(CallerOptions options = {})
        : caller(made(std::move(options)), Random(1)) {}

    // Three nodes, 1 to 3, all links ready, node 1 leading every group in term 1.
    static CallerWorld connected(CallerOptions options = {}) {
        options.addresses = {address_of(1), address_of(2), address_of(3)};
        CallerWorld world(std::move(options));
        world.step(Timer{});
        world.hello(world.link_to(1), 1);
        for (std::uint8_t node = 2; node <= 3; ++node) world.hello(world.link_to(node), node);
        world.clear();
        return world;
    }

    void step(Event event) {
        effects.clear();
        caller.step(now, std::move(event), effects);
        caller.check();
        for (Effect& effect : effects) {
            if (auto* send = std::get_if<SendNode>(&effect)) {
                if (auto* request = std::get_if<Request>(&send->message))
                    sent.emplace_back(send->link, *request);
                if (auto* hello = std::get_if<routing::ClientHello>(&send->message)) {
                    hellos.push_back(send->link);
                    last_hello = std::move(*hello);
                }
            } else if (auto* ended_call = std::get_if<CallEnded>(&effect)) {
                ended[ended_call->call] = std::move(ended_call->reply);
            } else if (auto* open = std::get_if<OpenLink>(&effect)) {
                addresses[open->link] = open->address;
                opened.push_back(open->link);
            } else if (auto* close = std::get_if<CloseLink>(&effect)) {
                closed.push_back(close->link);
            }
        }
    }

    // Lets time pass, stopping at every deadline of the Caller.
    void pass(Duration span) {
        const Instant end = now.mono + span;
        while (caller.next_deadline() <= end) {
            now.mono = std::max(now.mono, caller.next_deadline());
            step(Timer{});
        }
        now.mono = end;
    }

    LinkId link_to(std::uint8_t node) const {
        LinkId found = kNoLink;
        for (const auto& [link, address] : addresses)
            if (address == address_of(node)) found = link;
        return found;
    }

    routing::HelloReply hello_of(std::uint8_t node) const {
        routing::HelloReply hello;
        hello.cluster.bytes[0] = 9;
        hello.node = node_id(node);
        hello.log_time_ms = log_time_ms;
        hello.groups = kGroups;
        for (std::uint8_t n = 1; n <= 3; ++n)
            hello.nodes.push_back(
                {node_id(n), std::string(1, static_cast<char>('a' + n - 1)), address_of(n)});
        for (std::uint32_t group = 0; group <= kGroups; ++group) {
            hello.leaders.push_back(leader == 0 ? routing::kNoPlace
                                                : static_cast<std::uint16_t>(leader - 1));
            hello.terms.push_back(term);
        }
        return hello;
    }

    void up(LinkId link) { step(LinkUp{link}); }
    void down(LinkId link) { step(LinkDown{link}); }
    // The link comes up and the node introduces itself.
    void hello(LinkId link, std::uint8_t node) {
        up(link);
        say_hello(link, node);
    }
    void say_hello(LinkId link, std::uint8_t node) { step(FromNode{link, hello_of(node)}); }
    // A node of another mesh answers there.
    void stranger(LinkId link, std::uint8_t node) {
        up(link);
        routing::HelloReply foreign = hello_of(node);
        foreign.cluster.bytes[0] = 77;
        step(FromNode{link, std::move(foreign)});
    }

    void call(CallId id, std::string entity = "x", Duration timeout = std::chrono::seconds(10)) {
        step(start_of(id, std::move(entity), timeout));
    }
    static StartCall start_of(CallId id, std::string entity,
                              Duration timeout = std::chrono::seconds(10)) {
        StartCall start;
        start.call = id;
        start.type = "kv";
        start.id = std::move(entity);
        start.command = "put";
        start.payload = Bytes::copy_of("v");
        start.timeout = timeout;
        return start;
    }

    void answer(const std::pair<LinkId, Request>& to, Reply reply) {
        reply.id = to.second.id;
        step(FromNode{to.first, std::move(reply)});
    }
    void done(const std::pair<LinkId, Request>& to) {
        Reply reply;
        reply.outcome = Outcome::Done;
        reply.index = LogIndex{7};
        reply.payload = Bytes::copy_of("ok");
        answer(to, std::move(reply));
    }
    void refuse(const std::pair<LinkId, Request>& to, ErrorNumber why, std::uint8_t hint = 0,
                std::uint64_t hint_term = 0) {
        Reply reply;
        reply.outcome = Outcome::NotDone;
        reply.error = make_error(why, "refused");
        if (hint != 0) reply.leader_hint = node_id(hint);
        reply.hint_term = Term{hint_term};
        answer(to, std::move(reply));
    }

    // A node neither runs a command of an ended session nor says whether it ran before.
    void expire(const std::pair<LinkId, Request>& to) {
        Reply reply;
        reply.outcome = Outcome::Unknown;
        reply.error = make_error(ErrorNumber::SessionExpired, "ended");
        answer(to, std::move(reply));
    }

    // The last request sent; a copy, because answering it may add others.
    std::pair<LinkId, Request> last() const { return sent.back(); }
    void clear() {
        sent.clear();
        ended.clear();
        hellos.clear();
        opened.clear();
        closed.clear();
    }
    bool has_ended(CallId id) const { return ended.contains(id); }

    // What the nodes say in their hellos.
    std::uint8_t leader = 1;
    std::uint64_t term = 1;
    std::int64_t log_time_ms = 1'000'000;

    Now now{Instant{1'000'000'000}, WallTime{5}};
    Caller caller;
    Effects effects;
    std::vector<std::pair<LinkId, Request>> sent;
    std::map<CallId, Reply> ended;
    std::vector<LinkId> hellos, opened, closed;
    routing::ClientHello last_hello;
    std::map<LinkId, std::string> addresses;

private:
    static CallerOptions made(CallerOptions options) {
        options.client.bytes[0] = 42;
        if (options.addresses.empty()) options.addresses = {address_of(1)};
        return options;
    }
};

}  // namespace weft::client
