#include "node/disk/health.h"

#include "core/invariant.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace weft::node {

namespace {

constexpr Duration kRoomPause = std::chrono::seconds(1);

}  // namespace

bool DiskHealth::on_stats(Instant now, const storage::StoreStats& stats) {
    stats_ = stats;
    if (stats.scarce) {
        WEFT_PROBE("node.scarce_room");
        return on_full(now);
    }
    if (std::exchange(full_, false)) log_.info("disk.has_room", {{"bytes", stats.file_bytes}});
    return false;
}

bool DiskHealth::on_full(Instant now) {
    if (std::exchange(full_, true)) return false;
    room_due_ = now + kRoomPause;
    WEFT_PROBE("node.disk_full");
    log_.error("disk.full", {{"bytes", stats_.file_bytes}, {"limit", stats_.map_bytes}});
    return true;
}

bool DiskHealth::judge(Duration age) {
    DiskState found = DiskState::Well;
    if (age > election_min_ / 2) found = DiskState::Slow;
    if (age > election_min_ * 2) found = DiskState::Stalled;
    if (std::exchange(state_, found) == found) return false;
    const auto ms =
        std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(age).count()};
    if (found == DiskState::Well)
        log_.info("disk.recovered", {{"oldest_ms", ms}});
    else
        log_.warn("disk.slow", {{"oldest_ms", ms}, {"stalled", found == DiskState::Stalled}});
    if (found != DiskState::Well) WEFT_PROBE("node.disk_slow");
    return true;
}

bool DiskHealth::look_for_room(Instant now, bool idle) {
    if (room_due_ > now) return false;
    room_due_ = full_ ? now + kRoomPause : Instant::never();
    return full_ && idle;
}

Instant DiskHealth::deadline(std::optional<Instant> oldest) const {
    if (!oldest || state_ == DiskState::Stalled) return room_due_;
    const Duration limit = state_ == DiskState::Well ? election_min_ / 2 : election_min_ * 2;
    return std::min(room_due_, *oldest + limit + Duration{1});
}

void DiskHealth::check(bool waiting) const {
    WEFT_INVARIANT(state_ == DiskState::Well || waiting, "the disk is slow and nothing waits");
}

}  // namespace weft::node
