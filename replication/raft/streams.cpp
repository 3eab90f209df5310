#include "replication/raft/streams.h"

#include "core/entry.h"
#include "core/invariant.h"
#include "core/mutant.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace weft::replication {

namespace {

constexpr std::uint32_t kBackoffDoublingsMax = 4;
static_assert(kBackoffDoublingsMax < 32, "a wait of so many doublings is no number of ours");

// S31: bytes on their way to one peer are bounded; one entry always fits.
bool window_full(const Streams::Leader& leader, LogIndex match, LogIndex not_sent) {
    const LogIndex acknowledged = std::max(match, leader.window.base());
    return leader.window.bytes_between(acknowledged, previous(not_sent)) >=
           leader.options.limits.peer_inflight_bytes;
}

}  // namespace

void Streams::begin(std::size_t members, LogIndex next) {
    retry_at_ = Instant::never();
    peers_.assign(members, Peer{});
    for (Peer& peer : peers_) peer.next = next;
    dates_.clear();
}

void Streams::end() {
    peers_.clear();
    retry_at_ = Instant::never();
}

void Streams::adopt(const Config& before, const Config& now, LogIndex next) {
    std::vector<Peer> peers(now.members.size());
    for (const Seat seat : now.seats()) {
        peers[seat.place].next = next;
        const auto known = before.seat(now.at(seat));
        if (known && seats().has(*known)) peers[seat.place] = peers_[known->place];
    }
    peers_ = std::move(peers);
}

// ---- sending ----------------------------------------------------------------------------------

void Streams::send_new(const Step& step, const Leader& leader, LogIndex index, const Bytes& entry) {
    AppendItem item;
    item.group = leader.options.group;
    item.term = leader.term;
    item.prev = {leader.window.at(previous(index)).term, previous(index)};
    item.commit = leader.commit;
    item.count = 1;
    item.bytes = static_cast<std::uint32_t>(entry.size());
    for (const Seat seat : seats()) {
        Peer& peer = peers_[seat.place];
        if (seat == leader.self || peer.next != index || peer.fetch != FetchId{}) continue;
        if (peer.state == State::Probe) {
            if (peer.waiting) continue;
            peer.waiting = true;
        } else if (peer.state == State::Replicate && !window_full(leader, peer.match, peer.next)) {
            peer.next = next(index);
        } else {
            continue;
        }
        expect_answer(step.now, leader, peer);
        const Member& to = leader.config.at(seat);
        item.receiver_since = to.since;
        step.out.list.push_back(SendAppend{item.group, to.node, item, entry});
    }
}

void Streams::send_more(const Step& step, const Leader& leader, Seat seat) {
    Peer& peer = peers_[seat.place];
    for (;;) {
        const bool probing = peer.state == State::Probe;
        if (peer.fetch != FetchId{} || peer.state == State::Snapshot) return;
        if (probing && peer.waiting) return;
        if (peer.next <= leader.window.base()) {
            WEFT_PROBE("replica.needs_snapshot");
            peer.state = State::Snapshot;
            peer.retry_at = Instant::never();
            return;
        }
        if (peer.next > leader.window.last()) {
            if (probing) send_batch(step, leader, seat, {});
            return;
        }
        if (!probing && window_full(leader, peer.match, peer.next)) return;
        if (peer.next < leader.window.cache_first()) {
            fetch_for(leader, seat, step.out);
            return;
        }
        send_batch(step, leader, seat, gather(leader, peer.next));
    }
}

void Streams::send_batch(const Step& step, const Leader& leader, Seat seat, Batch batch) {
    Peer& peer = peers_[seat.place];
    const Member& to = leader.config.at(seat);
    const LogIndex before = previous(peer.next);
    AppendItem item;
    item.group = leader.options.group;
    item.term = leader.term;
    item.prev = {leader.window.at(before).term, before};
    item.commit = leader.commit;
    item.count = batch.count;
    item.bytes = static_cast<std::uint32_t>(batch.entries.size());
    item.receiver_since = to.since;
    if (peer.state == State::Probe) {
        peer.waiting = true;
    } else {
        peer.next = LogIndex{peer.next.value + batch.count};
    }
    expect_answer(step.now, leader, peer);
    step.out.list.push_back(SendAppend{item.group, to.node, item, std::move(batch.entries)});
}

// Entries from memory, back to back: as many as one catch-up append may hold, at least one.
Streams::Batch Streams::gather(const Leader& leader, LogIndex from) {
    const LogWindow& window = leader.window;
    const Limits& limits = leader.options.limits;
    Batch batch;
    std::size_t bytes = 0;
    LogIndex end = from;
    while (end <= window.last() && batch.count < limits.append_entries) {
        const std::size_t size = window.cached(end).size();
        if (batch.count != 0 && bytes + size > limits.append_bytes) break;
        bytes += size;
        ++batch.count;
        end = next(end);
    }
    if (batch.count == 1) {
        batch.entries = window.cached(from);
        return batch;
    }
    std::string blob;
    blob.reserve(bytes);
    for (LogIndex i = from; i < end; i = next(i)) blob += window.cached(i).view();
    batch.entries = Bytes::adopt(std::move(blob));
    return batch;
}

