#pragma once
// One entity comes into memory out of its rows: header, newest snapshot, then journal blocks page
// by page, each read when the one before is there. What is in memory of it already is not read.
// Rows that were on their way, or are written meanwhile, make it begin again before it calls them
// damaged.

#include "core/ids.h"
#include "entity/host.h"
#include "entity/type.h"
#include "replication/effects.h"
#include "replication/partition/partition.h"
#include "replication/raft/events.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::replication {

class EntityLoader {
public:
    // What is to be read next. Nothing: rows of it are on their way to the disk.
    std::optional<FetchRequest> next(const entity::Entity& entity, const std::string& prefix,
                                     PersistSeq persisted, const PartitionLimits& limits);
    void asked(FetchId fetch) { fetch_ = fetch; }
    // It is the answer that counts.
    bool awaits(FetchId fetch) const { return phase_ != Phase::Flush && fetch_ == fetch; }
    bool waits_for_disk() const { return phase_ == Phase::Flush; }
    void rows_written() { stale_ = true; }

    enum class Taken : std::uint8_t { More, Loaded, Damaged };
    Taken take(const entity::Entity& entity, const entity::TypeTable& types,
               const Fetched& fetched);
    // Once it is loaded; to be moved from.
    entity::Image& image() { return image_; }
    entity::Kind kind() const { return kind_; }

private:
    enum class Phase : std::uint8_t { Flush, Header, Snapshot, Journal };
    Taken take_row(const entity::Entity& entity, const entity::TypeTable& types,
                   const Fetched& fetched);
    Taken take_header(const storage::FetchedRow& row);
    Taken take_snapshot(const entity::Entity& entity, const storage::FetchedRow& row);
    Taken take_journal(const entity::Entity& entity, const entity::EntityType& type,
                       const storage::FetchedRows& page);
    bool fold(const entity::EntityType& type, Version first, std::string_view records);

    Phase phase_ = Phase::Flush;
    FetchId fetch_;
    bool stale_ = false;   // its rows were written meanwhile: read again on a gap
    entity::Image image_;  // numbers it must reach; state and `have_` as folded so far
    entity::Kind kind_ = entity::Kind::Value;
    Version have_;
    std::string after_;  // journal key to go on behind
};

}  // namespace weft::replication
