#pragma once
// One replica of one group's log: Raft (Ongaro, Ousterhout 2014; Ongaro's thesis), with pre-vote,
// check-quorum and promises held back until they are durable. Pure; owned by a Partition.

#include "core/ids.h"
#include "core/log.h"
#include "core/random.h"
#include "core/time.h"
#include "replication/effects.h"
#include "replication/messages.h"
#include "replication/raft/candidacy.h"
#include "replication/raft/config.h"
#include "replication/raft/config_history.h"
#include "replication/raft/election_timer.h"
#include "replication/raft/events.h"
#include "replication/raft/fitness.h"
#include "replication/raft/follower.h"
#include "replication/raft/known_peers.h"
#include "replication/raft/leader_stamps.h"
#include "replication/raft/leadership_transfer.h"
#include "replication/raft/log_window.h"
#include "replication/raft/owed_votes.h"
#include "replication/raft/promises.h"
#include "replication/raft/quorum_contact.h"
#include "replication/raft/streams.h"
#include "storage/contracts.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::replication {

// Rare things a person may ask about; all count from the start of the process.
struct ReplicaCounters {
    std::uint64_t entries_refused = 0;   // appended entries that did not hold
    std::uint64_t messages_refused = 0;  // messages that break the protocol
    std::uint64_t other_replicas = 0;    // of, or to, another replica of the same node (S17)
    std::uint64_t appends_resent = 0;
    std::uint64_t entries_repaired = 0;
    std::uint64_t elections_won = 0;
};

class Replica {
public:
    Replica(ReplicaOptions options, const storage::RecoveredGroup& recovered, Random random,
            weft::Log log);

    void step(Now now, const ReplicaEvent& event, Effects& out);
    Instant next_deadline() const;

    // Leader only, and only while can_propose(): encodes what `entry` holds as the next entry,
    // persists and sends it. The stamp is max(previous stamp, wall) (S29).
    bool can_propose(std::size_t bytes) const;
    // Stamp and index the next proposal will have; handlers are told both.
    std::int64_t next_stamp(WallTime wall) const;
    std::int64_t stamps_back_ms() const { return stamps_.back_ms(); }
    LogIndex next_index() const;
    LogIndex propose(Now now, EntryBuilder& entry, Effects& out);

    // The encoded entry when it is in memory; empty when it must be fetched.
    Bytes cached(LogIndex index) const;
    // Entries up to here are applied by the owner; their cache may go.
    void applied(LogIndex index);
    // Closes what the owner wrote into `out.batch` in this step (rows) with a Persist of the next
    // number, so that Persisted covers it too.
    PersistSeq persist_mark(Effects& out);
    // Ids of the replica's own fetches have the highest bit set; the owner's have not.
    static bool is_own_fetch(FetchId id) { return OwnFetchIds::is_own(id); }
    // Moves the base to `index` (<= applied): rows hold all effects up to it.
    // `stamp_ms` is the stamp of that entry.
    void move_base(LogIndex index, std::int64_t stamp_ms, Effects& out);
    // A snapshot was staged whole in `base.space`: switches to it in one record (S19).
    void install(Now now, const storage::LogBase& base, Effects& out);
    void forbid_campaign(Ban why) { fitness_.forbid(why); }
    void allow_campaign(Ban why) { fitness_.allow(why); }
    // The owner met damage in this group's rows or log (S22, S23): never leads, asks for repair.
    void mark_damaged(LogIndex from);
    // A fetched own entry that a laggard needs was damaged, or compacted away: peers listed here
    // need a snapshot, with the position the leader knows of them.
    // Those in contact in turn: the first of them behind `after` in the configuration.
    std::optional<Member> needs_snapshot(Now now, std::optional<NodeId> after) const;
    void snapshot_sent(const Member& to, LogPosition at);
    // While leading: the peer answered within the maximum election timeout and did not crash since.
    bool in_contact(Now now, NodeId peer) const;

