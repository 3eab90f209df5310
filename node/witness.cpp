#include "node/witness.h"

#include "core/invariant.h"
#include "core/mutant.h"

namespace weft::node {

void Witness::recall(const Past& past) {
    past_ = past;
    recorded_ = past.durable;
}

Witness::Judgement Witness::judge(const Shown& shown, RoundSeq round) {
    const Past before = past_;
    if (!sound()) return {Finding::Refused, past_.verdict, before};
    if (shown.boot < past_.boot) {
        // A hello may be late. What answers a question that was asked after the higher boot had
        // been seen comes from the process that runs now.
        if (shown.answers_us) return condemn(Verdict::MissingPast, round);
        return {Finding::Late, Verdict::Sound, before};
    }
    const bool is_new = shown.boot > past_.boot;
    const bool another = !is_new && shown.nonce != past_.nonce && shown.nonce != 0;
    // Its boot counter is durable before it says anything: no honest disk counts to the same number
    // twice.
    if (another && past_.nonce != 0) return condemn(Verdict::OtherNonce, round);
    heard_ = true;
    // Only what it had told as durable is held against it: a tail that a crash took was not.
    if (is_new && shown.durable < past_.durable) return condemn(Verdict::LowerPosition, round);
    Judgement judged{is_new ? Finding::NewBoot : Finding::Known, Verdict::Sound, before};
    if (is_new) past_ = {shown.boot, shown.nonce, shown.durable};
    if (another) past_.nonce = shown.nonce;
    if (is_new || another) judged.row = record(round);
    tells(shown.durable);
    return judged;
}

Witness::Judgement Witness::condemn(Verdict verdict, RoundSeq round) {
    Judgement judged{Finding::Condemned, verdict, past_};
    if (WEFT_MUTANT(VerdictForgotten)) return judged;
    past_.verdict = verdict;
    judged.row = record(round);
    return judged;
}

Past Witness::record(RoundSeq round) {
    recorded_ = past_.durable;
    recorded_with_ = round;
    return past_;
}

std::optional<Past> Witness::take_position() {
    if (past_.durable == recorded_ || !sound()) return std::nullopt;
    recorded_ = past_.durable;
    return past_;
}

void Witness::check(RoundSeq at_hand) const {
    WEFT_INVARIANT(recorded_with_ <= at_hand, "a row waits for round {}, at hand is {}",
                   recorded_with_.value, at_hand.value);
}

}  // namespace weft::node
