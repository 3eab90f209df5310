// A leader's streams to its peers: optimistic sending, probing after a refusal or silence, catching
// up from memory or disk, and commit by counting (Raft paper 5.3, 5.4.2; S3, S25, S31).

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/raft/replica.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace weft::replication {

namespace {

constexpr std::uint32_t kBackoffDoublingsMax = 4;
constexpr std::size_t kDatedProposalsMax = 64;  // a heartbeat's quarter apart

}  // namespace

// ---- sending ----------------------------------------------------------------------------------

// To all peers whose stream stands exactly here.
void Replica::send_new(const Step& step, LogIndex index, const Bytes& entry) {
    AppendItem item;
    item.group = options_.group;
    item.term = hard_.term;
    item.prev = {window_.at(previous(index)).term, previous(index)};
    item.commit = commit_;
    item.count = 1;
    item.bytes = static_cast<std::uint32_t>(entry.size());
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        Peer& peer = peers_[i];
        if (i == self_slot_ || peer.next != index || peer.fetch != FetchId{}) continue;
        if (peer.state == Peer::State::Probe) {
            if (peer.waiting) continue;
            peer.waiting = true;
        } else if (peer.state == Peer::State::Replicate && !window_full(peer)) {
            peer.next = next(index);
        } else {
            continue;
        }
        expect_answer(step.now, peer);
        item.receiver_since = config_.members[i].since;
        step.out.list.push_back(SendAppend{options_.group, config_.members[i].node, item, entry});
    }
}

void Replica::send_more(const Step& step, std::size_t slot) {
    Peer& peer = peers_[slot];
    for (;;) {
        const bool probing = peer.state == Peer::State::Probe;
        if (peer.fetch != FetchId{} || peer.state == Peer::State::Snapshot) return;
        if (probing && peer.waiting) return;
        if (peer.next <= window_.base()) {
            WEFT_PROBE("replica.needs_snapshot");
            peer.state = Peer::State::Snapshot;
            peer.retry_at = Instant::never();
            return;
        }
        if (peer.next > window_.last()) {
            if (probing) send_batch(step, slot, {});
            return;
        }
        if (!probing && window_full(peer)) return;
        if (peer.next < window_.cache_first()) {
            fetch_for(slot, step.out);
            return;
        }
        send_batch(step, slot, gather(peer.next));
    }
}

void Replica::send_batch(const Step& step, std::size_t slot, Batch batch) {
    Peer& peer = peers_[slot];
    const LogIndex before = previous(peer.next);
    AppendItem item;
    item.group = options_.group;
    item.term = hard_.term;
    item.prev = {window_.at(before).term, before};
    item.commit = commit_;
    item.count = batch.count;
    item.bytes = static_cast<std::uint32_t>(batch.entries.size());
    item.receiver_since = config_.members[slot].since;
    if (peer.state == Peer::State::Probe) {
        peer.waiting = true;
    } else {
        peer.next = LogIndex{peer.next.value + batch.count};
    }
    expect_answer(step.now, peer);
    step.out.list.push_back(
        SendAppend{options_.group, config_.members[slot].node, item, std::move(batch.entries)});
}

// Entries from memory, back to back: as many as one catch-up append may hold, at least one.
Replica::Batch Replica::gather(LogIndex from) const {
    Batch batch;
    std::size_t bytes = 0;
    LogIndex end = from;
    while (end <= window_.last() && batch.count < options_.limits.append_entries) {
        const std::size_t size = window_.cached(end).size();
        if (batch.count != 0 && bytes + size > options_.limits.append_bytes) break;
        bytes += size;
        ++batch.count;
        end = next(end);
    }
    if (batch.count == 1) {
        batch.entries = window_.cached(from);
        return batch;
    }
    std::string blob;
    blob.reserve(bytes);
    for (LogIndex i = from; i < end; i = next(i)) blob += window_.cached(i).view();
    batch.entries = Bytes::adopt(std::move(blob));
    return batch;
}

void Replica::fetch_for(std::size_t slot, Effects& out) {
    Peer& peer = peers_[slot];
    peer.fetch = new_fetch();
    peer.fetch_from = peer.next;
    const LogIndex to = previous(window_.cache_first());
    const storage::LogRange range{options_.group, peer.next, to, options_.limits.append_bytes};
    out.list.push_back(Fetch{options_.group, peer.fetch, range});
}

// S31: bytes on their way to one peer are bounded; one entry always fits.
bool Replica::window_full(const Peer& peer) const {
    const LogIndex sent = previous(peer.next);
    const LogIndex acknowledged = std::max(peer.match, window_.base());
    return window_.bytes_between(acknowledged, sent) >= options_.limits.peer_inflight_bytes;
}

void Replica::probe(Peer& peer, LogIndex from) {
    peer.state = Peer::State::Probe;
    peer.next = from;
    peer.waiting = false;
    peer.fetch = {};
}

