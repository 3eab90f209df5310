#include "replication/raft/replica.h"

#include "core/error.h"
#include "core/invariant.h"
#include "core/mutant.h"

#include <algorithm>
#include <utility>

namespace weft::replication {

Replica::Replica(ReplicaOptions options, const storage::RecoveredGroup& recovered, Random random,
                 weft::Log log)
    : options_(std::move(options)),
      log_(log),
      fitness_(options_.timings),
      timer_(options_.timings, random),
      quorum_(options_.timings) {
    recover(recovered);
}

void Replica::step(Now now, const ReplicaEvent& event, Effects& out) {
    const Step step{now, out};
    const bool first = !started_;
    begin_step(step);
    std::visit([&](const auto& what) { on(step, what); }, event);
    if (promises_.unmarked()) mark(out);
    finish(out, first);
}

// The first step begins what the constructor could not: it had no clock.
void Replica::begin_step(const Step& step) {
    if (!std::exchange(started_, true)) {
        timer_.restart(step.now.mono);
        ask_for_configs(step.out);
        if (config_.quorum(self_only())) timer_.in_turn(step.now.mono, 0);
    }
    if (role_ == Role::Leader && damaged()) step_down(step, "damaged");
    if (role_ != Role::Leader && step.now.mono >= timer_.deadline() && config_.quorum(self_only()))
        campaign(step);
}

// After a step or an install: what was changed holds together, and the owner is told who leads.
void Replica::finish(Effects& out, bool tell) {
    WEFT_INVARIANT(out.list.empty() || !promises_.unmarked(), "records without a Persist after {}",
                   promises_.last_seq().value);
    WEFT_INVARIANT(hard_.term >= told_.term, "term {} after {}", hard_.term.value,
                   told_.term.value);
    WEFT_INVARIANT(commit_ <= window_.last(), "commit {} past last {}", commit_.value,
                   window_.last().value);
    WEFT_INVARIANT(commit_ >= window_.base(), "commit {} before base {}", commit_.value,
                   window_.base().value);
    WEFT_INVARIANT(promises_.durable() <= window_.last(), "durable {} past last {}",
                   promises_.durable().value, window_.last().value);
    WEFT_INVARIANT(promises_.intact() <= promises_.durable(), "intact {} past durable {}",
                   promises_.intact().value, promises_.durable().value);
    WEFT_INVARIANT(role_ != Role::Leader || leader_ == options_.self, "leader in term {}",
                   hard_.term.value);
    WEFT_INVARIANT(role_ != Role::Leader || hard_durable(), "leads undurable term {}",
                   hard_.term.value);
    const View now{role_, hard_.term, leader_};
    if (!tell && told_ == now) return;
    told_ = now;
    out.list.push_back(RoleChanged{options_.group});
}

Instant Replica::next_deadline() const {
    if (!started_ || (role_ == Role::Leader && damaged())) return Instant::long_ago();
    if (role_ != Role::Leader) return std::min(owed_.deadline(), timer_.deadline());
    return std::min({owed_.deadline(), quorum_.deadline(), streams_.deadline(),
                     transfer_.deadline(), stamps_.deadline()});
}

// ---- promises ---------------------------------------------------------------------------------

PersistSeq Replica::mark(Effects& out) {
    const PersistSeq seq = promises_.mark(hard_, window_.last(), window_.last_intact());
    out.list.push_back(Persist{options_.group, seq});
    return seq;
}

PersistSeq Replica::persist_mark(Effects& out) { return mark(out); }

void Replica::on(const Step& step, const Persisted& persisted) {
    if (!promises_.persisted(persisted.seq)) return;
    if (const auto voted = owed_.given(); voted && hard_durable()) {
        answer_vote(*voted, {options_.group, hard_.term, false, true}, step.out);
        owed_.end();
    }
    if (candidacy_.waits() && hard_durable()) {
        if (!may_campaign()) {
            role_ = Role::Follower;  // the disk was too slow, or damage came up: later again
            candidacy_.end();
            return;
        }
        candidacy_.asked(self_only());
        ask_for_votes(
            {options_.group, hard_.term, durable_position(), false, candidacy_.is_transfer()},
            step.out);
        count_votes(step);
    } else if (role_ == Role::Leader) {
        advance_commit();
    } else if (follower_.ack_due()) {
        acknowledge(step.out);
    }
}

void Replica::answer_vote(NodeId to, VoteAnswer vote, Effects& out) const {
    vote.sender_since = options_.since;
    out.list.push_back(Send{to, vote});
}

// ---- replicas of one node (S17) ---------------------------------------------------------------

// A late answer of the replica that `from` held before, or the first of one that is not a member
// yet: the member that it would be credited to has promised nothing of it. Terms count all the
// same.
bool Replica::said_by_another(NodeId from, LogIndex since) {
    if (!config_.seat(from) || config_.seat(Member{from, since})) return false;
    ++counters_.other_replicas;
    return true;
}

bool Replica::meant_for_another(LogIndex since) {
    if (since == options_.since) return false;
    ++counters_.other_replicas;
    return true;
}

// ---- writing ----------------------------------------------------------------------------------

// A damaged hard state is never overwritten: it could not say which vote it replaces, and after the
// next start it would look whole (S1). Such a replica never votes, so its term needs no record; the
// entries it stores carry the terms that matter.
void Replica::write_hard(Effects& out) {
    if (fitness_.vote_damaged()) return;
    out.batch.hard_state(options_.group, hard_);
    promises_.wrote();
}

bool Replica::hard_durable() const {
    if (WEFT_MUTANT(LearnedTermUnwritten) && hard_.vote.is_zero()) return true;
    return fitness_.vote_damaged() || promises_.holds(hard_);
}

void Replica::append_entry(const EntryHeader& header, Bytes encoded, Effects& out) {
    out.batch.append(options_.group, header.index, encoded.view());
    promises_.wrote();
    if (header.kind == EntryKind::Config)
        if (configs_.learn(header.index, encoded.view())) adopt_configs(out);
    window_.append(header, std::move(encoded));
}

void Replica::truncate(LogIndex from, Effects& out) {
    WEFT_INVARIANT(from > commit_, "truncation at {} of commit {}", from.value, commit_.value);
    WEFT_PROBE("replica.truncate");
    out.batch.truncate(options_.group, from);
    promises_.wrote();
    window_.truncate(from);
    promises_.lower(previous(from), previous(from));
    follower_.cut(previous(from));
    configs_.truncate(from);
    adopt_configs(out);
}

// ---- proposals --------------------------------------------------------------------------------

bool Replica::can_propose(std::size_t bytes) const {
    if (role_ != Role::Leader || transfer_.under_way() || damaged()) return false;
    if (bytes > kEntryBytesMax) return false;
    return window_.bytes_between(commit_, window_.last()) + bytes <=
           options_.limits.uncommitted_bytes;
}

std::int64_t Replica::next_stamp(WallTime wall) const {
    return stamps_.next(window_.back().stamp_ms, wall);
}

LogIndex Replica::next_index() const { return next(window_.last()); }

LogIndex Replica::propose(Now now, EntryBuilder& entry, Effects& out) {
    const Step step{now, out};
    WEFT_INVARIANT(role_ == Role::Leader, "a proposal in term {}", hard_.term.value);
    EntryHeader header;
    header.group = options_.group;
    header.index = next_index();
    header.term = hard_.term;
    header.stamp_ms = next_stamp(now.wall);
    const Bytes encoded = entry.finish(header, window_.back().chain);
    append_entry(header, encoded, out);
    mark(out);
    streams_.proposed(now, header.index, options_.timings.heartbeat / 4);
    streams_.send_new(step, leading(), header.index, encoded);
    return header.index;
}

// ---- memory -----------------------------------------------------------------------------------

Bytes Replica::cached(LogIndex index) const {
    if (index < window_.cache_first() || index > window_.last()) return {};
    return window_.cached(index);
}

void Replica::applied(LogIndex index) {
    WEFT_INVARIANT(index <= commit_, "applied {} past commit {}", index.value, commit_.value);
    applied_ = std::max(applied_, index);
    trim_cache();
}

// Kept: what is not applied yet, and on a leader a bounded tail for peers that have not got it.
// What is durable and committed leaves before the unapplied part outgrows its bound; the owner then
// fetches it.
void Replica::trim_cache() {
    const LogIndex needed =
        role_ == Role::Leader
            ? streams_.least_match(streams_.seats().without(self_only()), applied_)
            : applied_;
    while (window_.cache_first() <= window_.last()) {
        const LogIndex first = window_.cache_first();
        if (first > promises_.durable() || first > commit_) return;
        const bool unneeded =
            first <= applied_ &&
            (first <= needed || window_.cached_bytes() > options_.limits.cached_log_bytes);
        if (!unneeded && window_.cached_bytes() <= options_.limits.uncommitted_bytes) return;
        window_.drop_first_cached();
    }
}

// ---- events -----------------------------------------------------------------------------------

void Replica::on(const Step& step, const Tick& tick) {
    quorum_.rounds(tick.contact);
    if (role_ == Role::Follower && leader_) timer_.heard(tick.contact.of(*leader_));
    for (const auto& [from, ask] : owed_.take(step.now.mono)) answer_vote_ask(step, from, ask);
    ask_for_configs(step.out);
    if (role_ == Role::Leader) {
        leader_tick(step);
    } else if (timer_.lapsed(step.now.mono, follows())) {
        campaign(step);
    }
}

void Replica::on(const Step& step, const FromPeer& message) {
    const NodeId from = message.from;
    if (from == options_.self) {
        ++counters_.messages_refused;
    } else if (const auto* ask = std::get_if<VoteAsk>(&message.message)) {
        on_vote_ask(step, from, *ask);
    } else if (const auto* vote = std::get_if<VoteAnswer>(&message.message)) {
        on_vote_answer(step, from, *vote);
    } else if (const auto* answer = std::get_if<AppendAnswer>(&message.message)) {
        on_append_answer(step, from, *answer);
    } else if (const auto* order = std::get_if<TimeoutNow>(&message.message)) {
        on_timeout_now(step, from, *order);
    } else if (const auto* chunk = std::get_if<SnapshotChunk>(&message.message)) {
        if (!meant_for_another(chunk->receiver_since)) follow(step, from, chunk->term);
    } else if (const auto* next = std::get_if<SnapshotAnswer>(&message.message)) {
        if (!learn_term(step, next->term)) said_by_another(from, next->sender_since);
    }
}

void Replica::on(const Step& step, const Beat& beat) {
    if (!follow(step, beat.from, beat.term)) return;
    follower_.named(beat.commit);
    follow_commit(beat.commit);
}

void Replica::on(const Step& step, const BeatRefused& refused) { learn_term(step, refused.term); }

void Replica::on(const Step& step, const Fetched& fetched) {
    if (configs_.reads(fetched.id)) return on_config_fetched(fetched, step.out);
    const auto seat = streams_.waits_for(fetched.id);
    if (!seat) return;
    const auto damage = streams_.fetched(step, leading(), *seat, fetched);
    if (!damage) return;
    // Our own copy does not hold: whoever has a whole one shall lead (S23).
    mark_damaged(*damage);
    step_down(step, "damaged");
}

// ---- views ------------------------------------------------------------------------------------

LogIndex Replica::last_index() const { return window_.last(); }

bool Replica::no_op_committed() const { return role_ == Role::Leader && commit_ >= term_start_; }

bool Replica::log_is_whole() const {
    return window_.damaged_count() == 0 && promises_.intact() == promises_.durable();
}

std::optional<Term> Replica::term_at(LogIndex index) const {
    const auto entry = window_.find(index);
    if (!entry) return std::nullopt;
    return entry->term;
}

LogIndex Replica::match(NodeId node) const {
    const auto seat = config_.seat(node);
    return seat ? match(*seat) : LogIndex{};
}

LogIndex Replica::match(Seat seat) const {
    if (seat == self_)
        return WEFT_MUTANT(LeaderCountsUnsynced) ? window_.last() : promises_.durable();
    return streams_.seats().has(seat) ? streams_.match(seat) : LogIndex{};
}

PeerSet Replica::self_only() const {
    PeerSet self;
    if (self_) self.add(*self_);
    return self;
}

void Replica::check() const {
    window_.check(promises_.durable());
    WEFT_INVARIANT(hard_.term >= window_.back().term, "term {} before the log's {}",
                   hard_.term.value, window_.back().term.value);
    WEFT_INVARIANT(base_.index == window_.base(), "base {} and {}", base_.index.value,
                   window_.base().value);
    promises_.check(window_.last());
    follower_.check(role_ == Role::Follower && leader_, window_.base(), window_.last());
    transfer_.check(role_ == Role::Leader);
    stamps_.check(role_ == Role::Leader);
    quorum_.check(role_ == Role::Leader);
    owed_.check(hard_.vote);
    WEFT_INVARIANT(applied_ <= commit_, "applied {} past commit {}", applied_.value, commit_.value);
    configs_.check(window_.base(), window_.last());
    peers_.check(config_.members.size());
    candidacy_.check(role_ == Role::Candidate, config_.members.size());
    if (role_ == Role::Leader) streams_.check(window_.last());
}

}  // namespace weft::replication