    // ---- views
    Role role() const { return role_; }
    Term term() const { return hard_.term; }
    std::optional<NodeId> leader() const { return leader_; }
    LogIndex commit() const { return commit_; }
    // The highest commit that the leader of this term has named; perhaps not ours yet.
    LogIndex named_commit() const { return follower_.named_commit(); }
    // It begins past all that its leader has named committed in five seconds: what it holds is
    // nothing that was ever agreed on (hostile snapshot), or its leader has no quorum.
    bool base_is_ahead(Now now) const;
    LogIndex last_index() const;
    const LogWindow& window() const { return window_; }
    LogIndex durable_index() const { return promises_.durable(); }
    // Commit known to include an own-term entry (S8): only then may reads be served.
    bool no_op_committed() const;
    bool damaged() const { return fitness_.vote_damaged() || lacks_data(); }
    bool vote_damaged() const { return fitness_.vote_damaged(); }
    // False: a lost vote may be for a newer term than ours, so nothing counts in ours (S1).
    bool term_certain() const;
    // Rows or log are damaged; a damaged vote alone keeps from voting and leading, and until the
    // term is certain from acknowledging.
    bool lacks_data() const { return fitness_.rows_damaged() || !log_is_whole(); }
    // A configuration here is of a later weft (partition.h, "blocked").
    bool blocked() const { return configs_.blocked(); }
    // Its own log says that it is a member, and not another replica of its node (S17).
    bool is_member() const { return self_.has_value(); }
    bool transferring() const { return transfer_.under_way(); }
    // While leading: some voter could take over.
    bool can_hand_over() const {
        return transfer_.under_way() || transfer_target(std::nullopt).has_value();
    }
    // No lasting reason keeps this replica from campaigning when it is asked to.
    bool can_stand() const;
    // The peer said that it can (PeerStands).
    bool can_stand(NodeId peer) const {
        const auto seat = config_.seat(peer);
        return seat && peers_.can_stand(*seat);
    }
    const storage::LogBase& base() const { return base_; }
    const Config& config() const { return config_; }
    // Nothing when its record is unreadable.
    std::optional<Term> term_at(LogIndex index) const;
    // While leading: what is known to be durable there and equal to our log.
    LogIndex match(NodeId node) const;
    PersistSeq last_persist_seq() const { return promises_.last_seq(); }
    // The highest index that may be compacted without cutting off a voter that still hears us
    // (S25): applied here, durable here, and while leading matched by every voter in contact.
    LogIndex base_limit(Now now) const;
    const ReplicaCounters& counters() const { return counters_; }
    // Full check of every invariant.
    void check() const;

private:
    struct View {
        Role role = Role::Follower;
        Term term;
        std::optional<NodeId> leader;
        bool operator==(const View&) const = default;
    };

    // replica.cpp: events, promises, damage, compaction
    void on(const Step& step, const Tick& tick);
    void on(const Step& step, const Append& append);
    void on(const Step& step, const FromPeer& message);
    void on(const Step& step, const Beat& beat);
    void on(const Step& step, const BeatRefused& refused);
    void on(const Step& step, const Persisted& persisted);
    void on(const Step& step, const Fetched& fetched);
    void on(const Step& step, const CrashEvidence& evidence);
    void on(const Step& step, const EvidenceDropped& dropped);
    void on(const Step& step, const PeerReady& ready);
    void on(const Step& step, const PeerStands& peer);
    void on(const Step& step, const OwnClock& clock);
    void on(const Step& step, const TransferLeadership& wish);
    void on(const Step& step, const DiskAge& age);
    void begin_step(const Step& step);
    void finish(Effects& out, bool tell);
    PersistSeq mark(Effects& out);
    void write_hard(Effects& out);
    bool hard_durable() const;
    PeerSet self_only() const;
    bool said_by_another(NodeId from, LogIndex since);
    bool meant_for_another(LogIndex since);
    void answer_vote(NodeId to, VoteAnswer vote, Effects& out) const;
    LogIndex match(Seat seat) const;

    // recovery.cpp: start, configuration history, damage, base
    void recover(const storage::RecoveredGroup& recovered);
    void recover_log(const storage::RecoveredGroup& recovered);
    void adopt_configs(Effects& out);
    void ask_for_configs(Effects& out);
    void on_config_fetched(const Fetched& fetched, Effects& out);
    void tell_blocked(LogIndex index, std::string_view why) const;
    bool log_is_whole() const;
    LogIndex wanted_again() const;
    void trim_cache();
    void append_entry(const EntryHeader& header, Bytes encoded, Effects& out);