// ---- silence ----------------------------------------------------------------------------------

// The common timer is not moved with every append: when it comes, resend() looks at each peer.
void Replica::expect_answer(Now now, Peer& peer) {
    const Duration first = options_.timings.heartbeat * 2;
    const Duration wait = first * (std::int64_t{1} << std::min(peer.tries, kBackoffDoublingsMax));
    if (peer.retry_at == Instant::never())
        peer.retry_at = now.mono + std::min(wait, options_.timings.election_max);
    retry_at_ = std::min(retry_at_, peer.retry_at);
}

void Replica::resend(const Step& step) {
    if (step.now.mono < retry_at_) return;
    retry_at_ = Instant::never();
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        Peer& peer = peers_[i];
        if (i == self_slot_ || peer.retry_at == Instant::never()) continue;
        if (peer.retry_at <= step.now.mono) {
            peer.retry_at = Instant::never();
            ++peer.tries;
            ++counters_.appends_resent;
            probe(peer, peer.state == Peer::State::Replicate ? next(peer.match) : peer.next);
            // The second time in a row the peer is probably gone: ask whether it is there before
            // sending it the same bytes again.
            if (peer.tries > 1 && peer.next > window_.base() && peer.next <= next_index()) {
                send_batch(step, i, {});
            } else {
                send_more(step, i);
            }
        }
        retry_at_ = std::min(retry_at_, peer.retry_at);
    }
}

// ---- answers ----------------------------------------------------------------------------------

void Replica::on_append_answer(const Step& step, NodeId from, const AppendAnswer& answer) {
    if (learn_term(step, answer.term)) return;
    if (role_ != Role::Leader || answer.term != hard_.term) return;
    if (said_by_another(from, answer.sender_since)) return;
    const auto slot = config_.slot(from);
    if (!slot || *slot == self_slot_ || answer.index > window_.last()) {
        // A refusal may name an index past our end: its log is longer than ours.
        const bool longer = slot && *slot != self_slot_ && !answer.accepted && !answer.damaged;
        if (!longer) {
            ++counters_.messages_refused;
            return;
        }
    }
    if (answer.damaged) {
        on_wanted_again(step, *slot, answer.index);
    } else if (answer.accepted) {
        on_accepted(step, *slot, answer);
    } else {
        on_refused(step, *slot, answer);
    }
}

void Replica::on_accepted(const Step& step, std::size_t slot, const AppendAnswer& answer) {
    Peer& peer = peers_[slot];
    peer.match = std::max(peer.match, answer.index);
    peer.stamp_refused = false;
    peer.contacted = std::max(peer.contacted, proposed_by(answer.index));
    if (peer.state == Peer::State::Snapshot && answer.index < window_.base()) return;
    peer.tries = 0;
    if (peer.state != Peer::State::Replicate) {
        peer.state = Peer::State::Replicate;
        peer.next = next(peer.match);
        peer.waiting = false;
        peer.fetch = {};
    }
    peer.next = std::max(peer.next, next(peer.match));
    peer.retry_at = Instant::never();
    if (next(peer.match) < peer.next) expect_answer(step.now, peer);
    advance_commit();
    send_more(step, slot);
    drive_transfer(step.out);
}

// The hint names the newest entry there that may equal ours; ours of no newer term is the next try.
void Replica::on_refused(const Step& step, std::size_t slot, const AppendAnswer& answer) {
    Peer& peer = peers_[slot];
    if (peer.state == Peer::State::Snapshot) return;
    peer.stamp_refused = answer.stamp_ahead;
    peer.lacks_behind = answer.index;
    if (answer.stamp_ahead && on_stamp_refused(step)) return;
    LogIndex fits = std::min(answer.index, window_.last());
    if (fits < window_.base()) {
        fits = LogIndex{};
    } else if (answer.hint_term.value != 0) {
        fits = window_.newest_up_to(fits, answer.hint_term);
    }
    if (WEFT_MUTANT(MatchByRefusal)) peer.match = std::max(peer.match, fits);
    const LogIndex from = next(std::max(fits, peer.match));
    // A refusal that leads nowhere new (a late one, or an entry the peer will not take) waits for
    // the next resend: answering it at once would make the two of us a loop.
    if (peer.state == Peer::State::Probe && from >= peer.next) return;
    probe(peer, from);
    peer.retry_at = Instant::never();
    send_more(step, slot);
}

// S22: the peer lost what it had acknowledged; that it was once counted stays true, from now on it
// is not.
void Replica::on_wanted_again(const Step& step, std::size_t slot, LogIndex index) {
    Peer& peer = peers_[slot];
    if (peer.state == Peer::State::Snapshot) return;
    if (peer.state == Peer::State::Probe && peer.next == index && peer.waiting) return;
    peer.match = std::min(peer.match, index.value == 0 ? index : previous(index));
    probe(peer, index);
    peer.retry_at = Instant::never();
    send_more(step, slot);
}