// ---- silence ----------------------------------------------------------------------------------

// The common timer is not moved with every append: when it comes, resend() looks at each peer.
void Streams::expect_answer(Now now, const Leader& leader, Peer& peer) {
    const Timings& timings = leader.options.timings;
    const Duration first = timings.heartbeat * 2;
    const Duration wait = first * (std::int64_t{1} << std::min(peer.tries, kBackoffDoublingsMax));
    if (peer.retry_at == Instant::never())
        peer.retry_at = now.mono + std::min(wait, timings.election_max);
    retry_at_ = std::min(retry_at_, peer.retry_at);
}

std::size_t Streams::resend(const Step& step, const Leader& leader) {
    if (step.now.mono < retry_at_) return 0;
    retry_at_ = Instant::never();
    std::size_t count = 0;
    for (const Seat seat : seats()) {
        Peer& peer = peers_[seat.place];
        if (seat == leader.self || peer.retry_at == Instant::never()) continue;
        if (peer.retry_at <= step.now.mono) {
            peer.retry_at = Instant::never();
            ++peer.tries;
            ++count;
            peer.probe(peer.state == State::Replicate ? next(peer.match) : peer.next);
            // The second time in a row the peer is probably gone: ask whether it is there before
            // sending it the same bytes again.
            if (peer.tries > 1 && peer.next > leader.window.base() &&
                peer.next <= next(leader.window.last())) {
                send_batch(step, leader, seat, {});
            } else {
                send_more(step, leader, seat);
            }
        }
        retry_at_ = std::min(retry_at_, peer.retry_at);
    }
    return count;
}

// ---- answers ----------------------------------------------------------------------------------

bool Streams::accepted(const Step& step, const Leader& leader, Seat seat,
                       const AppendAnswer& answer) {
    Peer& peer = peers_[seat.place];
    peer.match = std::max(peer.match, answer.index);
    peer.stamp_refused = false;
    peer.contacted = std::max(peer.contacted, dates_.of(answer.index));
    if (peer.state == State::Snapshot && answer.index < leader.window.base()) return false;
    peer.tries = 0;
    if (peer.state != State::Replicate) {
        peer.state = State::Replicate;
        peer.next = next(peer.match);
        peer.waiting = false;
        peer.fetch = {};
    }
    peer.next = std::max(peer.next, next(peer.match));
    peer.retry_at = Instant::never();
    if (next(peer.match) < peer.next) expect_answer(step.now, leader, peer);
    return true;
}

bool Streams::refused(Seat seat, const AppendAnswer& answer) {
    Peer& peer = peers_[seat.place];
    if (peer.state == State::Snapshot) return false;
    peer.stamp_refused = answer.stamp_ahead;
    peer.lacks_behind = answer.index;
    return true;
}

// The hint names the newest entry there that may equal ours; ours of no newer term is the next try.
void Streams::go_back(const Step& step, const Leader& leader, Seat seat,
                      const AppendAnswer& answer) {
    Peer& peer = peers_[seat.place];
    LogIndex fits = std::min(answer.index, leader.window.last());
    if (fits < leader.window.base()) {
        fits = LogIndex{};
    } else if (answer.hint_term.value != 0) {
        fits = leader.window.newest_up_to(fits, answer.hint_term);
    }
    if (WEFT_MUTANT(MatchByRefusal)) peer.match = std::max(peer.match, fits);
    const LogIndex from = next(std::max(fits, peer.match));
    // A refusal that leads nowhere new (a late one, or an entry the peer will not take) waits for
    // the next resend: answering it at once would make the two of us a loop.
    if (peer.state == State::Probe && from >= peer.next) return;
    peer.probe(from);
    peer.retry_at = Instant::never();
    send_more(step, leader, seat);
}

// That it was once counted stays true, from now on it is not.
void Streams::wanted_again(const Step& step, const Leader& leader, Seat seat, LogIndex index) {
    Peer& peer = peers_[seat.place];
    if (peer.state == State::Snapshot) return;
    if (peer.state == State::Probe && peer.next == index && peer.waiting) return;
    peer.match = std::min(peer.match, index.value == 0 ? index : previous(index));
    peer.probe(index);
    peer.retry_at = Instant::never();
    send_more(step, leader, seat);
}

// ---- catching up from disk --------------------------------------------------------------------

