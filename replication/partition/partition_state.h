#pragma once
// Inside of Partition: a switchboard between classes with a state of their own, each of which has
// its header here. Its own functions are split over files: partition.cpp (steps), snapshots.cpp,
// sweep.cpp, submit.cpp (what is let in), run.cpp (handlers, entries), apply.cpp
// (committed entries), activation.cpp, views.cpp.

#include "core/ids.h"
#include "entity/host.h"
#include "replication/partition/admission.h"
#include "replication/partition/applied.h"
#include "replication/partition/command_entry.h"
#include "replication/partition/early_commands.h"
#include "replication/partition/ended_early.h"
#include "replication/partition/entity_loader.h"
#include "replication/partition/fetches.h"
#include "replication/partition/flight.h"
#include "replication/partition/log_feed.h"
#include "replication/partition/mailboxes.h"
#include "replication/partition/partition.h"
#include "replication/partition/passivation.h"
#include "replication/partition/reads.h"
#include "replication/partition/refused.h"
#include "replication/partition/row_sweep.h"
#include "replication/partition/sections.h"
#include "replication/partition/serving.h"
#include "replication/partition/session_loader.h"
#include "replication/partition/sessions.h"
#include "replication/partition/snapshot_receiver.h"
#include "replication/partition/snapshot_sender.h"
#include "replication/partition/stored_rows.h"

#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {

struct Partition::State {
    State(PartitionOptions o, const storage::RecoveredGroup& recovered, const entity::TypeTable& t,
          Random random, weft::Log l);

    // partition.cpp
    void step(const Step& step, PartitionEvent&& event);
    void on(const Step& step, const ReplicaEvent& event);
    void on(const Step& step, const ReadsConfirmed& confirmed);
    void on(const Step& step, const ConfirmGivenUp& given_up);
    void on(const Step& step, Fetched& fetched);
    void on(const Step& step, const Persisted& done);
    void on(const Step& step, FromPeer& message);
    void after_step(const Step& step);
    std::optional<Term> leads() const;
    Serving::Group group_now() const;
    void follow_leadership(const Step& step);
    void lose_leadership(Effects& out);
    Instant next_deadline() const;
    void check() const;
    PartitionId group() const { return options.replica.group; }
    std::string prefix() const;
    void rows_damaged(std::string_view event);
    FetchId fetch(FetchPurpose purpose, FetchRequest what, Effects& out);

    // submit.cpp
    void on(const Step& step, Submit& submit);
    void give_back(const Step& step, std::vector<Early> waited);
    Load load() const;
    void resolve(const Step& step, const Submit& submit);
    bool make_room(const Step& step);
    bool admitted(const Step& step, const Origin& from, const Request& request);
    void refuse(Refused refused, Effects& out);
    void refuse_all(std::vector<Refused> all, Effects& out);

    // run.cpp
    void run(const Step& step, entity::Entity& entity, const Queued& item);
    void run_read(const Step& step, entity::Entity& entity, const Queued& item);
    void run_write(const Step& step, entity::Entity& entity, const Queued& item);

    // apply.cpp
    void apply_committed(const Step& step, std::optional<Term> only);
    Bytes next_entry(Effects& out);
    void on_log_fetched(Fetched& fetched);
    void apply(const Step& step, const Bytes& encoded);
    void change_entity(Now now, const EntryHeader& header, const DecodedEntry& entry);
    void tell_ended(Instant now, std::size_t ended);
    void finish_flight(const InFlight& item, Reply reply, Effects& out);
    void load_sessions(Effects& out);

    // activation.cpp
    void enqueue(const Step& step, entity::Entity& entity, Queued item);
    void advance_activation(const std::string& key, EntityLoader& loader, Effects& out);
    void on_activation_fetched(const Step& step, const std::string& key, const Fetched& fetched);
    void fail_activation(const std::string& key, Error error, bool damage, Effects& out);
    void passivate(const Step& step);

    // sweep.cpp
    void on(const Step& step, const Sweep& event);
    std::size_t sweep_some(const Step& step, std::size_t most);
    void move_base(const Step& step);

    // snapshots.cpp
    SnapshotSender::Rows snapshot_rows() const;
    void send_snapshots(const Step& step);
    void read_snapshot_page(Effects& out);
    void on_snapshot_chunk(const Step& step, NodeId from, SnapshotChunk&& chunk);
    bool has_all(LogPosition at) const;
    void receive(const Step& step, SnapshotReceiver::Wants wants);
    void install_snapshot(const Step& step);

    PartitionOptions options;
    const entity::TypeTable& types;
    weft::Log log;
    Replica replica;
    entity::Host host;
    Sessions sessions;
    WaitingReads reads;
    EntryWriter entries;

    Applied applied;
    StoredRows stored;

    Serving serving;
    EarlyCommands early;
    Flight flight;
    Mailboxes mailboxes;

    Fetches fetches;
    LogFeed log_feed;
    SessionLoader session_loader;

    EndedEarly ended_early;

    RowSweep sweep;
    Passivation passivation;
    SnapshotSender sender;
    SnapshotReceiver receiver;
};

}  // namespace weft::replication
