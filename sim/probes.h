#pragma once
// Rare paths (WEFT_PROBE in the cores): which of them a run has reached.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::sim {

// Every probe of the cores, in alphabetical order; a test compares this list with the sources.
inline constexpr auto kProbes = std::to_array<std::string_view>({
    "client.attempt_silent",
    "client.fresh_id",
    "client.link_displaced",
    "client.link_idle",
    "client.overtaken",
    "election.early_by_evidence",
    "node.crash_evidence",
    "node.disk_full",
    "node.disk_slow",
    "node.former_boot",
    "node.peer_condemned",
    "node.scarce_room",
    "partition.activation",
    "partition.floor_raised",
    "partition.snapshot_aborted",
    "partition.snapshot_installed",
    "partition.snapshot_receiving",
    "partition.snapshot_sending",
    "partition.snapshot_sent",
    "partition.stopped_serving",
    "replica.install",
    "replica.mark_damaged",
    "replica.needs_snapshot",
    "replica.repair",
    "replica.steps_down",
    "replica.transfer_failed",
    "replica.truncate",
});
static_assert(kProbes.size() <= 64);

// Bit i: kProbes[i] was reached.
using ProbeSet = std::uint64_t;

// Collects what is reached while it lives; one at a time per process.
class ProbeWatch {
public:
    ProbeWatch();
    ~ProbeWatch();
    ProbeWatch(const ProbeWatch&) = delete;
    ProbeWatch& operator=(const ProbeWatch&) = delete;
    ProbeSet reached() const;

private:
    void (*before_)(std::string_view);
};

}  // namespace weft::sim
