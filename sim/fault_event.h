#pragma once
// One fault of a run as a value: when, what, where, how strong. A run injects nothing that does not
// stand in such a list, so that a run can be repeated with some of its faults left out.

#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::sim {

enum class FaultKind : std::uint8_t {
    // ---- process. `a`: the node. `salt`: which part of its unsynced writes survives.
    Crash,          // power fails; back after `lasts`
    CrashAtEffect,  // as Crash, in the middle of a round: after `amount` more effects
    CrashLoop,  // for `lasts`: up for `amount` ms, crash, up again at once; kEveryone: all nodes
    PowerLoss,  // all nodes; they come back one by one within `lasts`
    Pause,      // the process stands still, its input waits
    // ---- network. `a` to `b`; kEveryone: all. In force for `lasts`.
    Split,       // bits of `amount`: the nodes of one side, cut off from the others
    Sides,       // `a` and the clients of `amount`'s bits, cut off from all others
    Cut,         // one direction
    Mesh,        // nodes hear their neighbours in a random order only (`salt`)
    Flap,        // both directions, cut and whole in turn, each for `amount` ms
    Clog,        // one direction waits until the end
    SlowPeer,    // everything from and to `a` takes `amount` us longer
    Loss,        // `amount` of 1,000 frames
    Duplicate,   // `amount` of 1,000 frames; between nodes only
    Reorder,     // frames of one direction overtake each other
    Delay,       // up to `amount` us longer, few of them long
    Ghost,       // copies of the last frames arrive once more after `lasts`
    FormerBoot,  // `a` crashes, is back after `lasts`, then its former frames arrive again
    // ---- disk of `a`
    Stall,      // nothing is synced or read
    SlowDisk,   // `amount` times slower
    SlowFetch,  // reads take up to `amount` us longer, so that they are answered out of order
    BitFlip,    // one bit of a record; `amount` 0: log, 1: row, 2: hard state, 3: log base,
                // kNewest: log, of what was written last
    Vanish,     // a log record is gone, its place is known; `amount` 0 or kNewest, as BitFlip
    Swap,       // two log records have changed places; `amount` as Vanish
    SyncError,  // the next sync fails: the process must exit; back after `lasts`
    Full,       // no space: nothing is written; `amount` above 0: so many KiB are left in the map
    Wipe,       // the disk is lost; the node is back after `lasts` with its old identity
    Rollback,   // the image of now returns after `lasts`, the node restarts on it
    // ---- clock of `a`
    ClockRate,    // `amount` ppm faster for `lasts`
    ClockOffset,  // the wall clock is `amount` ms off for `lasts`
    ClockJump,    // the monotonic clock leaps `amount` ms ahead (a suspended machine)
    ClockFreeze,  // both clocks stand still
};
inline constexpr std::size_t kFaultKinds = 32;
inline constexpr std::int64_t kNewest = 4;
inline constexpr std::uint32_t kEveryone = 0xffffffff;
// As `a`: a machine that leads a group at the moment the fault comes; any, when none does.
inline constexpr std::uint32_t kLeader = 0xfffffffe;

struct FaultEvent {
    Duration at{};  // since the start of the run
    FaultKind kind{};
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    Duration lasts{};         // zero, where a span is meant: until all is healed
    std::int64_t amount = 0;  // see FaultKind
    std::uint64_t salt = 0;   // decides what the event leaves open; its own, never shared
    bool operator==(const FaultEvent&) const = default;
};

// Lower case with underscores: "crash_at_effect".
std::string_view fault_name(FaultKind kind);
std::optional<FaultKind> fault_kind(std::string_view name);
// One line for reports.
std::string fault_text(const FaultEvent& event);

}  // namespace weft::sim
