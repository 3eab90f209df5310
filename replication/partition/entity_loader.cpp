#include "replication/partition/entity_loader.h"

#include "entity/kind.h"
#include "replication/partition/fetches.h"
#include "replication/partition/rows.h"

#include <utility>

namespace weft::replication {

std::optional<FetchRequest> EntityLoader::next(const entity::Entity& entity,
                                               const std::string& prefix, PersistSeq persisted,
                                               const PartitionLimits& limits) {
    if (phase_ == Phase::Flush) {
        if (entity.flush_seq > persisted) return std::nullopt;  // read after them
        stale_ = false;
        image_ = entity.known ? entity.committed : entity::Image{};
        kind_ = entity.kind;
        have_ = {};
        after_.clear();
        phase_ = entity.known ? Phase::Snapshot : Phase::Header;
    }
    const std::string_view key = entity.key();
    if (phase_ == Phase::Header)
        return storage::RowRead{storage::Table::Entity, entity_row_key(prefix, key)};
    if (phase_ == Phase::Snapshot)
        return storage::RowRead{storage::Table::Entity, snapshot_row_key(prefix, key)};
    // A block begins right behind every snapshot (cut_journal_blocks).
    if (after_.empty()) after_ = journal_row_key(prefix, key, have_);
    return page_behind(after_, storage::Table::Journal, journal_prefix(prefix, key), limits);
}

EntityLoader::Taken EntityLoader::take(const entity::Entity& entity, const entity::TypeTable& types,
                                       const Fetched& fetched) {
    const Taken taken = take_row(entity, types, fetched);
    if (taken != Taken::Damaged || !stale_) return taken;
    phase_ = Phase::Flush;
    return Taken::More;
}

EntityLoader::Taken EntityLoader::take_row(const entity::Entity& entity,
                                           const entity::TypeTable& types, const Fetched& fetched) {
    if (phase_ == Phase::Journal) {
        const auto* page = std::get_if<Result<storage::FetchedRows>>(&fetched.result);
        const auto* type = types.find(entity::split_key(entity.key())->type);
        if (page == nullptr || !page->has_value() || type == nullptr) return Taken::Damaged;
        return take_journal(entity, *type, **page);
    }
    const auto* row = std::get_if<Result<storage::FetchedRow>>(&fetched.result);
    if (row == nullptr || !row->has_value()) return Taken::Damaged;
    if ((*row)->state == storage::FetchedRow::State::Corrupt) return Taken::Damaged;
    return phase_ == Phase::Header ? take_header(**row) : take_snapshot(entity, **row);
}

// The numbers, and all there is of a value.
EntityLoader::Taken EntityLoader::take_header(const storage::FetchedRow& found) {
    if (found.state == storage::FetchedRow::State::Missing) return Taken::Loaded;
    const auto row = decode_entity_row(found.value.view());
    if (!row) return Taken::Damaged;
    image_ = {.state = {}, .standing = row->standing};
    kind_ = row->kind;
    if (entity::rules_of(kind_).state_on_all) {
        image_.state.assign(row->value);
        return Taken::Loaded;
    }
    phase_ = Phase::Snapshot;
    return Taken::More;
}

EntityLoader::Taken EntityLoader::take_snapshot(const entity::Entity& entity,
                                                const storage::FetchedRow& found) {
    if (found.state == storage::FetchedRow::State::Found) {
        const auto row = decode_snapshot_row(found.value.view());
        if (!row) return Taken::Damaged;
        have_ = row->version;
        image_.state.assign(row->state);
    }
    if (entity.unflushed.snapshot_version() > have_) {
        have_ = entity.unflushed.snapshot()->version;
        image_.state = entity.unflushed.snapshot()->state;
    }
    phase_ = Phase::Journal;
    return Taken::More;
}

// Folds one page of blocks, up to where what rows do not hold yet goes on. Blocks written again
// after a restart overlap, and one that replaced a longer one leaves events to the log: an event is
// known by its version, and looked for in memory first (docs/journal-sections.md).
EntityLoader::Taken EntityLoader::take_journal(const entity::Entity& entity,
                                               const entity::EntityType& type,
                                               const storage::FetchedRows& page) {
    const entity::Unflushed& unflushed = entity.unflushed;
    const auto take_unflushed = [&] {
        const bool fits = !unflushed.empty() && unflushed.first().value <= have_.value + 1;
        return !fits || fold(type, unflushed.first(), unflushed.records());
    };
    if (!take_unflushed()) return Taken::Damaged;
    for (const storage::ScannedRow& row : page.rows) {
        if (have_ == image_.standing.version) break;
        if (row.state != storage::FetchedRow::State::Found) return Taken::Damaged;
        const auto block = decode_journal_row(row.key, row.value.view());
        if (!block || !fold(type, block->first, block->records)) return Taken::Damaged;
        if (!take_unflushed()) return Taken::Damaged;
        after_ = row.key;
    }
    if (have_ == image_.standing.version) return Taken::Loaded;
    return page.last ? Taken::Damaged : Taken::More;
}

bool EntityLoader::fold(const entity::EntityType& type, Version first, std::string_view records) {
    if (first.value > have_.value + 1) return false;  // events are missing
    Version version = first;
    while (!records.empty() && version <= image_.standing.version) {
        const auto record = entity::take_event_record(records);
        if (!record) return false;
        if (version > have_) {
            auto state = type.apply(image_.state, record->bytes);
            if (!state) return false;
            image_.state = std::move(*state);
            have_ = version;
        }
        version.value += 1;
    }
    return true;
}

}  // namespace weft::replication
