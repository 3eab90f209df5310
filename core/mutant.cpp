#include "core/mutant.h"

#ifdef WEFT_MUTANTS
#include <array>

namespace weft {

namespace {

// As the handlers of core/invariant.cpp: rules are broken in code that holds no reference to
// whoever chooses. Set before any thread begins.
constinit Mutant chosen = Mutant::None;

#define WEFT_ROW(name, rule) \
    MutantInfo { Mutant::name, #name, rule }
constexpr auto kMutants = std::to_array<MutantInfo>({
    WEFT_ROW(VoteBeforeSync, "S1: a vote leaves before it is on disk"),
    WEFT_ROW(VoteTwice, "S1: a second vote in a term"),
    WEFT_ROW(VoteForShorterLog, "S4: a vote for a candidate whose log is behind"),
    WEFT_ROW(CandidateTailUnsynced, "S4: a pre-candidate names entries that are not on disk"),
    WEFT_ROW(LearnedTermUnwritten, "S1: a learned term is not written"),
    WEFT_ROW(QuorumOneShort, "S1: one voter less than a majority is a quorum"),
    WEFT_ROW(AckBeforeSync, "S2: a follower acknowledges what is not on disk"),
    WEFT_ROW(AckUnderUnsyncedTerm, "S2: an acknowledgement under a term that is not on disk"),
    WEFT_ROW(LeaderCountsUnsynced, "S2: a leader counts its own copy before it is on disk"),
    WEFT_ROW(CommitByOldTerms, "S3: counting copies commits entries of older terms"),
    WEFT_ROW(CommitPastMatch, "S21: a follower commits past what equals its leader's log"),
    WEFT_ROW(MatchByRefusal, "S20: a refusal's hint counts as a copy"),
    WEFT_ROW(TruncateOnShortAppend, "S20: an append that ends early truncates what is behind it"),
    WEFT_ROW(ReadWithoutConfirm, "S8: a read is served without a confirm round"),
    WEFT_ROW(ConfirmWhateverTheTerm, "S8: a confirm is granted whatever the term"),
    WEFT_ROW(ReadJoinsBegunRound, "S8: a read is served by a round that began before it came"),
    WEFT_ROW(ServeBeforeNoOp, "S8: a leader serves before an entry of its term is committed"),
    WEFT_ROW(LostTermIsNotDone, "P-once: what a lost term had in flight is called not done"),
    WEFT_ROW(RequestForgotten, "P-once: a request that was answered runs again"),
    WEFT_ROW(ExpireByWallClock, "S28: sessions end by the clock of whoever applies"),
    WEFT_ROW(HandlerSeesCommittedOnly, "P-linear: a handler does not see what is in flight"),
    WEFT_ROW(EvictBeforeSync, "P-durable: an entity leaves memory before its rows are on disk"),
    WEFT_ROW(StaleActivation, "P-linear: rows that were swept meanwhile are taken for the newest"),
    WEFT_ROW(CompactBeforeSessions,
             "S26: the log is compacted before the sessions' rows are written"),
    WEFT_ROW(SnapshotBeforeSync, "S19: a snapshot is read before its rows are on disk"),
    WEFT_ROW(SnapshotKeepsSessions, "S19: an installed snapshot keeps the old sessions"),
    WEFT_ROW(SnapshotSpaceAgain, "S19: a staging space is used again while it is being erased"),
    WEFT_ROW(SnapshotPagesMixed, "S19: a late page of a transfer that was given up is sent"),
    WEFT_ROW(RecoveryCutAtDamage, "S22: at start the log ends where a record does not hold"),
    WEFT_ROW(RecoveryCutAtBytes, "S22: at start no more than a MiB of a log is read"),
    WEFT_ROW(RepairKeepsStale, "S22: behind a repaired entry stays what lost its place"),
    WEFT_ROW(MisplacedRecordTaken, "S22: a record that holds is taken wherever it lies"),
    WEFT_ROW(VerdictForgotten, "S18: a disk that has lost its past is believed again"),
    WEFT_ROW(FormerBootTaken, "S32: frames of a former boot speak for the one that runs"),
    WEFT_ROW(SwimRevivedAtEqual, "SWIM 4.2: the dead come back without a higher incarnation"),
    WEFT_ROW(SwimNeverRefutes, "SWIM 4.2: who is accused does not say that it lives"),
    WEFT_ROW(SwimAnyReceiver, "docs/membership.md: a datagram for another receiver counts"),
    WEFT_ROW(SwimFormerLifeHeard, "docs/membership.md: a datagram for a former boot counts"),
    WEFT_ROW(SwimReplayTaken, "docs/membership.md: a datagram counts as often as it comes"),
    WEFT_ROW(SwimDeadNeverAsked, "docs/membership.md: nobody asks the dead again"),
    WEFT_ROW(SwimNackIsAnAnswer, "Lifeguard IV-A: that a relay had no answer counts as one"),
    WEFT_ROW(SwimAccuserCountsAgain, "Lifeguard IV-B: one accuser confirms itself"),
});
#undef WEFT_ROW

}  // namespace

bool is_mutant(Mutant mutant) { return chosen == mutant; }

void become_mutant(Mutant mutant) { chosen = mutant; }

std::span<const MutantInfo> mutants() { return kMutants; }

}  // namespace weft
#endif
