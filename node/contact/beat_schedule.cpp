#include "node/contact/beat_schedule.h"

#include "core/invariant.h"

namespace weft::node {

bool BeatSchedule::begin() {
    if (due_ != Instant::never()) return false;
    due_ = Instant::long_ago();
    return true;
}

bool BeatSchedule::begin_round(Instant now) {
    if (due_ > now) return false;
    due_ = now + interval_;
    return true;
}

// A leader that cannot write must be missed: its silence lets others take over.
bool BeatSchedule::owes(const Disk& disk, const Receiver& to) {
    if (disk.state == DiskState::Stalled || !to.up) return false;
    return to.led || (to.shares_any && to.told < disk.durable);
}

void BeatSchedule::check(bool peers) const {
    WEFT_INVARIANT(!peers || due_ != Instant::never(), "there are peers, and no beat is due");
}

}  // namespace weft::node
