// What people ask: the desk looks and says what it wants, the node does it.

#include "core/overloaded.h"
#include "node/state.h"

#include <utility>
#include <variant>

namespace weft::node {

NodeView Node::State::view(Now now) const {
    return {.now = now,
            .options = options,
            .roster = roster,
            .table = table,
            .types = types,
            .mesh_types = mesh_types,
            .hosted = hosted,
            .peers = peers.by_id(),
            .swim = mesh_members.swim(),
            .events = events,
            .counters = counters,
            .clocks = clocks,
            .stats = disk.stats(),
            .link_faults = link_faults,
            .disk = disk.state(),
            .disk_full = disk.full(),
            .waiting_bytes = rounds.bytes(),
            .sweeps = sweeper.finished(),
            .draining = draining.active(),
            .connections_short = short_connections.recent(now.mono)};
}

void Node::State::answer_question(const Step& step) {
    auto done = desk.work(view(step.now));
    if (!done) return;
    std::visit(Overloaded{
                   [&](SendClient& answer) { step.out.list.push_back(std::move(answer)); },
                   [&](FetchWish& wish) {
                       const DiskFetchId id = fetches.ask_for_desk();
                       desk.awaits(id, std::move(wish.query));
                       step.out.list.push_back(Fetch{id, std::move(wish.what)});
                   },
                   [&](const TransferWish& wish) {
                       step_partition(step, *hosted.find(wish.group),
                                      replication::TransferLeadership{wish.to});
                       step.out.list.push_back(desk.transferred(view(step.now), wish));
                   },
               },
               *done);
}

}  // namespace weft::node
