#include "replication/partition/partition.h"

#include "core/invariant.h"
#include "replication/partition/partition_state.h"
#include "replication/partition/rows.h"

#include <algorithm>
#include <utility>

namespace weft::replication {

namespace {

SessionLimits session_limits(const PartitionLimits& limits) {
    return {.window = limits.session_window,
            .reply_bytes = limits.session_reply_bytes,
            .sessions = limits.sessions,
            .spared_ms = limits.session_spared_ms};
}

}  // namespace

Partition::State::State(PartitionOptions o, const storage::RecoveredGroup& recovered,
                        const entity::TypeTable& t, Random random, weft::Log l)
    : options(std::move(o)),
      types(t),
      log(l),
      replica(options.replica, recovered, random, l),
      sessions(session_limits(options.limits)),
      applied(recovered.base),
      stored(recovered.base.index),
      session_loader(stored.any()),
      sweep(options.limits),
      passivation(group(), options.limits),
      sender(group(), options.limits, l),
      receiver(group(), options.replica.since, options.limits, l) {}

// ---- one step ---------------------------------------------------------------------------------

void Partition::State::step(const Step& step, PartitionEvent&& event) {
    std::visit([&](auto& what) { on(step, what); }, event);
    after_step(step);
}

// What concerns the log alone; for anything else there is an overload of its own.
void Partition::State::on(const Step& step, const ReplicaEvent& event) {
    replica.step(step.now, event, step.out);
}

void Partition::State::on(const Step&, const ReadsConfirmed& confirmed) {
    if (serving.in(confirmed.term)) reads.confirm(confirmed.ticket);
}

void Partition::State::on(const Step& step, const ConfirmGivenUp& given_up) {
    if (serving.in(given_up.term) && !reads.empty())
        step.out.list.push_back(WantConfirm{group(), given_up.term, reads.last_ticket()});
}

void Partition::State::on(const Step& step, Fetched& fetched) {
    if (Replica::is_own_fetch(fetched.id)) return replica.step(step.now, fetched, step.out);
    const auto purpose = fetches.answered(fetched.id);
    if (!purpose) return;
    switch (purpose->kind) {
        case FetchPurpose::Kind::Log:
            on_log_fetched(fetched);
            break;
        case FetchPurpose::Kind::Sessions:
            if (!session_loader.take(fetched, sessions, applied.index(), applied.stamp_ms()))
                rows_damaged("partition.session_damaged");
            break;
        case FetchPurpose::Kind::Activation:
            on_activation_fetched(step, purpose->entity_key, fetched);
            break;
        case FetchPurpose::Kind::SnapshotRows:
            if (!sender.take(step, fetched)) rows_damaged("partition.row_damaged");
            break;
        case FetchPurpose::Kind::StagingRow:
            receive(step,
                    receiver.on_staging_row(step, fetched, replica.term(), replica.base().space));
            break;
    }
}

void Partition::State::on(const Step& step, const Persisted& done) {
    replica.step(step.now, done, step.out);
    stored.persisted(done.seq);
    host.persisted(stored.on_disk());
    mailboxes.for_each([&](const std::string& key, Activation& activation) {
        if (activation.loader.waits_for_disk())
            advance_activation(key, activation.loader, step.out);
    });
    receiver.persisted(stored.on_disk(), replica.term(), step.out);
}

// A snapshot is the partition's; the replica takes of its pieces who leads.
void Partition::State::on(const Step& step, FromPeer& message) {
    replica.step(step.now, message, step.out);
    if (auto* chunk = std::get_if<SnapshotChunk>(&message.message))
        on_snapshot_chunk(step, message.from, std::move(*chunk));
    if (const auto* answer = std::get_if<SnapshotAnswer>(&message.message)) {
        if (const auto sent = sender.answered(step, message.from, *answer, snapshot_rows()))
            replica.snapshot_sent(sent->to, sent->at);
        read_snapshot_page(step.out);
    }
}

void Partition::State::after_step(const Step& step) {
    load_sessions(step.out);
    follow_leadership(step);
    apply_committed(step, std::nullopt);
    follow_leadership(step);
    if (serving && !reads.empty()) {
        std::vector<WaitingRead> ready;
        reads.release(replica.commit(), ready);
        for (WaitingRead& read : ready)
            step.out.list.push_back(SendReply{read.to, std::move(read.reply)});
    }
    passivate(step);
    send_snapshots(step);
    if (const auto at = receiver.at()) receive(step, receiver.drive(step, has_all(*at)));
}

std::optional<Term> Partition::State::leads() const {
    return replica.role() == Role::Leader ? std::optional(replica.term()) : std::nullopt;
}

Serving::Group Partition::State::group_now() const {
    return {.leads = leads(),
            .hands_over = replica.transferring(),
            .intact = !applied.blocked() && !replica.damaged(),
            .loaded = session_loader.done(),
            .all_applied = replica.no_op_committed() && applied.index() == replica.last_index()};
}

void Partition::State::follow_leadership(const Step& step) {
    if (const auto over = serving.over(leads())) {
        // What was committed in our term is done; only the rest is uncertain.
        apply_committed(step, *over);
        lose_leadership(step.out);
    }
    if (early.empty() && (serving || !leads())) return;  // nearly always
    const Serving::Group now = group_now();
    if (!early.empty() && !serving.soon(now)) refuse_all(early.refuse(), step.out);
    if (!serving.may_begin(now)) return;
    if (sessions.floor().applied > applied.index()) {
        // Its row names an entry that no log holds, so nothing vouches for it.
        rows_damaged("partition.session_damaged");
        return refuse_all(early.refuse(), step.out);
    }
    serving.begin(replica.term());
    log.info("partition.serving",
             {{"group", group()}, {"term", replica.term()}, {"applied", applied.index()}});
    step.out.list.push_back(RoleChanged{group()});
    give_back(step, early.serve(step.now.mono));
}

void Partition::State::lose_leadership(Effects& out) {
    WEFT_PROBE("partition.stopped_serving");
    log.info("partition.stopped_serving", {{"group", group()}, {"term", *serving.term()}});
    serving.end();
    Flight::Lost lost = flight.lose();
    for (entity::Entity* entity : lost.entities) host.drop_ahead(*entity);
    sessions.drop_ahead();
    mailboxes.for_each(
        [&](const std::string& key, const Activation&) { host.find(key)->loading = false; });
    refuse_all(std::move(lost.refused), out);
    refuse_all(reads.refuse(), out);
    refuse_all(mailboxes.refuse(), out);
}

// ---- what was read ------------------------------------------------------------------------------

FetchId Partition::State::fetch(FetchPurpose purpose, FetchRequest what, Effects& out) {
    const FetchId id = fetches.ask(std::move(purpose));
    out.list.push_back(Fetch{group(), id, std::move(what)});
    return id;
}

// The log cannot give rows back: only a snapshot can.
void Partition::State::rows_damaged(std::string_view event) {
    log.error(event, {{"group", group()}});
    replica.mark_damaged(LogIndex{});
}

Instant Partition::State::next_deadline() const {
    return std::min(
        {replica.next_deadline(), passivation.deadline(), sender.deadline(), receiver.deadline()});
}

std::string Partition::State::prefix() const { return rows_prefix(group(), replica.base().space); }

// ---- checks -----------------------------------------------------------------------------------

void Partition::State::check() const {
    replica.check();
    host.check();
    sessions.check();
    applied.check(replica.commit(), replica.base().index);
    flight.check(applied.index());
    reads.check(replica.commit());
    serving.check(flight.size() + reads.size() + mailboxes.size());
    mailboxes.check();
    early.check(serving.soon(group_now()));
    sender.check(leads(), replica.base().index);
    receiver.check(replica.base().space);
    sweep.check(applied.index());
}

// ---- the public face ----------------------------------------------------------------------------

Partition::Partition(PartitionOptions options, storage::RecoveredGroup recovered,
                     const entity::TypeTable& types, Random random, weft::Log log)
    : state_(std::make_unique<State>(std::move(options), recovered, types, random, log)) {}
Partition::~Partition() = default;
Partition::Partition(Partition&&) noexcept = default;

void Partition::step(Now now, PartitionEvent event, Effects& out) {
    state_->step({now, out}, std::move(event));
}
Instant Partition::next_deadline() const { return state_->next_deadline(); }
const Replica& Partition::replica() const { return state_->replica; }
bool Partition::ready() const { return state_->serving.term().has_value(); }
std::size_t Partition::dirty_bytes() const { return state_->host.dirty_bytes(); }
void Partition::check() const { state_->check(); }

}  // namespace weft::replication