void Streams::fetch_for(const Leader& leader, Seat seat, Effects& out) {
    Peer& peer = peers_[seat.place];
    const PartitionId group = leader.options.group;
    peer.fetch = leader.fetches.next();
    peer.fetch_from = peer.next;
    const LogIndex to = previous(leader.window.cache_first());
    const storage::LogRange range{group, peer.next, to, leader.options.limits.append_bytes};
    out.list.push_back(Fetch{group, peer.fetch, range});
}

std::optional<Seat> Streams::waits_for(FetchId id) const {
    const auto at = std::ranges::find(peers_, id, &Peer::fetch);
    if (at == peers_.end()) return std::nullopt;
    return Seat(static_cast<std::size_t>(at - peers_.begin()));
}

// The entries that hold and continue our log, joined.
Streams::Batch Streams::check_fetched(const Leader& leader, const storage::FetchedLog& fetched,
                                      LogIndex from) {
    const LogWindow& window = leader.window;
    Batch batch;
    std::string blob;
    for (const Bytes& encoded : fetched.entries) {
        const LogIndex index{from.value + batch.count};
        if (!window.holds(index) || batch.count == leader.options.limits.append_entries) break;
        const auto header = check_entry(encoded.view(), window.at(previous(index)).chain);
        if (!header || header->chain != window.at(index).chain) break;
        blob += encoded.view();
        ++batch.count;
    }
    batch.entries = Bytes::adopt(std::move(blob));
    return batch;
}

std::optional<LogIndex> Streams::fetched(const Step& step, const Leader& leader, Seat seat,
                                         const Fetched& fetched) {
    Peer& peer = peers_[seat.place];
    peer.fetch = {};
    const auto* read = std::get_if<Result<storage::FetchedLog>>(&fetched.result);
    if (peer.next != peer.fetch_from || peer.next <= leader.window.base()) {
        send_more(step, leader, seat);  // the peer got on meanwhile, or the log was compacted
        return std::nullopt;
    }
    if (read == nullptr || !*read) {
        peer.waiting = peer.state == State::Probe;  // the disk would not say: later again
        expect_answer(step.now, leader, peer);
        return std::nullopt;
    }
    Batch batch = check_fetched(leader, **read, peer.next);
    if (batch.count == 0) return peer.next;
    send_batch(step, leader, seat, std::move(batch));
    send_more(step, leader, seat);
    return std::nullopt;
}

// ---- lives of peers, and snapshots ------------------------------------------------------------

// What was under way to its former life is lost: an empty append tells what it has.
void Streams::came_back(const Step& step, const Leader& leader, Seat seat) {
    Peer& peer = peers_[seat.place];
    const bool snapshot = peer.state == State::Snapshot;
    const LogIndex known = std::max(peer.match, snapshot ? leader.window.base() : LogIndex{});
    peer.probe(known.value == 0 ? peer.next : next(known));
    peer.tries = 0;
    send_more(step, leader, seat);
}

void Streams::crashed(Seat seat) {
    Peer& peer = peers_[seat.place];
    if (peer.state == State::Replicate) peer.probe(next(peer.match));
}

void Streams::has_snapshot(Seat seat, LogPosition at) {
    Peer& peer = peers_[seat.place];
    if (peer.state != State::Snapshot) return;
    peer.probe(next(at.index));
    peer.tries = 0;
    peer.retry_at = retry_at_ = Instant::long_ago();
}

// ---- what is known ----------------------------------------------------------------------------

LogIndex Streams::least_match(PeerSet peers, LogIndex most) const {
    for (const Seat seat : peers) most = std::min(most, match(seat));
    return most;
}

std::optional<Seat> Streams::most_caught_up(PeerSet peers) const {
    std::optional<Seat> best;
    for (const Seat seat : peers)
        if (!best || match(seat) > match(*best)) best = seat;
    return best;
}

BySeat<Instant> Streams::contacts() const {
    BySeat<Instant> at(Instant::long_ago());
    for (const Seat seat : seats()) at[seat] = peers_[seat.place].contacted;
    return at;
}

PeerSet Streams::needing_snapshot() const {
    PeerSet needing;
    for (const Seat seat : seats()) needing.set(seat, peers_[seat.place].state == State::Snapshot);
    return needing;
}

Streams::StampTakers Streams::stamp_takers() const {
    StampTakers all;
    for (const Seat seat : seats()) {
        const Peer& peer = peers_[seat.place];
        all.takers.set(seat, !peer.stamp_refused);
        if (peer.stamp_refused)
            all.refusers_may_hold = std::max(all.refusers_may_hold, peer.lacks_behind);
    }
    return all;
}

void Streams::check(LogIndex last) const {
    for (std::size_t i = 0; i < peers_.size(); ++i)
        WEFT_INVARIANT(peers_[i].match <= last, "peer {} matches {} past {}", i,
                       peers_[i].match.value, last.value);
}

}  // namespace weft::replication
