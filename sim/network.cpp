#include "sim/network.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace weft::sim {

Network::Network(EventQueue& queue, NetworkWorld& world, std::size_t endpoints, Random random)
    : queue_(queue), world_(world), endpoints_(endpoints), links_(endpoints * endpoints) {
    for (std::size_t from = 0; from < endpoints; ++from)
        for (std::size_t to = 0; to < endpoints; ++to)
            links_[from * endpoints + to].seed =
                random.stream(fmt::format("link {} {}", from, to)).next();
}

Instant Network::arrival(Link& link, Random& chance, bool in_order) const {
    Duration delay = chance.between(times.delay_min, times.delay_max);
    if (link.slow_us > 0) delay += std::chrono::microseconds(link.slow_us);
    if (link.spread_us > 0) {
        // The third power of a uniform draw: most frames are hardly later, a few by all of it.
        constexpr std::uint64_t kOne = 1024;
        const std::uint64_t draw = chance.below(kOne);
        const std::uint64_t part = draw * draw * draw / (kOne * kOne);
        delay += std::chrono::microseconds(link.spread_us) * static_cast<std::int64_t>(part) /
                 static_cast<std::int64_t>(kOne);
    }
    Instant at = queue_.now() + delay;
    if (link.clogged_until > queue_.now()) at = std::max(at, link.clogged_until + delay);
    if (!in_order || link.reorder > 0) return at;
    link.last_arrival = std::max(at, link.last_arrival + Duration{1});
    return link.last_arrival;
}

void Network::tell(const Transit& transit, Instant arrives, FrameFate fate) const {
    if (observer != nullptr)
        observer->frame(
            {transit.from, transit.to, queue_.now(), arrives, transit.frame.size(), fate});
}

void Network::send(Transit transit, Copies copies) {
    Link& way = link(transit.from, transit.to);
    ++counters_.sent;
    counters_.bytes += transit.frame.size();
    // Chance by number: what befalls this frame depends on nothing that befell others.
    const bool datagram = copies == Copies::Datagram;
    const std::uint64_t number = datagram ? ~way.datagrams++ : ++way.frames;
    Random chance(way.seed + number * 0xd1342543de82ef95ULL);
    if (keeping_ && !datagram) way.past[way.frames % kKept] = transit.frame;
    if (way.cuts > 0) {
        ++counters_.cut;
        return tell(transit, queue_.now(), FrameFate::Cut);
    }
    const std::uint64_t loss = chance.below(1000);
    const std::uint64_t duplicate = chance.below(1000);
    if (loss < static_cast<std::uint64_t>(way.loss)) {
        ++counters_.lost;
        return tell(transit, queue_.now(), FrameFate::Lost);
    }
    if (copies != Copies::One && duplicate < static_cast<std::uint64_t>(way.duplicates)) {
        ++counters_.duplicated;
        const Instant at = arrival(way, chance, !datagram);
        tell(transit, at, FrameFate::Duplicate);
        dispatch(transit, at);
    }
    const Instant at = arrival(way, chance, !datagram);
    tell(transit, at, FrameFate::Delivered);
    dispatch(std::move(transit), at);
}

void Network::dispatch(Transit transit, Instant at) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
        slot = static_cast<std::uint32_t>(flights_.size());
        flights_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    flights_[slot].transit = std::move(transit);
    fly(slot, at);
}

void Network::fly(std::uint32_t slot, Instant at) {
    Flight& flight = flights_[slot];
    flight.at = at;
    flight.number = ++flown_;
    queue_.at(at, [this, slot, number = flight.number] { land(slot, number); });
}

void Network::land(std::uint32_t slot, std::uint64_t number) {
    if (flights_[slot].number != number) return;
    flights_[slot].number = 0;
    const Transit transit = std::move(flights_[slot].transit);
    free_.push_back(slot);
    // A cut that begins while the frame is under way swallows it.
    if (is_cut(transit.from, transit.to)) {
        ++counters_.cut;
        return tell(transit, queue_.now(), FrameFate::Cut);
    }
    world_.arrived(transit);
}

void Network::clog(Endpoint from, Endpoint to, Instant until) {
    Instant& clogged = link(from, to).clogged_until;
    clogged = std::max(clogged, until);
}

void Network::heal() {
    for (Link& way : links_) {
        way.cuts = way.loss = way.duplicates = way.reorder = way.slow_us = way.spread_us = 0;
        way.clogged_until = Instant{};
    }
    end_delays();
}

// What a fault has delayed does not outlive it; frames of a link stay in order.
void Network::end_delays() {
    Instant at = queue_.now() + times.delay_max;
    std::vector<std::uint32_t> late;
    for (std::uint32_t slot = 0; slot < flights_.size(); ++slot)
        if (flights_[slot].number != 0 && flights_[slot].at > at) late.push_back(slot);
    std::ranges::sort(late, {}, [this](std::uint32_t slot) {
        return std::pair(flights_[slot].at, flights_[slot].number);
    });
    for (const std::uint32_t slot : late) {
        at = at + Duration{1};
        fly(slot, at);
        link(flights_[slot].transit.from, flights_[slot].transit.to).last_arrival = at;
    }
}

void Network::reset(Endpoint endpoint) {
    for (Endpoint other = 0; other < endpoints_; ++other) {
        for (Link* way : {&link(endpoint, other), &link(other, endpoint)})
            way->clogged_until = way->last_arrival = Instant{};
    }
}

std::vector<Bytes> Network::kept(Endpoint from, Endpoint to) const {
    const Link& way = link(from, to);
    std::vector<Bytes> frames;
    for (std::size_t i = 1; i <= kKept; ++i) {
        const Bytes& frame = way.past[(way.frames + i) % kKept];
        if (!frame.empty()) frames.push_back(frame);
    }
    return frames;
}

void Network::ghosts(Endpoint from, Endpoint to, std::vector<Bytes> frames, Instant at) {
    for (Bytes& frame : frames) {
        ++counters_.late;
        tell({from, to, 0, frame}, at, FrameFate::Ghost);
        queue_.at(at, [this, from, to, copy = std::move(frame)] {
            if (!is_cut(from, to)) world_.ghost_arrived(from, to, copy);
        });
    }
}

}  // namespace weft::sim
