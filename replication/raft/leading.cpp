// What a leader makes of answers and silence: commit by counting (Raft paper 5.4.2; S3), and what
// follows from a lost quorum (S6).

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/raft/replica.h"

#include <algorithm>

namespace weft::replication {

void Replica::on_append_answer(const Step& step, NodeId from, const AppendAnswer& answer) {
    if (learn_term(step, answer.term)) return;
    if (role_ != Role::Leader || answer.term != hard_.term) return;
    if (said_by_another(from, answer.sender_since)) return;
    const auto seat = config_.seat(from);
    if (!seat || seat == self_ || answer.index > window_.last()) {
        // A refusal may name an index past our end: its log is longer than ours.
        const bool longer = seat && seat != self_ && !answer.accepted && !answer.damaged;
        if (!longer) {
            ++counters_.messages_refused;
            return;
        }
    }
    if (answer.damaged) {
        streams_.wanted_again(step, leading(), *seat, answer.index);
    } else if (!answer.accepted) {
        on_refused(step, *seat, answer);
    } else if (streams_.accepted(step, leading(), *seat, answer)) {
        advance_commit();
        streams_.send_more(step, leading(), *seat);
        drive_transfer(step.out);
    }
}

void Replica::on_refused(const Step& step, Seat seat, const AppendAnswer& answer) {
    if (!streams_.refused(seat, answer)) return;
    if (answer.stamp_ahead) {
        if (const auto kept = stamps_.refused(copies())) return give_up_stamps(step, *kept);
    }
    streams_.go_back(step, leading(), seat, answer);
}

// ---- commit and time --------------------------------------------------------------------------

// S3: counting copies commits entries of the own term only; older ones follow with them.
void Replica::advance_commit() {
    BySeat<LogIndex> held;
    for (const Seat seat : config_.seats()) held[seat] = match(seat);
    const LogIndex best = config_.reached_by_quorum(held, commit_);
    if (best >= term_start_ || WEFT_MUTANT(CommitByOldTerms)) commit_ = std::max(commit_, best);
    trim_cache();
}

// S9: reads and proposals go on once a quorum has answered what was sent after the attempt ended,
// as to the leader of this term. If it never does, the want of contact ends the term.
void Replica::look_at_transfer(Now now) {
    if (!transfer_.look(now.mono, quorum_.quorum_at(), options_.timings.heartbeat / 2)) return;
    WEFT_PROBE("replica.transfer_failed");
    log_.info("replica.transfer_failed", {{"group", options_.group}, {"term", hard_.term}});
}

void Replica::leader_tick(const Step& step) {
    if (!quorum_.look(config_, self_only(), streams_.contacts(), step.now.mono)) {
        step_down(step, "no contact with a quorum");
        return;
    }
    if (judge_stamps(step)) return;
    look_at_transfer(step.now);
    counters_.appends_resent += streams_.resend(step, leading());
}

}  // namespace weft::replication
