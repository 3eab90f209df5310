#pragma once
// Sessions without registration (S28; Raft thesis 6.3): which commands of a client this group
// has run and what it answered. Two layers: what applied entries say, and ahead of it what this
// leader has proposed. Rows end by log time; in a full group also by the floor of session starts.

#include "core/command.h"
#include "core/time.h"
#include "replication/partition/sections.h"
#include "replication/partition/session.h"
#include "weft/types.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weft::replication {

inline constexpr std::int64_t kSessionLifeMs = 10 * 60 * 1000;
inline constexpr std::int64_t kSessionAheadMs = 5 * 1000;

// The time that a client is told for the start of its sessions. A group whose stamps stay back by
// more takes no session of this; others must not call it expired.
inline std::int64_t told_time_ms(WallTime wall, std::int64_t stamps_back_ms) {
    return wall.ms - std::min(stamps_back_ms, kSessionLifeMs / 2);
}

struct SessionLimits {
    std::size_t window = 1024;
    std::size_t reply_bytes = std::size_t{256} << 10;
    std::size_t sessions = 65536;
    // The floor spares sessions that are younger, by the time that clients are told: whoever
    // repeats a command within that time is told how it ended, whatever others do.
    std::int64_t spared_ms = 10 * 1000;
};

// A session that starts below it has ended (docs/adr/0007). Replicated state, as rows are.
struct SessionFloor {
    std::int64_t start_ms = std::numeric_limits<std::int64_t>::min();
    LogIndex applied{};  // the entry that raised it
};

enum class Verdict : std::uint8_t {
    Run,
    Join,     // a duplicate of the command proposed at Admission::index
    Known,    // already ended: Admission::remembered
    Settled,  // below the client's lowest open one: forgotten
    Expired,
    ClockAhead,
    Reused,         // same id, other body
    WindowFull,     // too many open commands or remembered bytes
    PartitionFull,  // too many sessions
};
struct Admission {
    Verdict verdict = Verdict::Run;
    LogIndex index{};
    const Remembered* remembered = nullptr;
};

class Sessions {
public:
    explicit Sessions(SessionLimits limits) : limits_(limits) {}

    // May this request become the next entry, stamped `stamp_ms`?
    Admission admit(const RequestPart& request, std::int64_t stamp_ms, bool resolve) const;
    // It was proposed at `index`; `reply_bytes` of it will be remembered.
    void proposed(const RequestPart& request, LogIndex index, bool resolve,
                  std::size_t reply_bytes);
    // The term is lost: only what was applied counts.
    void drop_ahead();

    // Applying: true when the command of this entry takes effect. False only for an expired
    // session (S28) or a sequence number that has ended, neither of which a right leader proposes.
    bool takes_effect(const RequestPart& request, LogIndex index, std::int64_t stamp_ms) const;
    // The entry has been applied; `outcome.seq` and `digest` are those of `request`.
    void remember(const RequestPart& request, LogIndex index, Remembered outcome);
    // A resolve entry: closes the number unless it has ended; returns how it ended, nothing when it
    // is forgotten or the session expired.
    const Remembered* resolve(const RequestPart& request, LogIndex index, std::int64_t stamp_ms);
    // Log time has come to `stamp_ms` with entry `index`.
    void expire(std::int64_t stamp_ms, LogIndex index);

    // The floor that makes room in a full group while clients are told that it is `told_ms`: the
    // oldest starts go first, a sixteenth of the rows at once. Nothing while one is under way, or
    // when all sessions are too young.
    std::optional<std::int64_t> higher_floor(std::int64_t told_ms) const;
    // Its entry is proposed: nothing below it is let in behind that entry.
    void floor_proposed(std::int64_t floor_ms);
    // Applying such an entry, stamped `stamp_ms`; returns how many sessions it ended. No floor is
    // above the stamp of its entry: a wrong one would end every session that is still to come.
    std::size_t raise_floor(std::int64_t floor_ms, LogIndex index, std::int64_t stamp_ms);
    const SessionFloor& floor() const { return floor_; }

    // Rows. Sessions to be written, in key order of rows (client, then start).
    using RowOrder = std::pair<ClientId, std::int64_t>;
    const std::set<RowOrder>& dirty() const { return dirty_; }
    const Session* find(const SessionName& name) const;
    void flushed(const RowOrder& row);
    // Rows of ended sessions that may be erased: the log before their end is compacted away.
    std::vector<SessionName> erasable(LogIndex base, std::size_t most) const;
    void erased(const SessionName& name);
    void load(const SessionName& name, Session session);
    bool floor_dirty() const { return floor_dirty_; }
    void floor_flushed() { floor_dirty_ = false; }
    void load_floor(const SessionFloor& floor);
    // All rows are there, as of `applied`. Those of ended sessions may not be erased yet.
    void loaded(std::int64_t stamp_ms, LogIndex applied);

    std::size_t size() const { return sessions_.size(); }
    const std::map<SessionName, Session>& all() const { return sessions_; }
    void clear();
    void check() const;

private:
    Session& obtain(const SessionName& name) { return sessions_[name]; }
    static void close(Session& session, std::uint64_t seq);
    void touch(const SessionName& name, Session& session, LogIndex index);
    static void settle_below(Session& session, std::uint64_t lowest_open);
    bool below_floor(const RequestPart& request, LogIndex index) const;
    void end_oldest(LogIndex index);

    SessionLimits limits_;
    std::map<SessionName, Session> sessions_;
    std::set<RowOrder> dirty_;
    std::map<SessionName, LogIndex> ended_;  // rows of sessions that ended with that entry
    SessionFloor floor_;
    bool floor_dirty_ = false;  // its row is older
    // Ahead of commit, on the leader: above floor_ while one entry that raises it is under way,
    // which will end `doomed_` sessions.
    std::int64_t floor_ahead_ = SessionFloor{}.start_ms;
    std::size_t doomed_ = 0;
};

}  // namespace weft::replication
