#pragma once
// One run from schedule to verdict: warm-up, chaos, heal of a quorum core, full heal, audit.

#include "entity/type.h"
#include "sim/observer.h"
#include "sim/probes.h"
#include "sim/schedule.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace weft::sim {

struct RunReport {
    std::uint64_t seed = 0;
    std::string violation;    // empty: all promises held
    Duration violation_at{};  // virtual time at which the run ended with it
    std::string plan;         // schedule_text
    std::uint64_t trace_hash = 0;
    std::uint64_t operations = 0, done = 0, rejected = 0, not_done = 0, unknown = 0;
    std::uint64_t committed = 0;
    std::uint64_t elections = 0;
    std::uint64_t states_compared = 0;  // pairs of replicas found equal (I12)
    std::uint64_t frames = 0;
    std::uint64_t entities = 0;        // that were written
    std::uint64_t log_bytes = 0;       // the most that one machine wrote of one group's log
    std::uint64_t snapshot_pages = 0;  // sent
    std::uint64_t events = 0;          // of the world's queue
    std::int64_t virtual_ms = 0;
    std::uint64_t journal_ahead = 0, sockets_ahead = 0;  // rounds that a crash cut in two
    std::array<std::uint64_t, kFaultKinds> faults{};     // that found something to break
    ProbeSet probes = 0;                                 // rare paths reached
    bool ok() const { return violation.empty(); }
};

struct RunOptions {
    const entity::TypeTable* types = nullptr;  // borrowed; nothing: kv and counter
    std::FILE* trace = nullptr;                // log lines of all nodes, and impossible histories
    RunObserver* observer = nullptr;           // borrowed; is told everything as it happens
};

// Runs `schedule`. A broken invariant ends the run and is reported, not fatal: the process-wide
// handler is replaced for the time of the call, so one run at a time per process.
RunReport run(const Schedule& schedule, const RunOptions& options = {});

// run(draw_schedule(seed, profile, store)).
RunReport run_seed(std::uint64_t seed, Profile profile = Profile::Swarm,
                   StoreKind store = StoreKind::Memory, const RunOptions& options = {});

}  // namespace weft::sim
