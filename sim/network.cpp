#include "sim/network.h"

#include <algorithm>

namespace weft::sim {

Instant Network::arrival(Endpoint from, Endpoint to) {
    Duration delay = random_.between(times.delay_min, times.delay_max);
    if (random_.chance(times.slow_per_mille, 1000))
        delay = random_.between(times.delay_max, times.slow_max);
    Instant at = queue_.now() + delay;
    const std::pair link{from, to};
    if (const auto clog = clogs_.find(link); clog != clogs_.end()) {
        if (clog->second > queue_.now())
            at = std::max(at, clog->second + delay);
        else
            clogs_.erase(clog);
    }
    if (times.reorder) return at;
    Instant& last = last_arrival_[link];
    last = std::max(at, last + Duration{1});
    return last;
}

void Network::send(Endpoint from, Endpoint to, Bytes frame, const Deliver& deliver, Copies copies) {
    ++counters_.sent;
    counters_.bytes += frame.size();
    if (is_cut(from, to)) {
        ++counters_.cut;
        return;
    }
    if (random_.chance(times.loss_per_mille, 1000)) {
        ++counters_.lost;
        return;
    }
    const bool twice = copies == Copies::Two && random_.chance(times.duplicate_per_mille, 1000);
    for (int copy = 0; copy < (twice ? 2 : 1); ++copy) {
        // A cut that happens while the frame is under way swallows it.
        queue_.at(arrival(from, to), [this, from, to, frame, deliver] {
            if (is_cut(from, to))
                ++counters_.cut;
            else
                deliver(frame);
        });
    }
    counters_.duplicated += twice ? 1 : 0;
}

void Network::heal_all() {
    cuts_.clear();
    clogs_.clear();
}

void Network::reset(Endpoint endpoint) {
    const auto touches = [endpoint](const auto& item) {
        return item.first.first == endpoint || item.first.second == endpoint;
    };
    std::erase_if(clogs_, touches);
    std::erase_if(last_arrival_, touches);
}

}  // namespace weft::sim
