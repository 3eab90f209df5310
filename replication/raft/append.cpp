// A follower's log: what it takes from its leader, and what it says about it (Raft paper 5.3;
// S2, S20, S21, S22). Everything here is checked as if the leader were not to be trusted.

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/raft/entry_rule.h"
#include "replication/raft/install_rule.h"
#include "replication/raft/replica.h"

#include <algorithm>

namespace weft::replication {

namespace {

constexpr LogIndex kIndexMax{std::uint64_t{1} << 60};

}  // namespace

void Replica::on(const Step& step, const Append& append) {
    const AppendItem& item = append.item;
    if (item.prev.index > kIndexMax || item.group != options_.group) {
        ++counters_.messages_refused;
        return;
    }
    if (meant_for_another(item.receiver_since)) return;
    if (!follow(step, append.from, item.term)) {
        if (item.term < hard_.term)
            refuse_append(append.from, window_.last(), Taking::Refused, step.out);
        return;
    }
    follower_.named(item.commit);
    const auto damage = window_.first_damaged();
    if (fitness_.rows_damaged() || (damage && item.prev.index >= *damage)) {
        want_again(append.from, step.out);
        return;
    }
    if (!prev_fits(append, step.out)) return;

    const Taken taken = take_entries(step, append);
    const LogIndex end{item.prev.index.value + taken.entries};
    if (WEFT_MUTANT(TruncateOnShortAppend) && end < window_.last() && end >= commit_)
        truncate(next(end), step.out);
    follower_.proved(end);
    follow_commit(item.commit);
    const bool term_on_disk = hard_durable() || WEFT_MUTANT(AckUnderUnsyncedTerm);
    if (taken.next != Taking::Held && !promises_.unmarked()) {
        refuse_append(append.from, follower_.verified(), taken.next, step.out);
    } else if (follower_.may_acknowledge(promises_.intact(),
                                         term_on_disk && !promises_.unmarked())) {
        acknowledge(step.out);
    } else {
        follower_.owes();
    }
}

// What is committed here is in the log of every later leader, so a `prev` inside it fits unseen.
bool Replica::prev_fits(const Append& append, Effects& out) {
    const LogPosition& prev = append.item.prev;
    if (prev.index <= commit_) return true;
    if (prev.index > window_.last()) {
        refuse_append(append.from, window_.last(), Taking::Refused, out);
        return false;
    }
    if (window_.at(prev.index).term == prev.term) return true;
    const LogIndex hint = window_.newest_up_to(previous(prev.index), prev.term);
    refuse_append(append.from, std::max(hint, commit_), Taking::Refused, out);
    return false;
}

Replica::Taken Replica::take_entries(const Step& step, const Append& append) {
    const AppendItem& item = append.item;
    std::size_t offset = 0;
    Incoming entry;
    for (std::uint32_t i = 0; i < item.count; ++i) {
        const std::string_view rest = append.entries.view().substr(offset);
        auto header = read_entry_header(rest);
        const LogIndex expected{item.prev.index.value + i + 1};
        if (!header || header->index != expected || header->group != options_.group ||
            header->term > item.term || rest.size() - kEntryHeaderBytes < header->body_bytes) {
            ++counters_.entries_refused;
            log_.warn("replica.entry_refused",
                      {{"group", options_.group},
                       {"index", expected},
                       {"from", append.from},
                       {"reason", header ? "header" : header.error().message}});
            return {i, Taking::Refused};
        }
        const std::size_t size = kEntryHeaderBytes + header->body_bytes;
        entry.header = *header;
        entry.encoded = append.entries.slice(offset, size);
        offset += size;
        const Taking taking = take_entry(step, append, entry);
        if (taking != Taking::Held) return {i, taking};
    }
    return {item.count, Taking::Held};
}

Replica::Taking Replica::take_entry(const Step& step, const Append& append, const Incoming& entry) {
    const EntryHeader& header = entry.header;
    const LogIndex index = header.index;
    if (index <= window_.base()) return Taking::Held;
    std::optional<EntryInfo> held;
    if (index <= window_.last()) held = window_.at(index);
    const Fate fate = fate_of(header, held, follower_.is_settled(index, commit_));
    if (fate == Fate::Held) return Taking::Held;
    if (fate == Fate::Repairs) return repair(step, append, entry);
    if (fate == Fate::Conflicts) {
        refuse_conflict(append.from, index);
        return Taking::Refused;
    }
    const Taking taking = judge(step.now, append, entry);
    if (taking != Taking::Held) return taking;
    if (fate == Fate::Replaces) truncate(index, step.out);
    append_entry(header, entry.encoded, step.out);
    return Taking::Held;
}

// S22: what is behind the repaired entry stays, unless its terms show that it follows an entry that
// lost its place: then it is a conflict like any other (S20), and would give this log an end that
// the log of a candidate without the new entry can match (S4).
Replica::Taking Replica::repair(const Step& step, const Append& append, const Incoming& entry) {
    // One with a stamp ahead may have been held here, and counted.
    if (judge(step.now, append, entry) != Taking::Held) return Taking::Refused;
    const LogIndex index = entry.header.index;
    const bool stale = stale_behind(window_, {entry.header.term, index});
    if (stale && follower_.is_settled(next(index), commit_)) {
        refuse_conflict(append.from, index);
        return Taking::Refused;
    }
    WEFT_PROBE("replica.repair");
    ++counters_.entries_repaired;
    step.out.batch.append(options_.group, index, entry.encoded.view());
    promises_.wrote();
    window_.repair(entry.header);
    if (stale && !WEFT_MUTANT(RepairKeepsStale)) truncate(next(index), step.out);
    return Taking::Held;
}

void Replica::refuse_conflict(NodeId from, LogIndex index) {
    ++counters_.entries_refused;
    log_.error("replica.conflict", {{"group", options_.group}, {"index", index}, {"from", from}});
}

Replica::Taking Replica::judge(Now now, const Append& append, const Incoming& entry) {
    const LogIndex index = entry.header.index;
    const auto flaw =
        flaw_of(entry.header, entry.encoded.view(), window_.at(previous(index)), now.wall);
    if (!flaw) return Taking::Held;
    ++counters_.entries_refused;
    log_.warn("replica.entry_refused", {{"group", options_.group},
                                        {"index", index},
                                        {"from", append.from},
                                        {"reason", flaw->why}});
    return flaw->stamp_ahead ? Taking::StampAhead : Taking::Refused;
}

// S2: only what is on disk is acknowledged, and only under a term that is on disk too.
void Replica::acknowledge(Effects& out) {
    if (role_ != Role::Follower || !leader_) return;
    if (!hard_durable() && !WEFT_MUTANT(AckUnderUnsyncedTerm)) return;
    if (!term_certain()) {
        follower_.owes();
        return ask_for_terms(out);
    }
    AppendAnswer answer = own_answer();
    answer.accepted = true;
    answer.index = follower_.acknowledge(promises_.intact());
    out.list.push_back(Send{*leader_, answer});
}

AppendAnswer Replica::own_answer() const {
    AppendAnswer answer;
    answer.group = options_.group;
    answer.term = hard_.term;
    answer.sender_since = options_.since;
    return answer;
}

void Replica::refuse_append(NodeId to, LogIndex index, Taking why, Effects& out) const {
    AppendAnswer answer = own_answer();
    answer.index = index;
    answer.stamp_ahead = why == Taking::StampAhead;
    answer.hint_term = term_at(index).value_or(Term{});
    out.list.push_back(Send{to, answer});
}

void Replica::want_again(NodeId to, Effects& out) const {
    AppendAnswer answer = own_answer();
    answer.damaged = true;
    answer.index = wanted_again();
    out.list.push_back(Send{to, answer});
}

// S21: no further than this log is known to equal the leader's.
void Replica::follow_commit(LogIndex commit) {
    commit_ = std::max(commit_, follower_.agreed(commit, window_.last()));
}

}  // namespace weft::replication
