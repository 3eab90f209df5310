// The transfers of snapshots, as the log and the rest of the partition take part in them
// (snapshot_sender.h, snapshot_receiver.h).

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/partition_state.h"
#include "replication/partition/rows.h"

#include <utility>

namespace weft::replication {

// ---- to a peer ----------------------------------------------------------------------------------

SnapshotSender::Rows Partition::State::snapshot_rows() const {
    return {replica.base(), replica.last_persist_seq(), stored.on_disk()};
}

void Partition::State::send_snapshots(const Step& step) {
    sender.follow(leads());
    if (!leads() || !session_loader.done()) return;
    const auto to = sender.to();
    if (sender.wants_peer(step.now.mono, to && !replica.in_contact(step.now, *to))) {
        if (const auto next = replica.needs_snapshot(step.now, sender.last_peer())) {
            sender.begin(step.now.mono, *next, replica.term());
            if (!sweep.runs())
                sweep.begin(applied.last(), true, host);  // else it helps the one that runs
        }
    }
    if (sweep.runs() && sender.wants_sweep(step.now.mono))
        sweep_some(step, options.limits.snapshot_sweep_rows);
    sender.drive(step, !sweep.runs(), snapshot_rows());
    read_snapshot_page(step.out);
}

void Partition::State::read_snapshot_page(Effects& out) {
    if (!sender.wants_page()) return;
    auto page = page_behind(sender.after(), sender.table(), prefix(), options.limits);
    sender.asked(fetch({FetchPurpose::Kind::SnapshotRows, {}}, std::move(page), out));
}

// ---- from the leader ----------------------------------------------------------------------------

void Partition::State::on_snapshot_chunk(const Step& step, NodeId from, SnapshotChunk&& chunk) {
    SnapshotReceiver::Follower here{.term = replica.term(),
                                    .leader = {},
                                    .named_commit = replica.named_commit(),
                                    .has_all = has_all(chunk.at)};
    if (replica.role() == Role::Follower) here.leader = replica.leader();
    receive(step, receiver.on_chunk(step, from, std::move(chunk), here));
}

// What is there up to that base is whole: it is committed, or the log on disk holds the very entry,
// and with it all before.
bool Partition::State::has_all(LogPosition at) const {
    const bool held = at.index <= replica.durable_index() && replica.term_at(at.index) == at.term;
    return (held || at.index <= replica.commit()) && !replica.lacks_data();
}

void Partition::State::receive(const Step& step, SnapshotReceiver::Wants wants) {
    if (receiver.staging()) {
        replica.forbid_campaign(Ban::Installing);
    } else {
        replica.allow_campaign(Ban::Installing);
    }
    if (wants.install) install_snapshot(step);
    if (wants.persist) receiver.marked(replica.persist_mark(step.out));
    if (!wants.staging_row) return;
    receiver.asked(fetch({FetchPurpose::Kind::StagingRow, {}},
                         storage::RowRead{storage::Table::Meta, staging_row_key(group())},
                         step.out));
}

void Partition::State::install_snapshot(const Step& step) {
    const RowSpace former = replica.base().space;
    const storage::LogBase& base = receiver.base();
    replica.install(step.now, base, step.out);
    if (replica.base().space != base.space) {  // the log has gone past it, or holds what it lacks
        if (replica.lacks_data() || replica.commit() < base.index) receiver.useless();
        erase_space(group(), base.space, step.out.batch);
        return;
    }
    WEFT_PROBE("partition.snapshot_installed");
    log.info("partition.snapshot_installed", {{"group", group()}, {"at", base.index}});
    erase_space(group(), former, step.out.batch);
    host.clear();
    if (!WEFT_MUTANT(SnapshotKeepsSessions)) sessions.clear();
    log_feed.forget();
    sweep.forget();
    applied.install(base);
    replica.allow_campaign(Ban::Blocked);
    stored.written();
    // Rows are read again once they are on disk.
    session_loader.begin_anew({replica.last_persist_seq().value + 1});
}

}  // namespace weft::replication
