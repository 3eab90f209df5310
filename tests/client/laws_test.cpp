// P-once and the order of one client's commands, held against a mesh that refuses, changes leaders,
// loses answers and drops connections at random.
#include "tests/client/caller_world.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <set>

namespace weft::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kAttemptTimeout = milliseconds(400);

// Nodes that share one history: what one of them has executed, the next leader knows.
class Mesh {
public:
    Mesh() : world(CallerWorld::connected({.attempt_timeout = kAttemptTimeout})) {}

    enum class Action : std::uint8_t { Call, Serve, ServeUnheard, Refuse, Break, Elect, Wait };

    void act(Action action, std::uint32_t number) {
        switch (action) {
            case Action::Call:
                ++calls;
                world.call(calls, "e" + std::to_string(number % 2), milliseconds(1500));
                break;
            case Action::Serve:
            case Action::ServeUnheard:
            case Action::Refuse:
                serve(static_cast<std::uint8_t>(1 + number % 3), action);
                break;
            case Action::Break:
                break_link(static_cast<std::uint8_t>(1 + number % 3));
                break;
            case Action::Elect:
                elect(static_cast<std::uint8_t>(1 + number % 3));
                break;
            case Action::Wait:
                world.pass(milliseconds(number % 300));
                break;
        }
        take_messages();
    }

    // Until every call has ended; copies that are still on their way are served at last.
    void settle() {
        for (int i = 0; i < 200 && world.caller.in_flight() > 0; ++i) {
            act(Action::Serve, static_cast<std::uint32_t>(i));
            act(Action::Wait, 20);
        }
        world.pass(seconds(2));
        for (std::uint8_t node = 1; node <= 3; ++node)
            while (!waiting[node].empty()) serve(node, Action::ServeUnheard);
    }

    void take_messages() {
        for (const auto& [link, request] : world.sent) arrive(link, request);
        world.sent.clear();
        for (int round = 0; round < 3 && (!world.opened.empty() || !world.hellos.empty());
             ++round) {
            const auto opened = std::exchange(world.opened, {});
            for (const LinkId link : opened) world.up(link);
            const auto hellos = std::exchange(world.hellos, {});
            for (const LinkId link : hellos) world.say_hello(link, node_of(link));
        }
        for (const auto& [link, request] : world.sent) arrive(link, request);
        world.sent.clear();
    }

    CallerWorld world;
    CallId calls = 0;
    std::set<RequestId> executed;
    std::map<std::string, std::vector<RequestId>> history;  // by entity

private:
    std::uint8_t node_of(LinkId link) const {
        for (std::uint8_t node = 1; node <= 3; ++node)
            if (world.addresses.at(link) == address_of(node)) return node;
        return 0;
    }
    void serve(std::uint8_t node, Action how) {
        if (waiting[node].empty()) return;
        const auto [request, arrived] = waiting[node].front();
        waiting[node].pop_front();
        if (node != world.leader)
            return world.refuse(request, ErrorNumber::NoLeader, world.leader, world.term);
        // A full queue is told at once; a node too slow for that runs what it reads at last.
        if (how == Action::Refuse && world.now.mono - arrived < kAttemptTimeout)
            return world.refuse(request, ErrorNumber::QueueFull);
        if (executed.insert(request.second.id).second)
            history[std::string(request.second.entity)].push_back(request.second.id);
        if (how != Action::ServeUnheard) return world.done(request);
        break_link(node);  // an answer is lost with its connection
    }
    // An election takes longer than reading what has arrived: the new leader refused that before.
    void elect(std::uint8_t node) {
        while (node != world.leader && !waiting[node].empty()) serve(node, Action::Serve);
        world.leader = node;
        ++world.term;
    }
    void break_link(std::uint8_t node) {
        const LinkId link = world.link_to(node);
        waiting[node].clear();
        world.down(link);
    }
    void arrive(LinkId link, const Request& request) {
        waiting[node_of(link)].push_back({{link, request}, world.now.mono});
    }

    struct Arrived {
        std::pair<LinkId, Request> request;
        Instant at;
    };
    std::map<std::uint8_t, std::deque<Arrived>> waiting;
};

RC_GTEST_PROP(Laws, EveryCallEndsOnceAndAsItSays, ()) {
    const auto actions =
        *rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(rc::gen::pair(
            rc::gen::weightedElement<int>({{6, 0}, {8, 1}, {1, 2}, {2, 3}, {1, 4}, {1, 5}, {3, 6}}),
            rc::gen::inRange<std::uint32_t>(0, 900)));
    Mesh mesh;
    for (const auto& [action, number] : actions)
        mesh.act(static_cast<Mesh::Action>(action), number);
    mesh.settle();
    RC_ASSERT(mesh.world.caller.in_flight() == 0u);
    RC_ASSERT(mesh.world.ended.size() == mesh.calls);
    std::map<RequestId, CallId> settled;
    for (const auto& [call, reply] : mesh.world.ended) {
        const bool ran = mesh.executed.contains(reply.id);
        if (reply.outcome == Outcome::Done) RC_ASSERT(ran);
        if (reply.outcome == Outcome::NotDone) RC_ASSERT(!ran);
        if (reply.outcome != Outcome::Unknown) settled[reply.id] = call;
    }
    // Calls were made in the order of their numbers, and so they ran.
    for (const auto& [entity, ids] : mesh.history) {
        CallId before = 0;
        for (const RequestId& id : ids) {
            const auto known = settled.find(id);
            if (known == settled.end()) continue;
            RC_ASSERT(known->second > before);
            before = known->second;
        }
    }
}

}  // namespace
}  // namespace weft::client
