#pragma once
// Rules broken on purpose, one at a time, to see whether the simulator finds it
// (docs/simulation.md, "Mutants"). Only builds with WEFT_MUTANTS can; of the others nothing is left
// of it.

#include <cstdint>
#ifdef WEFT_MUTANTS
#include <span>
#include <string_view>
#endif

namespace weft {

// In the order of kMutants.
enum class Mutant : std::uint8_t {
    None,
    // ---- votes and terms
    VoteBeforeSync,
    VoteTwice,
    VoteForShorterLog,
    CandidateTailUnsynced,
    LearnedTermUnwritten,
    QuorumOneShort,
    // ---- log and commit
    AckBeforeSync,
    AckUnderUnsyncedTerm,
    LeaderCountsUnsynced,
    CommitByOldTerms,
    CommitPastMatch,
    MatchByRefusal,
    TruncateOnShortAppend,
    // ---- reads
    ReadWithoutConfirm,
    ConfirmWhateverTheTerm,
    ReadJoinsBegunRound,
    ServeBeforeNoOp,
    // ---- requests and sessions
    LostTermIsNotDone,
    RequestForgotten,
    ExpireByWallClock,
    HandlerSeesCommittedOnly,
    // ---- rows, compaction, snapshots
    EvictBeforeSync,
    StaleActivation,
    CompactBeforeSessions,
    SnapshotBeforeSync,
    SnapshotKeepsSessions,
    SnapshotSpaceAgain,
    SnapshotPagesMixed,
    // ---- damage and lost disks
    RecoveryCutAtDamage,
    RecoveryCutAtBytes,
    RepairKeepsStale,
    MisplacedRecordTaken,
    VerdictForgotten,
    FormerBootTaken,
    // ---- membership, which has a swarm of its own (sim/swim_swarm.h)
    SwimRevivedAtEqual,
    SwimNeverRefutes,
    SwimAnyReceiver,
    SwimFormerLifeHeard,
    SwimReplayTaken,
    SwimDeadNeverAsked,
    SwimNackIsAnAnswer,
    SwimAccuserCountsAgain,
};

#ifdef WEFT_MUTANTS
bool is_mutant(Mutant mutant);
// Before any core exists; one at a time for the whole process.
void become_mutant(Mutant mutant);

// What it is called, and the rule that it breaks.
struct MutantInfo {
    Mutant mutant = Mutant::None;
    std::string_view name;
    std::string_view rule;
};
// All but None.
std::span<const MutantInfo> mutants();
constexpr bool is_of_membership(Mutant mutant) { return mutant >= Mutant::SwimRevivedAtEqual; }
#define WEFT_MUTANT(name) ::weft::is_mutant(::weft::Mutant::name)
#else
#define WEFT_MUTANT(name) false
#endif

}  // namespace weft