// ---- catching up from disk --------------------------------------------------------------------

// The entries that hold and continue our log, joined.
Replica::Batch Replica::check_fetched(const storage::FetchedLog& fetched, LogIndex from) {
    Batch batch;
    std::string blob;
    for (const Bytes& encoded : fetched.entries) {
        const LogIndex index{from.value + batch.count};
        if (!window_.holds(index) || batch.count == options_.limits.append_entries) break;
        const auto header = check_entry(encoded.view(), window_.at(previous(index)).chain);
        if (!header || header->chain != window_.at(index).chain) break;
        blob += encoded.view();
        ++batch.count;
    }
    batch.entries = Bytes::adopt(std::move(blob));
    return batch;
}

void Replica::on_stream_fetched(const Step& step, std::size_t slot, const Fetched& fetched) {
    Peer& peer = peers_[slot];
    peer.fetch = {};
    const auto* read = std::get_if<Result<storage::FetchedLog>>(&fetched.result);
    if (peer.next != peer.fetch_from || peer.next <= window_.base()) {
        send_more(step, slot);  // the peer got on meanwhile, or the log was compacted
        return;
    }
    if (read == nullptr || !*read) {
        peer.waiting = peer.state == Peer::State::Probe;  // the disk would not say: later again
        expect_answer(step.now, peer);
        return;
    }
    Batch batch = check_fetched(**read, peer.next);
    if (batch.count != 0) {
        send_batch(step, slot, std::move(batch));
        send_more(step, slot);
        return;
    }
    // Our own copy does not hold: whoever has a whole one shall lead (S23).
    const LogIndex damaged = peer.next;
    mark_damaged(damaged);
    step_down(step, "damaged");
}

// ---- commit and contact -----------------------------------------------------------------------

// S3: counting copies commits entries of the own term only; older ones follow with them.
void Replica::advance_commit() {
    LogIndex best = commit_;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        const LogIndex candidate = match(i);
        if (!config_.is_voter(i) || candidate <= best) continue;
        if (candidate < term_start_ && !WEFT_MUTANT(CommitByOldTerms)) continue;
        PeerSet have;
        for (std::size_t j = 0; j < peers_.size(); ++j) {
            if (match(j) >= candidate) have.add(j);
        }
        if (config_.quorum(have)) best = candidate;
    }
    commit_ = best;
    trim_cache();
}

void Replica::date_proposal(Now now, LogIndex index) {
    if (!proposed_.empty() && now.mono - proposed_.back().at < options_.timings.heartbeat / 4)
        return;
    if (proposed_.size() == kDatedProposalsMax) proposed_.erase(proposed_.begin());
    proposed_.push_back({index, now.mono});
}

// An answer says nothing of when the append it answers was sent, so it counts from the moment at
// which the acknowledged entry came to be: whoever has an entry of our term heard from us later
// than that. Older entries it may have from others.
Instant Replica::proposed_by(LogIndex index) const {
    const auto behind = std::ranges::upper_bound(proposed_, index, {}, &Proposed::first);
    return behind == proposed_.begin() ? Instant::long_ago() : std::prev(behind)->at;
}

// By a heartbeat or confirm round that was answered, or by an append that was: the later
// of the moments at which they were sent.
Instant Replica::contacted(std::size_t slot) const {
    return std::max(
        {contact_.of(config_.members[slot].node), leader_since_, peers_[slot].contacted});
}

// S6: the moment from which no quorum was contacted within the maximum election timeout.
Instant Replica::quorum_lapses() const {
    Instant lapses = Instant::long_ago();
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (!config_.is_voter(i)) continue;
        const Instant at = i == self_slot_ ? Instant::never() : contacted(i);
        PeerSet have = self_only();
        for (std::size_t j = 0; j < peers_.size(); ++j) {
            if (j != self_slot_ && contacted(j) >= at) have.add(j);
        }
        if (config_.quorum(have)) lapses = std::max(lapses, at);
    }
    return lapses + options_.timings.election_max;
}

// S9: reads and proposals go on once a quorum has answered what was sent after the attempt ended,
// as to the leader of this term. If it never does, the want of contact ends the term.
void Replica::look_at_transfer(Now now) {
    const Instant answered = quorum_check_at_ - options_.timings.election_max;
    if (!transfer_.look(now.mono, answered, options_.timings.heartbeat / 2)) return;
    WEFT_PROBE("replica.transfer_failed");
    log_.info("replica.transfer_failed", {{"group", options_.group}, {"term", hard_.term}});
}

void Replica::leader_tick(const Step& step) {
    quorum_check_at_ = quorum_lapses();
    if (quorum_check_at_ <= step.now.mono) {
        step_down(step, "no contact with a quorum");
        return;
    }
    if (stamps_due_ && judge_stamps(step)) return;
    look_at_transfer(step.now);
    resend(step);
}

}  // namespace weft::replication
