#include "replication/raft/leader_stamps.h"

#include "core/invariant.h"

#include <algorithm>

namespace weft::replication {

namespace {

using Copies = LeaderStamps::Copies;

// Every quorum has one who refuses.
bool in_every_quorum(const Copies& copies) { return !copies.config.quorum(copies.takers); }

// What is behind this index was never committed, or is so without our copy: what no refuser can
// hold when every quorum has one; else what no leader can have counted here. As a leader we counted
// our own up to the commit. (While joint, a quorum of one half may be untouched.)
LogIndex others_may_need(const Copies& copies) {
    if (in_every_quorum(copies) && copies.config.outgoing.empty())
        return std::max(copies.commit, copies.refusers_may_hold);
    return std::max(copies.commit, copies.counted);
}

// A configuration stays: who votes by it may have decided.
LogIndex last_to_keep(const Copies& copies) {
    const LogIndex needed = others_may_need(copies);
    return copies.newest_config <= needed ? std::min(needed, copies.last) : copies.last;
}

}  // namespace

std::int64_t LeaderStamps::next(std::int64_t before_ms, WallTime wall) const {
    return std::max(before_ms, wall.ms - back_ms_);
}

std::optional<LogIndex> LeaderStamps::refused(const Copies& copies) {
    due_ = !in_every_quorum(copies);
    if (due_) return std::nullopt;
    return last_to_keep(copies);
}

std::optional<LogIndex> LeaderStamps::judge(const Copies& copies, PeerSet heard) {
    due_ = false;
    if (copies.config.quorum(heard & copies.takers)) return std::nullopt;
    const LogIndex needed = others_may_need(copies);
    const bool one_can_win = needed <= copies.refusers_may_hold && copies.newest_config <= needed;
    if (!one_can_win) return std::nullopt;
    return last_to_keep(copies);
}

void LeaderStamps::check(bool leads) const {
    WEFT_INVARIANT(leads || !due_, "stamps {} ms behind wait for a judgement of no leader",
                   back_ms_);
}

}  // namespace weft::replication
