#pragma once
// A leader's streams to the other members: sent ahead of their answers while all goes well, probed
// one append at a time after a refusal or silence, caught up from memory or disk, and handed to a
// snapshot when the log begins too late (Raft paper 5.3; S25, S31). What counts as acknowledged is
// here; what follows from it (commit, transfer, stepping down) is the replica's.

#include "core/time.h"
#include "replication/effects.h"
#include "replication/messages.h"
#include "replication/raft/config.h"
#include "replication/raft/events.h"
#include "replication/raft/log_window.h"
#include "replication/raft/proposal_dates.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weft::replication {

// Of a replica's own fetches; the highest bit tells them from its owner's.
class OwnFetchIds {
public:
    static bool is_own(FetchId id) { return (id.value >> 63) != 0; }
    FetchId next() { return {std::uint64_t{1} << 63 | ++begun_}; }

private:
    std::uint64_t begun_ = 0;
};

class Streams {
public:
    // The leader whose streams these are, as it is now; borrowed for one call.
    struct Leader {
        const ReplicaOptions& options;
        const Config& config;
        const LogWindow& window;
        std::optional<Seat> self{};  // where no stream goes
        Term term{};
        LogIndex commit{};
        OwnFetchIds& fetches;
    };

    // A leadership begins: to `members` (with itself), nothing is known of anyone.
    void begin(std::size_t members, LogIndex next);
    void end();
    // What is known of a replica stays known in another configuration, wherever it stands there.
    void adopt(const Config& before, const Config& now, LogIndex next);

    // ---- sending
    void proposed(Now now, LogIndex index, Duration apart) { dates_.note(now, index, apart); }
    // The newest entry, to all whose stream stands exactly here.
    void send_new(const Step& step, const Leader& leader, LogIndex index, const Bytes& entry);
    void send_more(const Step& step, const Leader& leader, Seat seat);
    // To those that were silent for too long; how many.
    std::size_t resend(const Step& step, const Leader& leader);
    Instant deadline() const { return retry_at_; }

    // ---- answers
    // False: it says nothing new of the stream. Else the commit may move, and more is to be sent.
    bool accepted(const Step& step, const Leader& leader, Seat seat, const AppendAnswer& answer);
    // False: the stream waits for a snapshot. Else go_back() with the same answer.
    bool refused(Seat seat, const AppendAnswer& answer);
    void go_back(const Step& step, const Leader& leader, Seat seat, const AppendAnswer& answer);
    // The peer lost what it had acknowledged, from `index` on (S22).
    void wanted_again(const Step& step, const Leader& leader, Seat seat, LogIndex index);
    // Whose fetch it is.
    std::optional<Seat> waits_for(FetchId id) const;
    // The index at which our own copy does not hold, if that is so (S23).
    std::optional<LogIndex> fetched(const Step& step, const Leader& leader, Seat seat,
                                    const Fetched& fetched);

    // ---- lives of peers, and snapshots
    // Another process of the peer, which does not know what it has in common with us.
    void came_back(const Step& step, const Leader& leader, Seat seat);
    void crashed(Seat seat);
    PeerSet needing_snapshot() const;
    // It has one up to `at`, if it waited for one.
    void has_snapshot(Seat seat, LogPosition at);

    // ---- what is known
    // None while nobody leads.
    PeerSet seats() const { return PeerSet::first(peers_.size()); }
    // Durable there and equal to our log; of the leader's own seat nothing is said.
    LogIndex match(Seat seat) const { return peers_[seat.place].match; }
    // Of them and `most`.
    LogIndex least_match(PeerSet peers, LogIndex most) const;
    // Who of them is the furthest.
    std::optional<Seat> most_caught_up(PeerSet peers) const;
    // As answers to appends prove.
    BySeat<Instant> contacts() const;
    struct StampTakers {
        PeerSet takers;  // whose last answer was not that our stamps are ahead of its clock (S29)
        // The last of our entries that one who refuses our stamps may hold. Who refuses an entry
        // does not hold it, nor any behind it (damaged entries are asked for, not refused).
        LogIndex refusers_may_hold{};
    };
    StampTakers stamp_takers() const;
    void check(LogIndex last) const;

private:
    enum class State : std::uint8_t { Probe, Replicate, Snapshot };
    struct Peer {
        LogIndex match;
        LogIndex next;  // first entry not sent; while probing: not yet known to fit
        State state = State::Probe;
        bool waiting = false;        // probing, and the probe is unanswered
        std::uint32_t tries = 0;     // resends in a row without an answer
        bool stamp_refused = false;  // its last answer: our stamps are ahead of its clock
        LogIndex lacks_behind;       // then: it holds none of our entries behind this one
        FetchId fetch;               // under way, 0 for none
        LogIndex fetch_from;
        Instant retry_at = Instant::never();
        Instant contacted = Instant::long_ago();

        // Begins anew: whether what we hold before `first` is there is asked with one append.
        void probe(LogIndex first) {
            state = State::Probe;
            next = first;
            waiting = false;
            fetch = {};
        }
    };
    struct Batch {
        std::uint32_t count = 0;
        Bytes entries;
    };
    static Batch gather(const Leader& leader, LogIndex from);
    static Batch check_fetched(const Leader& leader, const storage::FetchedLog& fetched,
                               LogIndex from);
    void send_batch(const Step& step, const Leader& leader, Seat seat, Batch batch);
    void fetch_for(const Leader& leader, Seat seat, Effects& out);
    void expect_answer(Now now, const Leader& leader, Peer& peer);

    std::vector<Peer> peers_;  // by seat
    ProposalDates dates_;
    Instant retry_at_ = Instant::never();  // no later than that of any peer
};

}  // namespace weft::replication