    // election.cpp: terms, votes, start rule; transfer.cpp: leadership given away
    void on_vote_ask(const Step& step, NodeId from, const VoteAsk& ask);
    void answer_vote_ask(const Step& step, NodeId from, const VoteAsk& ask);
    void on_vote_answer(const Step& step, NodeId from, const VoteAnswer& answer);
    void on_timeout_now(const Step& step, NodeId from, const TimeoutNow& order);
    bool may_campaign() const;
    std::optional<LogPosition> voting_position() const;
    bool follows() const;
    bool hears_leader(Now now) const;
    LogPosition durable_position() const;
    bool steps_towards(const Step& step, Term term);
    bool learn_term(const Step& step, Term term);
    void campaign(const Step& step);
    void start_election(const Step& step, bool transfer);
    void ask_for_votes(VoteAsk ask, Effects& out) const;
    void ask_for_terms(Effects& out) const;
    void note_told(std::optional<Seat> by, Term term, Effects& out);
    void count_votes(const Step& step);
    void become_follower(const Step& step, Term term, std::optional<NodeId> leader);
    void become_leader(const Step& step);
    void step_down(const Step& step, std::string_view why);
    bool follow(const Step& step, NodeId from, Term term);
    void start_transfer(const Step& step, std::optional<NodeId> to);
    void drive_transfer(Effects& out);
    void look_at_transfer(Now now);
    LeaderStamps::Copies copies() const;
    bool judge_stamps(const Step& step);
    void give_up_stamps(const Step& step, LogIndex kept);
    std::optional<Seat> transfer_target(std::optional<NodeId> to) const;

    // append.cpp: the follower's log
    struct Incoming {
        EntryHeader header;
        Bytes encoded;
    };
    enum class Taking : std::uint8_t { Held, Refused, StampAhead };
    struct Taken {
        std::uint32_t entries = 0;  // now held, from the first one on
        Taking next = Taking::Held;
    };
    bool prev_fits(const Append& append, Effects& out);
    Taken take_entries(const Step& step, const Append& append);
    Taking take_entry(const Step& step, const Append& append, const Incoming& entry);
    Taking repair(const Step& step, const Append& append, const Incoming& entry);
    Taking judge(Now now, const Append& append, const Incoming& entry);
    void refuse_conflict(NodeId from, LogIndex index);
    void truncate(LogIndex from, Effects& out);
    void acknowledge(Effects& out);
    AppendAnswer own_answer() const;
    void refuse_append(NodeId to, LogIndex index, Taking why, Effects& out) const;
    void want_again(NodeId to, Effects& out) const;
    void follow_commit(LogIndex commit);

    // leading.cpp: what a leader makes of answers and silence
    Streams::Leader leading() {
        return {options_, config_, window_, self_, hard_.term, commit_, fetches_};
    }
    void on_append_answer(const Step& step, NodeId from, const AppendAnswer& answer);
    void on_refused(const Step& step, Seat seat, const AppendAnswer& answer);
    void advance_commit();
    void leader_tick(const Step& step);

    ReplicaOptions options_;
    weft::Log log_;
    ReplicaCounters counters_;

    // What is known of the disk.
    storage::HardState hard_;
    storage::LogBase base_;
    LogWindow window_;
    Promises promises_;
    Fitness fitness_;

    Config config_;
    std::optional<Seat> self_;  // nothing: no member
    ConfigHistory configs_;
    KnownPeers peers_;

    Role role_ = Role::Follower;
    std::optional<NodeId> leader_;
    LogIndex commit_;
    LogIndex applied_;
    bool started_ = false;
    View told_;  // to the owner
    OwnFetchIds fetches_;

    // Follower and candidate.
    ElectionTimer timer_;
    Follower follower_;
    OwedVotes owed_;
    Candidacy candidacy_;

    // Leader.
    Streams streams_;
    LogIndex term_start_;  // our no-op
    LeaderStamps stamps_;
    QuorumContact quorum_;
    LeadershipTransfer transfer_;
};

}  // namespace weft::replication
