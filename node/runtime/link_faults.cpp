#include "node/runtime/link_faults.h"

#include <algorithm>
#include <utility>

namespace weft::node {

namespace {

std::size_t place(Way way) { return std::to_underlying(way); }

}  // namespace

Instant LinkFaults::due_at(Way way, const Line& line) const {
    const Waiting& first = line.frames.front();
    return first.since + std::chrono::milliseconds(table_.at(way, first.kept.peer).delay_ms);
}

bool LinkFaults::pass(Way way, NodeId peer, ClientRef from, std::string_view frame) {
    const auto late = table_.judge(way, peer);
    if (!late) {
        ++lost_;
        return false;
    }
    Line& line = lines_[place(way)][peer];
    // Behind what is late already, whatever the delay is by now.
    if (*late == Duration{0} && line.frames.empty()) return true;
    if (line.bytes + frame.size() > kKeptBytesMax) {
        ++lost_;
        return false;
    }
    line.bytes += frame.size();
    line.frames.push_back({now_, {peer, from, std::string(frame)}});
    return false;
}

std::optional<LinkFaults::Kept> LinkFaults::due(Way way) {
    for (auto& [peer, line] : lines_[place(way)]) {
        // A cut takes what is on its way, too.
        if (table_.at(way, peer).cut) forget(way, peer);
        if (line.frames.empty() || due_at(way, line) > now_) continue;
        Kept kept = std::move(line.frames.front().kept);
        line.frames.pop_front();
        line.bytes -= kept.frame.size();
        return kept;
    }
    return std::nullopt;
}

Instant LinkFaults::next_due() const {
    Instant next = Instant::never();
    for (const Way way : kWays)
        for (const auto& [peer, line] : lines_[place(way)])
            if (!line.frames.empty()) next = std::min(next, due_at(way, line));
    return next;
}

void LinkFaults::forget(Way way, NodeId peer) {
    Line& line = lines_[place(way)][peer];
    lost_ += line.frames.size();
    line = {};
}

}  // namespace weft::node
