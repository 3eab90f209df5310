#include "replication/partition/sessions.h"

#include "core/invariant.h"
#include "core/mutant.h"

#include <algorithm>
#include <iterator>

namespace weft::replication {

namespace {

SessionName name_of(const RequestPart& request) { return {request.start_ms, request.client}; }

// The limits of i64 are a client's to choose: no sum with them may overflow.
bool expired(std::int64_t start_ms, std::int64_t stamp_ms) {
    return start_ms <= stamp_ms - kSessionLifeMs;
}

// So many rows end at once: each raise needs an entry of its own.
std::size_t floor_share(const SessionLimits& limits) {
    return std::max<std::size_t>(1, limits.sessions / 16);
}

// The lowest open number once `request` is in; a client cannot settle the very command it sends.
std::uint64_t lowest_after(std::uint64_t before, const RequestPart& request) {
    return std::max(before, std::min(request.lowest_open, request.seq));
}

}  // namespace

// ---- admission ----------------------------------------------------------------------------------
// In the order of what must not be said wrongly. An id that ran is never called expired or refused
// while its outcome is known: a client that hears "expired" begins a new session, and its repeat
// would run a second time (S28). So the table of what ran and runs is asked before every reason to
// refuse that is younger than the command itself; only the age of the session comes first, because
// at that moment of log time every replica forgets it alike.

Admission Sessions::admit(const RequestPart& request, std::int64_t stamp_ms, bool resolve) const {
    if (expired(request.start_ms, stamp_ms)) return {.verdict = Verdict::Expired};
    if (request.start_ms > stamp_ms + kSessionAheadMs) return {.verdict = Verdict::ClockAhead};
    const auto it = sessions_.find(name_of(request));
    if (it == sessions_.end()) {
        if (request.start_ms < floor_ahead_) return {.verdict = Verdict::Expired};
        // Those that will end are here until then: also when all of them will, the room is bounded.
        if (sessions_.size() - doomed_ >= limits_.sessions ||
            sessions_.size() >= limits_.sessions + floor_share(limits_))
            return {.verdict = Verdict::PartitionFull};
        if (request.seq == 0) return {.verdict = Verdict::Settled};
        if (request.seq - lowest_after(1, request) >= limits_.window)
            return {.verdict = Verdict::WindowFull};
        return {.verdict = Verdict::Run};
    }
    const Session& session = it->second;
    if (request.seq < session.lowest_open_ahead) return {.verdict = Verdict::Settled};
    if (const OpenCommand* open = session.open.find(request.seq)) {
        if (!resolve && !open->resolve && open->digest != request.digest)
            return {.verdict = Verdict::Reused};
        return {.verdict = Verdict::Join, .index = open->index};
    }
    const Remembered* known = session.remembered.find(request.seq);
    if (known != nullptr && !WEFT_MUTANT(RequestForgotten)) {
        if (!resolve && !known->closed && known->digest != request.digest)
            return {.verdict = Verdict::Reused};
        return {.verdict = Verdict::Known, .remembered = known};
    }
    // What is remembered or runs is told until the very entry that ends the session.
    if (request.start_ms < floor_ahead_) return {.verdict = Verdict::Expired};
    const std::uint64_t lowest = lowest_after(session.lowest_open_ahead, request);
    if (request.seq - lowest >= limits_.window) return {.verdict = Verdict::WindowFull};
    // Replies in flight count: together with one more they must fit a row.
    const std::size_t kept_now = session.reply_bytes + session.open_reply_bytes;
    if (kept_now >= limits_.reply_bytes) {
        std::size_t kept = kept_now;  // what this request itself acknowledges goes
        for (const Remembered& item : session.remembered) {
            if (item.seq >= lowest) break;
            kept -= item.bytes();
        }
        if (kept >= limits_.reply_bytes) return {.verdict = Verdict::WindowFull};
    }
    return {.verdict = Verdict::Run};
}

// ---- ahead of commit, on the leader -------------------------------------------------------------
// Between proposal and commit a repeat of the same id finds neither a row nor an outcome. Without
// what stands here it would be proposed again and, both entries committed, be answered twice with
// different replies; it joins the first instead.

void Sessions::proposed(const RequestPart& request, LogIndex index, bool resolve,
                        std::size_t reply_bytes) {
    Session& session = obtain(name_of(request));
    session.open.insert({request.seq, request.digest, index, resolve, reply_bytes});
    session.open_reply_bytes += reply_bytes;
    session.lowest_open_ahead = lowest_after(session.lowest_open_ahead, request);
}

// The entries of the lost term may be replaced by others, or be committed by the next leader:
// either way they are applied, or not, as everybody's. What only they had made is forgotten with
// them; kept, a session without a command would count against the group's bound for ten minutes.
void Sessions::drop_ahead() {
    floor_ahead_ = floor_.start_ms;
    doomed_ = 0;
    for (auto it = sessions_.begin(); it != sessions_.end();) {
        Session& session = it->second;
        session.open.clear();
        session.open_reply_bytes = 0;
        session.lowest_open_ahead = session.lowest_open;
        it = session.committed ? std::next(it) : sessions_.erase(it);
    }
}

void Sessions::close(Session& session, std::uint64_t seq) {
    const OpenCommand* open = session.open.find(seq);
    if (open == nullptr) return;
    session.open_reply_bytes -= open->reply_bytes;
    session.open.erase(seq);
}

// ---- applying: what every replica does alike ----------------------------------------------------
// A replica starts from rows that may be newer than the entry it applies next: rows are swept one
// by one, each with the index of its own last entry. Whatever is applied again over a newer row
// changes nothing in it (`index <= applied`), and has the effect on entities that it had the first
// time.

bool Sessions::takes_effect(const RequestPart& request, LogIndex index,
                            std::int64_t stamp_ms) const {
    if (expired(request.start_ms, stamp_ms)) return false;
    if (request.start_ms > stamp_ms + kSessionAheadMs) return false;
    if (below_floor(request, index)) return false;
    const Session* session = find(name_of(request));
    // A row may contain entries that are replayed now: they had their effect when it was written.
    if (session == nullptr || index <= session->applied) return true;
    if (WEFT_MUTANT(RequestForgotten)) return true;
    return request.seq >= session->lowest_open && session->remembered.find(request.seq) == nullptr;
}

void Sessions::remember(const RequestPart& request, LogIndex index, Remembered outcome) {
    const SessionName name = name_of(request);
    Session& session = obtain(name);
    close(session, request.seq);
    if (index <= session.applied) return;
    session.reply_bytes += outcome.bytes();
    session.remembered.insert(std::move(outcome));
    settle_below(session, lowest_after(session.lowest_open, request));
    touch(name, session, index);
}

// Who asks how a command ended wants it never to end otherwise afterwards: a number nobody knows is
// closed for good, by an entry, so that a copy of the command that is still under way finds it
// taken. Answering "not done" from memory alone would be a guess about that copy.
const Remembered* Sessions::resolve(const RequestPart& request, LogIndex index,
                                    std::int64_t stamp_ms) {
    if (expired(request.start_ms, stamp_ms) || request.start_ms > stamp_ms + kSessionAheadMs)
        return nullptr;
    if (below_floor(request, index)) return nullptr;
    const SessionName name = name_of(request);
    Session& session = obtain(name);
    close(session, request.seq);
    if (index > session.applied) {
        if (request.seq >= session.lowest_open && session.remembered.find(request.seq) == nullptr)
            session.remembered.insert(
                {.seq = request.seq, .outcome = Outcome::NotDone, .closed = true, .index = index});
        settle_below(session, lowest_after(session.lowest_open, request));
        touch(name, session, index);
    }
    return session.remembered.find(request.seq);
}

void Sessions::expire(std::int64_t stamp_ms, LogIndex index) {
    while (!sessions_.empty() && expired(sessions_.begin()->first.start_ms, stamp_ms))
        end_oldest(index);
}

// Its row stays until the log before `index` is compacted away: a replica that restarts applies
// these entries again, and needs to know what had run by then.
void Sessions::end_oldest(LogIndex index) {
    const auto& [name, session] = *sessions_.begin();
    WEFT_INVARIANT(session.open.empty(), "a session with {} open commands ended",
                   session.open.size());
    if (session.dirty) dirty_.erase({name.client, name.start_ms});
    if (session.stored) ended_.emplace(name, index);
    if (doomed_ > 0 && name.start_ms < floor_ahead_) --doomed_;
    sessions_.erase(sessions_.begin());
}

// ---- the floor (docs/adr/0007) ------------------------------------------------------------------

// Entries up to the one that raised the floor had their effect by the floor of their own time: rows
// may hold a floor from behind the entry that is applied again over them.
bool Sessions::below_floor(const RequestPart& request, LogIndex index) const {
    return request.start_ms < floor_.start_ms && index > floor_.applied;
}

// Ending the session that was used longest ago would be kinder, but followers do not know who uses
// what; starts are in every row. A client that goes on gets a new session and repeats nothing: what
// it had asked before is told until the entry that raises the floor (docs/adr/0007).
std::optional<std::int64_t> Sessions::higher_floor(std::int64_t told_ms) const {
    if (floor_ahead_ > floor_.start_ms || sessions_.empty()) return std::nullopt;
    const std::int64_t spared = told_ms - limits_.spared_ms;
    const std::int64_t oldest = sessions_.begin()->first.start_ms;
    if (oldest >= spared) return std::nullopt;
    std::int64_t floor = oldest + 1;
    const std::size_t most = floor_share(limits_);
    std::size_t counted = 0;
    for (auto it = sessions_.begin(); it != sessions_.end() && counted < most; ++it, ++counted) {
        if (it->first.start_ms >= spared) break;
        floor = it->first.start_ms + 1;
    }
    return floor;
}

void Sessions::floor_proposed(std::int64_t floor_ms) {
    WEFT_INVARIANT(floor_ms > floor_ahead_, "a floor of {} is no higher than {}", floor_ms,
                   floor_ahead_);
    floor_ahead_ = floor_ms;
    const auto end = sessions_.lower_bound({floor_ms, ClientId{}});
    doomed_ = static_cast<std::size_t>(std::distance(sessions_.begin(), end));
}

std::size_t Sessions::raise_floor(std::int64_t floor_ms, LogIndex index, std::int64_t stamp_ms) {
    floor_ms = std::min(floor_ms, stamp_ms);
    if (index > floor_.applied) {
        floor_ = {std::max(floor_.start_ms, floor_ms), index};
        floor_dirty_ = true;
    } else if (index == floor_.applied) {
        floor_dirty_ = floor_dirty_ || floor_.start_ms > stamp_ms;
        floor_.start_ms = std::min(floor_.start_ms, stamp_ms);  // its row was wrong
    }
    floor_ahead_ = floor_.start_ms;
    // One that is applied again over a higher floor's row ends what it ended then.
    const std::int64_t bound = index == floor_.applied ? floor_.start_ms : floor_ms;
    std::size_t ended = 0;
    for (; !sessions_.empty() && sessions_.begin()->first.start_ms < bound; ++ended)
        end_oldest(index);
    doomed_ = 0;
    return ended;
}

void Sessions::load_floor(const SessionFloor& floor) {
    floor_ = floor;
    floor_ahead_ = floor.start_ms;
}

const Session* Sessions::find(const SessionName& name) const {
    const auto it = sessions_.find(name);
    return it == sessions_.end() ? nullptr : &it->second;
}

void Sessions::flushed(const RowOrder& row) {
    const auto it = sessions_.find({row.second, row.first});
    WEFT_INVARIANT(it != sessions_.end(), "a session that does not exist was flushed");
    it->second.dirty = false;
    it->second.stored = true;
    dirty_.erase(row);
}

std::vector<SessionName> Sessions::erasable(LogIndex base, std::size_t most) const {
    std::vector<SessionName> names;
    for (const auto& [name, index] : ended_) {
        if (names.size() >= most) break;
        if (index <= base) names.push_back(name);
    }
    return names;
}

void Sessions::erased(const SessionName& name) { ended_.erase(name); }

void Sessions::load(const SessionName& name, Session session) {
    session.committed = true;
    session.stored = true;
    session.lowest_open_ahead = session.lowest_open;
    sessions_.insert_or_assign(name, std::move(session));
}

// Rows come with sessions that had ended when the last of them were written: their erasing was not
// on disk yet.
void Sessions::loaded(std::int64_t stamp_ms, LogIndex applied) {
    expire(stamp_ms, applied);
    if (floor_.applied > applied) return;  // its entry is to be applied again
    while (!sessions_.empty() && sessions_.begin()->first.start_ms < floor_.start_ms)
        end_oldest(applied);
}

void Sessions::clear() {
    sessions_.clear();
    dirty_.clear();
    ended_.clear();
    floor_ = {};
    floor_dirty_ = false;
    floor_ahead_ = floor_.start_ms;
    doomed_ = 0;
}

void Sessions::check() const {
    std::size_t dirty = 0;
    std::size_t below = 0;
    for (const auto& [name, session] : sessions_) {
        below += name.start_ms < floor_ahead_ ? 1 : 0;
        WEFT_INVARIANT(name.start_ms >= floor_.start_ms || session.applied <= floor_.applied,
                       "a session below the floor has entry {}, the floor came with {}",
                       session.applied.value, floor_.applied.value);
        std::size_t bytes = 0;
        for (const Remembered& item : session.remembered) {
            bytes += item.bytes();
            WEFT_INVARIANT(item.seq >= session.lowest_open, "seq {} is remembered below {}",
                           item.seq, session.lowest_open);
        }
        WEFT_INVARIANT(bytes == session.reply_bytes, "{} bytes remembered, {} counted", bytes,
                       session.reply_bytes);
        std::size_t open_bytes = 0;
        for (const OpenCommand& item : session.open) open_bytes += item.reply_bytes;
        WEFT_INVARIANT(open_bytes == session.open_reply_bytes, "{} bytes in flight, {} counted",
                       open_bytes, session.open_reply_bytes);
        WEFT_INVARIANT(session.committed || !session.open.empty(), "a session without a command");
        dirty += session.dirty ? 1 : 0;
    }
    WEFT_INVARIANT(floor_ahead_ == floor_.start_ms ? doomed_ == 0 : doomed_ == below,
                   "{} sessions will end, {} are below the floor", doomed_, below);
    WEFT_INVARIANT(dirty == dirty_.size(), "{} sessions dirty, {} listed", dirty, dirty_.size());
}

void Sessions::touch(const SessionName& name, Session& session, LogIndex index) {
    session.applied = index;
    session.committed = true;
    session.lowest_open_ahead = std::max(session.lowest_open_ahead, session.lowest_open);
    if (session.dirty) return;
    session.dirty = true;
    dirty_.insert({name.client, name.start_ms});
}

// "Lowest open" is the client's word that it has every answer below; a number below it that comes
// all the same is a stray copy (S28). It only rises: an older copy of a later request must not open
// them again.
void Sessions::settle_below(Session& session, std::uint64_t lowest_open) {
    session.lowest_open = lowest_open;
    while (!session.remembered.empty() && session.remembered.begin()->seq < lowest_open) {
        session.reply_bytes -= session.remembered.begin()->bytes();
        session.remembered.pop_front();
    }
}

}  // namespace weft::replication
