// An entity comes into memory through Fetch and leaves it when nobody uses it (docs/design.md,
// "Entities"). The entity waits for its rows, the partition does not. Only a leader activates.

#include "core/error.h"
#include "core/invariant.h"
#include "replication/partition/partition_state.h"
#include "replication/partition/rows.h"

namespace weft::replication {

namespace {

// The read itself failed: nothing is known about the rows.
std::optional<Error> read_error(const FetchResult& result) {
    return std::visit(
        [](const auto& item) -> std::optional<Error> {
            if (item.has_value()) return std::nullopt;
            return item.error();
        },
        result);
}

}  // namespace

void Partition::State::enqueue(const Step& step, entity::Entity& entity, Queued item) {
    if (!entity.loading && !entity.known && !rows_written) {
        // The log began with this group and named no such entity: there is nothing to fetch.
        host.loaded(entity, {}, entity::Kind::Value);
        run(step, entity, item);
        return;
    }
    switch (mailboxes.add(entity.key(), item, options.limits)) {
        case Mailboxes::Added::NoRoom:
            refuse(item.from, item.request.id,
                   make_error(ErrorNumber::MailboxFull, "too many commands wait for the entity"),
                   Outcome::NotDone, step.out);
            return;
        case Mailboxes::Added::Behind:
            return;
        case Mailboxes::Added::First:
            break;
    }
    WEFT_PROBE("partition.activation");
    entity.loading = true;
    const std::string key(entity.key());
    advance_activation(key, *mailboxes.find(key), step.out);
}

// Asks for the next thing the activation needs.
void Partition::State::advance_activation(const std::string& key, Activation& activation,
                                          Effects& out) {
    const entity::Entity& entity = *host.find(key);
    using Phase = Activation::Phase;
    if (activation.phase == Phase::Flush) {
        if (entity.flush_seq > persisted) return;  // rows on their way: read them after
        activation.stale = false;
        activation.image = {};
        activation.have = {};
        activation.after.clear();
        if (entity.known) {
            activation.image = entity.committed;
            activation.phase = Phase::Snapshot;
        } else {
            activation.phase = Phase::Header;
        }
    }
    FetchRequest what;
    if (activation.phase == Phase::Header) {
        what = storage::RowRead{storage::Table::Entity, entity_row_key(prefix(), key)};
    } else if (activation.phase == Phase::Snapshot) {
        what = storage::RowRead{storage::Table::Entity, snapshot_row_key(prefix(), key)};
    } else {
        // A block begins right behind every snapshot (cut_journal_blocks).
        if (activation.after.empty())
            activation.after = journal_row_key(prefix(), key, activation.have);
        storage::RowScan scan;
        scan.table = storage::Table::Journal;
        scan.prefix = journal_prefix(prefix(), key);
        scan.after = activation.after;
        scan.bytes_max = options.limits.page_bytes;
        scan.rows_max = options.limits.page_rows;
        what = std::move(scan);
    }
    activation.fetch = fetch({FetchPurpose::Kind::Activation, key}, std::move(what), out);
}

void Partition::State::on_activation_fetched(const Step& step, const std::string& key,
                                             Fetched& fetched) {
    Activation* const found = mailboxes.find(key);
    // The term was lost meanwhile; if it was won again, the entity may have changed in between and
    // its new activation has asked for itself.
    if (found == nullptr || found->fetch != fetched.id) return;
    if (auto error = read_error(fetched.result)) {
        fail_activation(key, std::move(*error), false, step.out);
        return;
    }
    Activation& activation = *found;
    entity::Entity& entity = *host.find(key);
    using Phase = Activation::Phase;
    bool intact = false;
    switch (activation.phase) {
        case Phase::Flush:
            return;
        case Phase::Header:
            intact = take_header(entity, activation, fetched);
            break;
        case Phase::Snapshot:
            intact = take_snapshot(entity, activation, fetched);
            break;
        case Phase::Journal:
            intact = take_journal(entity, activation, fetched);
            break;
    }
    if (entity.loaded) {
        finish_activation(step, key);
        return;
    }
    if (!intact && activation.stale) {
        activation.phase = Phase::Flush;
        intact = true;
    }
    if (intact) {
        advance_activation(key, activation, step.out);
        return;
    }
    fail_activation(key, make_error(ErrorNumber::DataDamaged, "the entity's rows are damaged"),
                    true, step.out);
}

// The numbers, and all there is of a value.
bool Partition::State::take_header(entity::Entity& entity, Activation& activation,
                                   const Fetched& fetched) {
    const auto* result = std::get_if<Result<storage::FetchedRow>>(&fetched.result);
    if (result == nullptr || !result->has_value()) return false;
    if ((*result)->state == storage::FetchedRow::State::Missing) {
        host.loaded(entity, {}, entity::Kind::Value);
        return true;
    }
    if ((*result)->state == storage::FetchedRow::State::Corrupt) return false;
    const auto row = decode_entity_row((*result)->value.view());
    if (!row) return false;
    activation.image = {.state = {},
                        .revision = row->revision,
                        .version = row->version,
                        .generation = row->generation};
    if (row->kind == entity::Kind::Value) {
        activation.image.state.assign(row->value);
        host.loaded(entity, std::move(activation.image), entity::Kind::Value);
    }
    activation.phase = Activation::Phase::Snapshot;
    return true;
}

bool Partition::State::take_snapshot(const entity::Entity& entity, Activation& activation,
                                     const Fetched& fetched) {
    const auto* result = std::get_if<Result<storage::FetchedRow>>(&fetched.result);
    if (result == nullptr || !result->has_value()) return false;
    if ((*result)->state == storage::FetchedRow::State::Corrupt) return false;
    if ((*result)->state == storage::FetchedRow::State::Found) {
        const auto row = decode_snapshot_row((*result)->value.view());
        if (!row) return false;
        activation.have = row->version;
        activation.image.state.assign(row->state);
    }
    if (entity.unflushed.snapshot_version() > activation.have) {
        activation.have = entity.unflushed.snapshot()->version;
        activation.image.state = entity.unflushed.snapshot()->state;
    }
    activation.phase = Activation::Phase::Journal;
    return true;
}

// Folds one page of blocks, up to where what rows do not hold yet goes on. Blocks written again
// after a restart overlap, and one that replaced a longer one leaves events to the log: an event is
// known by its version, and looked for in memory first (docs/journal-sections.md).
bool Partition::State::take_journal(entity::Entity& entity, Activation& activation,
                                    const Fetched& fetched) {
    const auto* result = std::get_if<Result<storage::FetchedRows>>(&fetched.result);
    if (result == nullptr || !result->has_value()) return false;
    const auto parts = entity::split_key(entity.key());
    const entity::EntityType* type = types.find(parts->type);
    if (type == nullptr) return false;
    const entity::Unflushed& unflushed = entity.unflushed;
    const auto take_unflushed = [&] {
        const bool fits =
            !unflushed.empty() && unflushed.first().value <= activation.have.value + 1;
        return !fits || fold(activation, *type, unflushed.first(), unflushed.records());
    };
    if (!take_unflushed()) return false;
    for (const storage::ScannedRow& row : (*result)->rows) {
        if (activation.have == activation.image.version) break;
        if (row.state != storage::FetchedRow::State::Found) return false;
        const auto block = decode_journal_row(row.key, row.value.view());
        if (!block || !fold(activation, *type, block->first, block->records)) return false;
        if (!take_unflushed()) return false;
        activation.after = row.key;
    }
    if (activation.have == activation.image.version) {
        host.loaded(entity, std::move(activation.image), entity::Kind::EventSourced);
        return true;
    }
    return !(*result)->last;
}

bool Partition::State::fold(Activation& activation, const entity::EntityType& type, Version first,
                            std::string_view records) {
    if (first.value > activation.have.value + 1) return false;  // events are missing
    Version version = first;
    while (!records.empty() && version <= activation.image.version) {
        const auto record = entity::take_event_record(records);
        if (!record) return false;
        if (version > activation.have) {
            auto state = type.apply(activation.image.state, record->bytes);
            if (!state) return false;
            activation.image.state = std::move(*state);
            activation.have = version;
        }
        version.value += 1;
    }
    return true;
}

void Partition::State::fail_activation(const std::string& key, Error error, bool damage,
                                       Effects& out) {
    host.find(key)->loading = false;
    while (const auto item = mailboxes.next(key))
        refuse(item->from, item->request.id, error, Outcome::NotDone, out);
    if (!damage) return;
    log.error("partition.row_damaged", {{"group", group()}});
    replica.mark_damaged(LogIndex{});  // the log cannot give rows back: only a snapshot can
}

void Partition::State::finish_activation(const Step& step, const std::string& key) {
    entity::Entity& entity = *host.find(key);
    while (const auto item = mailboxes.next(key)) run(step, entity, *item);
}

void Partition::State::passivate(const Step& step) {
    if (!passivation.step(step.now, host, {persisted, replica.base().index}, sweep.runs())) return;
    if (!sweep.runs()) begin_sweep(true);
    if (!sweep.own()) return;
    sweep_some(step, options.limits.own_sweep_rows);
    if (sweep.runs()) passivation.go_on(step.now.mono);
}

}  // namespace weft::replication
