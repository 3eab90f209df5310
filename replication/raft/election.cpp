// Terms and votes: pre-vote, check-quorum, the start rule, crash evidence and leader transfer
// (Raft thesis 3.4, 3.10, 4.2.3, 9.6; S1, S3 to S7).

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/raft/replica.h"
#include "replication/raft/term_rule.h"
#include "replication/raft/vote_rule.h"

namespace weft::replication {

// ---- who may ----------------------------------------------------------------------------------

bool Replica::may_campaign() const {
    if (!self_ || !config_.is_voter(*self_)) return false;
    if (!can_stand()) return false;
    if (fitness_.disk() != Fitness::Disk::Good) return false;
    return promises_.durable() >= window_.base() &&
           configs_.newest_index() <= promises_.durable();  // S4, S13
}

bool Replica::can_stand() const {
    return fitness_.can_lead() && log_is_whole() && configs_.complete();  // S19, S23
}

// S22: with its last (term, index) unread a replica cannot tell whose log is behind its own, nor
// right behind a snapshot (S19).
std::optional<LogPosition> Replica::voting_position() const {
    if (fitness_.vote_damaged() || !window_.back().readable || promises_.durable() < window_.base())
        return std::nullopt;
    return durable_position();
}

LogPosition Replica::durable_position() const {
    return {window_.at(promises_.durable()).term, promises_.durable()};
}

// A leader is known, and there is no crash evidence of it.
bool Replica::follows() const {
    if (!leader_) return false;
    const auto seat = config_.seat(*leader_);
    return !seat || !peers_.is_gone(*seat);
}

// Within the minimum election timeout of hearing from a leader no vote is given away (S5).
bool Replica::hears_leader(Now now) const {
    return role_ == Role::Leader || (follows() && timer_.hears(now.mono));
}

// ---- who is there -----------------------------------------------------------------------------

void Replica::on(const Step& step, const PeerReady& ready) {
    const auto seat = config_.seat(ready.node);
    if (seat) peers_.ready(*seat);
    const bool start = peers_.start(config_, self_only());
    if (start && role_ == Role::Follower)
        timer_.in_turn(step.now.mono, peers_.rank(config_, self_));
    if (role_ == Role::Leader && seat && seat != self_) streams_.came_back(step, leading(), *seat);
}

void Replica::on(const Step& step, const CrashEvidence& evidence) {
    const auto seat = config_.seat(evidence.node);
    if (seat) peers_.crashed(*seat);
    if (role_ == Role::Leader) {
        if (seat) streams_.crashed(*seat);
        return;
    }
    if (leader_ != evidence.node) return;
    WEFT_PROBE("election.early_by_evidence");
    timer_.in_turn(step.now.mono, peers_.rank(config_, self_));
}

void Replica::on(const Step&, const EvidenceDropped& dropped) {
    if (const auto seat = config_.seat(dropped.node)) peers_.evidence_dropped(*seat);
}

// ---- campaign ---------------------------------------------------------------------------------

void Replica::campaign(const Step& step) {
    timer_.restart(step.now.mono);
    if (candidacy_.waits()) return;  // the disk has the word
    role_ = Role::Follower;
    if (!may_campaign()) return;
    role_ = Role::PreCandidate;
    leader_.reset();
    follower_.owes_nothing();
    candidacy_.begin_pre_vote(self_only());
    if (candidacy_.outcome(config_) != Candidacy::Outcome::Won) {
        const Term next_term{hard_.term.value + 1};
        const LogPosition last = WEFT_MUTANT(CandidateTailUnsynced)
                                     ? LogPosition{window_.back().term, window_.last()}
                                     : durable_position();
        ask_for_votes({options_.group, next_term, last, true, false}, step.out);
    }
    count_votes(step);
}

// S1: the requests leave, and the own vote counts, when Persisted covers term and vote.
void Replica::start_election(const Step& step, bool transfer) {
    timer_.restart(step.now.mono);
    hard_ = {Term{hard_.term.value + 1}, options_.self};
    write_hard(step.out);
    role_ = Role::Candidate;
    leader_.reset();
    owed_.end();
    follower_.stands(commit_);
    candidacy_.begin_election(transfer);
}

void Replica::ask_for_votes(VoteAsk ask, Effects& out) const {
    for (const Seat seat : config_.voting().without(self_only()))
        out.list.push_back(Send{config_.at(seat).node, ask});
}

// Who may lead with our forgotten vote has its term on disk (S1): when ours is not below that of
// any other voter, we never promised more.
bool Replica::term_certain() const {
    return !fitness_.vote_damaged() || peers_.all_told_terms(config_, self_only());
}

// A pre-vote raises no term (S5), and to an empty log nobody grants it who has one: the refusal
// tells the voter's term.
void Replica::ask_for_terms(Effects& out) const {
    ask_for_votes({options_.group, Term{hard_.term.value + 1}, {}, true, false}, out);
}

void Replica::note_told(std::optional<Seat> by, Term term, Effects& out) {
    if (!fitness_.vote_damaged() || term > hard_.term) return;
    if (by) peers_.told_term(*by);
    if (follower_.ack_due() && term_certain()) acknowledge(out);
}

void Replica::count_votes(const Step& step) {
    const auto outcome = candidacy_.outcome(config_);
    if (outcome == Candidacy::Outcome::Open) return;
    if (outcome == Candidacy::Outcome::Lost || !may_campaign()) {
        // Or something came up since: damage, a snapshot, a stalled disk.
        role_ = Role::Follower;
    } else if (role_ == Role::PreCandidate) {
        start_election(step, false);
    } else {
        become_leader(step);
    }
}

// ---- votes ------------------------------------------------------------------------------------

// How long ago the leader was heard is known for sure only with a Tick's contact times: unless the
// answer does not depend on them, the request waits for the Tick that is due at once.
// A pre-vote that is too far ahead is not answered: our lower term would tell the candidate
// nothing, and ours, which it refuses with its own, is what brings us there (S5: a pre-vote raises
// no term).
void Replica::on_vote_ask(const Step& step, NodeId from, const VoteAsk& ask) {
    if (ask.pre && !judge_term(hard_.term, ask.term).plausible) {
        ++counters_.messages_refused;
        return;
    }
    if (!ask.pre && steps_towards(step, ask.term)) return;
    const bool settled = ask.transfer || ask.term < hard_.term || role_ != Role::Follower ||
                         !follows() || timer_.hears(step.now.mono) ||
                         owed_.contact_is_known(step.now.mono);
    if (settled) {
        answer_vote_ask(step, from, ask);
        return;
    }
    owed_.wait(from, ask);
}

void Replica::answer_vote_ask(const Step& step, NodeId from, const VoteAsk& ask) {
    const Ballot ballot = judge_vote({.term = hard_.term,
                                      .vote = hard_.vote,
                                      .leader = leader_,
                                      .hears_leader = hears_leader(step.now),
                                      .durable = voting_position()},
                                     from, ask);
    if (ballot != Ballot::Untaken && !ask.pre && ask.term > hard_.term)
        become_follower(step, ask.term, std::nullopt);
    if (ballot != Ballot::Granted) {
        answer_vote(from, {options_.group, hard_.term, ask.pre, false}, step.out);
        // S7: whoever refuses a candidate for its old log must be able to stand itself soon.
        if (ballot == Ballot::OlderLog && role_ == Role::Follower && may_campaign())
            timer_.soon(step.now.mono);
        return;
    }
    if (ask.pre) {
        answer_vote(from, {options_.group, ask.term, true, true}, step.out);
        return;
    }
    if (hard_.vote.is_zero()) {
        hard_.vote = from;
        write_hard(step.out);
        timer_.restart(step.now.mono);
    }
    if (hard_durable() || WEFT_MUTANT(VoteBeforeSync)) {
        answer_vote(from, {options_.group, hard_.term, false, true}, step.out);
    } else {
        owed_.give(from);
    }
}

void Replica::on_vote_answer(const Step& step, NodeId from, const VoteAnswer& answer) {
    const bool learnt = !answer.granted && learn_term(step, answer.term);
    if (said_by_another(from, answer.sender_since)) return;
    const auto seat = config_.seat(from);
    if (!answer.granted) note_told(seat, answer.term, step.out);
    if (learnt || !seat || role_ != (answer.pre ? Role::PreCandidate : Role::Candidate)) return;
    if (answer.granted && answer.term.value != hard_.term.value + (answer.pre ? 1U : 0U)) return;
    candidacy_.answered(*seat, answer.granted);
    count_votes(step);
}

// ---- roles ------------------------------------------------------------------------------------

void Replica::become_follower(const Step& step, Term term, std::optional<NodeId> leader) {
    if (role_ == Role::Leader)
        log_.info("replica.deposed",
                  {{"group", options_.group}, {"term", hard_.term}, {"by", term}});
    if (term > hard_.term) {
        hard_ = {term, NodeId{}};
        if (!WEFT_MUTANT(LearnedTermUnwritten)) write_hard(step.out);
        owed_.end();
        follower_.new_term(commit_);
    }
    role_ = Role::Follower;
    leader_ = leader;
    if (leader) follower_.follows(step.now.mono);
    candidacy_.end();
    transfer_.end();
    stamps_.end();
    streams_.end();
    quorum_.end();
    timer_.restart(step.now.mono);
}

bool Replica::base_is_ahead(Now now) const {
    return role_ == Role::Follower && leader_ && follower_.is_ahead(base_.index, now.mono);
}

// True when `term` is not to be taken as it is; perhaps ours is nearer to it then.
bool Replica::steps_towards(const Step& step, Term term) {
    const TermTold told = judge_term(hard_.term, term);
    if (told.plausible) return false;
    ++counters_.messages_refused;
    if (told.next) become_follower(step, *told.next, std::nullopt);
    return true;
}

// True when `term` is above ours, which is then ours, or nearer to it.
bool Replica::learn_term(const Step& step, Term term) {
    if (term <= hard_.term) return false;
    const TermTold told = judge_term(hard_.term, term);
    if (!told.plausible) ++counters_.messages_refused;
    if (told.next) become_follower(step, *told.next, std::nullopt);
    return true;
}

// `from` says that it leads in `term`. False: refused.
bool Replica::follow(const Step& step, NodeId from, Term term) {
    if (term < hard_.term) return false;
    if (from == options_.self) {
        ++counters_.messages_refused;
        return false;
    }
    if (steps_towards(step, term)) return false;
    if (term == hard_.term && leader_ && leader_ != from) {
        ++counters_.messages_refused;
        log_.error("replica.two_leaders",
                   {{"group", options_.group}, {"term", term}, {"other", from}});
        return false;
    }
    if (term > hard_.term || role_ != Role::Follower || !leader_) {
        become_follower(step, term, from);
        peers_.leader_met();
    }
    timer_.heard(step.now.mono);
    return true;
}

void Replica::become_leader(const Step& step) {
    WEFT_INVARIANT(role_ == Role::Candidate, "won term {} as no candidate", hard_.term.value);
    WEFT_INVARIANT(hard_durable(), "won undurable term {}", hard_.term.value);
    ++counters_.elections_won;
    log_.info("replica.leads", {{"group", options_.group}, {"term", hard_.term}});
    role_ = Role::Leader;
    leader_ = options_.self;
    peers_.leader_met();
    transfer_.end();
    streams_.begin(config_.members.size(), next_index());
    term_start_ = next_index();
    quorum_.begin(config_, self_only(), step.now.mono);
    // S3: an entry of the own term, so that what came before it can be counted.
    EntryBuilder no_op;
    no_op.begin(EntryKind::NoOp);
    propose(step.now, no_op, step.out);
}

void Replica::step_down(const Step& step, std::string_view why) {
    WEFT_PROBE("replica.steps_down");
    log_.info("replica.steps_down",
              {{"group", options_.group}, {"term", hard_.term}, {"reason", why}});
    become_follower(step, hard_.term, std::nullopt);
}

}  // namespace weft::replication
