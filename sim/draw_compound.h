#pragma once
// Faults that do harm together only, drawn for one run. Each takes a stream of chance of its own.

#include "core/random.h"
#include "sim/schedule.h"

#include <cstdint>

namespace weft::sim {

// 0 to `bound`.
inline std::int64_t up_to(Random& own, std::int64_t bound) {
    return static_cast<std::int64_t>(own.below(static_cast<std::uint64_t>(bound) + 1));
}
inline Duration chaos_begins(const RunConfig& config) { return of_ms(config.warm_up_ms); }
inline Duration chaos_ends(const RunConfig& config) {
    return of_ms(config.warm_up_ms) + of_ms(config.chaos_ms);
}

// Damage shows when its record is read, and a log is read after a start. Half of it comes with one:
// found by it, or right behind it, before what is committed has been applied. Some of those
// machines were cut off before, and wrote what nobody else has.
void draw_restarts_at_damage(Schedule& schedule, Random own);
// A machine that is away until the logs were compacted past it, and comes back to slow disks and to
// leaders that change: the snapshot it is sent is given up half-way and begins anew, at another
// base.
void draw_left_behind(Schedule& schedule, Random own);
// Transfers of small pages with little patience, and a disk at which a read is late now and then: a
// page is answered when its transfer was given up and the next one reads.
void draw_late_pages(Schedule& schedule, Random own);
// Leaders that end again and again where few entities are written much, each read is late and logs
// are swept often: the next one reads rows of what it applied, and a sweep writes them meanwhile.
void draw_swept_rows(Schedule& schedule, Random own);
// A machine that is cut off with clients again and again, restarts behind it, and finds the first
// of what it wrote alone damaged: what repairs it is another entry, in an append of its own.
void draw_damaged_tails(Schedule& schedule, Random own);
// All but one stand still, and that one, which leads some of the groups, is killed; they come back
// in any order.
void draw_last_one_killed(Schedule& schedule, Random own);
// A disk that is lost or comes back old. Its peers know better as long as they remember, so nobody
// else may forget in the same run.
void draw_lost_disk(Schedule& schedule, Random own);

}  // namespace weft::sim
