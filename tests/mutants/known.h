#pragma once
// Mutants that every change looks for, and a seed that has found each.

#include <array>
#include <cstdint>
#include <string_view>

namespace weft {

struct Known {
    std::string_view name;
    std::uint64_t seed = 0;
};
inline constexpr auto kKnown = std::to_array<Known>({
    {"VoteBeforeSync", 1},
    {"VoteTwice", 2},
    {"AckUnderUnsyncedTerm", 27},
    {"LeaderCountsUnsynced", 2},
    {"CommitByOldTerms", 2},
    {"TruncateOnShortAppend", 4},
    {"RequestForgotten", 1},
    {"CompactBeforeSessions", 2},
    {"SnapshotBeforeSync", 2},
    {"RecoveryCutAtDamage", 7},
    {"SwimRevivedAtEqual", 1},
    {"SwimNeverRefutes", 2},
    {"SwimAnyReceiver", 1},
    {"SwimReplayTaken", 2},
    {"SwimNackIsAnAnswer", 1},
    {"SwimAccuserCountsAgain", 14},
});

}  // namespace weft
