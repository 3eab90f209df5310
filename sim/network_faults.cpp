// Faults of the network: cuts of all shapes, slow and lossy links, frames of the past.

#include "sim/world.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace weft::sim {

void World::on_links(const FaultEvent& event, const OnLink& action) {
    const auto ends = static_cast<Endpoint>(network_.endpoints());
    for (Endpoint from = 0; from < ends; ++from)
        for (Endpoint to = 0; to < ends; ++to)
            if (from != to && (event.a == kEveryone || event.a == from) &&
                (event.b == kEveryone || event.b == to))
                action(from, to);
}

// `set` with the strength now, and with its opposite when the span ends.
void World::while_lasting(const FaultEvent& event,
                          const std::function<void(Endpoint, Endpoint, int)>& set) {
    const int strength = static_cast<int>(std::clamp<std::int64_t>(event.amount, 1, 60'000'000));
    on_links(event, [&](Endpoint from, Endpoint to) { set(from, to, strength); });
    at_end(event, [this, event, set, strength] {
        on_links(event, [&](Endpoint from, Endpoint to) { set(from, to, -strength); });
    });
}

bool World::network_fault(const FaultEvent& event) {
    Network& net = network_;
    const Instant until = event.lasts > Duration{} ? queue_.now() + event.lasts
                                                   : queue_.now() + std::chrono::hours(1);
    switch (event.kind) {
        case FaultKind::Split:
            split(event);
            break;
        case FaultKind::Sides:
            sides(event);
            break;
        case FaultKind::Mesh:
            neighbours_only(event);
            break;
        case FaultKind::Flap:
            flap(event, until, true);
            break;
        case FaultKind::Clog:
            on_links(event, [&](Endpoint from, Endpoint to) { net.clog(from, to, until); });
            break;
        case FaultKind::SlowPeer:
            slow_peer(event);
            break;
        case FaultKind::Loss:
            while_lasting(event, [&net](auto a, auto b, int by) { net.add_loss(a, b, by); });
            break;
        case FaultKind::Duplicate:
            while_lasting(event, [&net](auto a, auto b, int by) { net.add_duplicates(a, b, by); });
            break;
        case FaultKind::Reorder:
            while_lasting(event, [&net](auto a, auto b, int by) { net.add_reorder(a, b, by); });
            break;
        case FaultKind::Delay:
            while_lasting(event, [&net](auto a, auto b, int by) { net.add_spread(a, b, by); });
            break;
        case FaultKind::Ghost:
            on_links(event, [&](Endpoint from, Endpoint to) {
                // A client's connection is one stream: it brings nothing back.
                if (from < machines_.size() && to < machines_.size())
                    net.ghosts(from, to, net.kept(from, to), until);
            });
            break;
        case FaultKind::FormerBoot:
            former_boot(event);
            break;
        default:
            cut_pairs(event, {{event.a, event.b}});
            break;
    }
    return true;
}

void World::cut_both(Endpoint a, Endpoint b, int by) {
    network_.cut(a, b, by);
    network_.cut(b, a, by);
}

void World::cut_pairs(const FaultEvent& event, std::vector<std::pair<Endpoint, Endpoint>> pairs) {
    for (const auto& [from, to] : pairs) network_.cut(from, to, 1);
    at_end(event, [this, gone = std::move(pairs)] {
        for (const auto& [from, to] : gone) network_.cut(from, to, -1);
    });
}

// Nodes of one side against the others; clients reach both.
void World::split(const FaultEvent& event) {
    const auto side = static_cast<std::uint64_t>(event.amount);
    std::vector<std::pair<Endpoint, Endpoint>> pairs;
    for (Endpoint i = 0; i < machines_.size(); ++i)
        for (Endpoint j = 0; j < machines_.size(); ++j)
            if ((side >> i & 1) != (side >> j & 1)) pairs.emplace_back(i, j);
    cut_pairs(event, std::move(pairs));
}

// Whoever leads there serves some clients still, while the others choose another leader.
void World::sides(const FaultEvent& event) {
    const auto with_it = static_cast<std::uint64_t>(event.amount);
    const auto here = [&](Endpoint end) {
        if (end < machines_.size()) return end == event.a;
        return (with_it >> (end - machines_.size()) & 1) != 0;
    };
    std::vector<std::pair<Endpoint, Endpoint>> pairs;
    for (Endpoint i = 0; i < network_.endpoints(); ++i)
        for (Endpoint j = 0; j < network_.endpoints(); ++j)
            if (here(i) != here(j)) pairs.emplace_back(i, j);
    cut_pairs(event, std::move(pairs));
}

// A chain in random order: the middle ones hear both sides, the ends one node each.
void World::neighbours_only(const FaultEvent& event) {
    std::vector<Endpoint> order(machines_.size());
    std::iota(order.begin(), order.end(), Endpoint{0});
    Random chance(event.salt);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[chance.below(i)]);
    std::vector<std::pair<Endpoint, Endpoint>> pairs;
    for (std::size_t i = 0; i < order.size(); ++i)
        for (std::size_t j = i + 2; j < order.size(); ++j) {
            pairs.emplace_back(order[i], order[j]);
            pairs.emplace_back(order[j], order[i]);
        }
    cut_pairs(event, std::move(pairs));
}

void World::flap(const FaultEvent& event, Instant until, bool cut) {
    on_links(event, [this, cut](Endpoint a, Endpoint b) { cut_both(a, b, cut ? 1 : -1); });
    if (!cut && queue_.now() >= until) return;
    later(std::chrono::milliseconds(std::max<std::int64_t>(1, event.amount)),
          [this, event, until, cut] { flap(event, until, !cut); });
}

void World::slow_peer(const FaultEvent& event) {
    FaultEvent out = event;
    out.b = kEveryone;
    FaultEvent in = event;
    in.a = kEveryone;
    in.b = event.a;
    for (const FaultEvent& part : {out, in})
        while_lasting(part,
                      [this](auto from, auto to, int by) { network_.add_slow(from, to, by); });
}

// What `a` last said comes once more, after its next life has begun.
void World::former_boot(const FaultEvent& event) {
    constexpr Duration kAfterStart = std::chrono::milliseconds(300);
    const Instant at = queue_.now() + event.lasts + kAfterStart;
    for (Endpoint to = 0; to < machines_.size(); ++to)
        if (to != event.a) network_.ghosts(event.a, to, network_.kept(event.a, to), at);
    crash_for(event);
}

}  // namespace weft::sim
