#pragma once
// How well the disk is. A stalled one leads nothing (docs/design.md, "Storage"): its
// node could keep no promise in time. With a full one a node answers reads only; that begins while
// there is still some room, for what makes more of it, and what peers replicate, must fit.

#include "core/log.h"
#include "core/time.h"
#include "storage/contracts.h"

#include <cstdint>
#include <optional>

namespace weft::node {

enum class DiskState : std::uint8_t { Well, Slow, Stalled };

class DiskHealth {
public:
    // Slow: a batch is older than half of `election_min`; stalled: than twice that.
    DiskHealth(Duration election_min, weft::Log log) : election_min_(election_min), log_(log) {}

    // What the journal tells after each batch; true: no room is left, as of now.
    bool on_stats(Instant now, const storage::StoreStats& stats);
    // Nothing was written and the driver tries again: until then commands would only queue up.
    // True: that is new.
    bool on_full(Instant now);
    // New commands are refused as on a full disk: certainly not done.
    void on_lost() { full_ = true; }
    // How old the oldest batch is; true: the state is another one.
    bool judge(Duration age);
    // Only the journal tells how much room there is, and with every command refused nobody writes.
    // True: something must, now. `idle`: nothing waits for the disk, and the node stays.
    bool look_for_room(Instant now, bool idle);

    // When the oldest batch, of `oldest`, becomes too old for the next state, or room is looked
    // for.
    Instant deadline(std::optional<Instant> oldest) const;
    DiskState state() const { return state_; }
    bool full() const { return full_; }
    const storage::StoreStats& stats() const { return stats_; }
    // `waiting`: a batch is.
    void check(bool waiting) const;

private:
    Duration election_min_;
    weft::Log log_;
    storage::StoreStats stats_;
    DiskState state_ = DiskState::Well;
    bool full_ = false;
    Instant room_due_ = Instant::never();  // while the disk is full: next look for room
};

}  // namespace weft::node
