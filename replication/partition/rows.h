#pragma once
// Keys and values of a group's rows (grammar in docs/journal-sections.md). Every row carries the
// index of the last entry it contains (S26); what is read back is checked as hostile.
//
//   Entity   prefix | entity key                         numbers, and the value of a value entity
//   Entity   prefix | entity key | 00                    newest snapshot of an event-sourced one
//   Journal  prefix | entity key | 00 | first version    event records from that version on
//   Session  prefix | client | start
//   Session  prefix | 24 zero bytes                      the floor of session starts
//   Meta     "staging" | group                           last space a snapshot was staged in
// where prefix = group u32 | space u32 and all numbers in keys are big-endian.

#include "core/ids.h"
#include "core/standing.h"
#include "entity/host.h"
#include "replication/partition/sessions.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace weft::replication {

inline constexpr std::size_t kRowPrefixBytes = 8;
// Above this LMDB takes overflow pages.
inline constexpr std::size_t kJournalBlockBytes = 2000;

std::string rows_prefix(PartitionId group, RowSpace space);
std::string entity_row_key(std::string_view prefix, std::string_view entity_key);
std::string snapshot_row_key(std::string_view prefix, std::string_view entity_key);
// Prefix of all journal rows of one entity; with a version: the key of the block that begins there.
std::string journal_prefix(std::string_view prefix, std::string_view entity_key);
std::string journal_row_key(std::string_view prefix, std::string_view entity_key, Version first);
std::string session_row_key(std::string_view prefix, const SessionName& name);
std::string staging_row_key(PartitionId group);

struct EntityRow {
    LogIndex applied{};
    Standing standing{};
    entity::Kind kind = entity::Kind::Value;
    std::string_view value;
};
std::string encode_entity_row(const EntityRow& row);
Result<EntityRow> decode_entity_row(std::string_view bytes);

struct SnapshotRow {
    LogIndex applied{};
    Version version{};
    std::string_view state;
};
std::string encode_snapshot_row(const SnapshotRow& row);
Result<SnapshotRow> decode_snapshot_row(std::string_view bytes);

struct JournalRow {
    Version first{};
    LogIndex applied{};
    std::string_view records;  // entity::take_event_record
};
std::string encode_journal_row(const JournalRow& row);
// The first version is in the key's last 8 bytes.
Result<JournalRow> decode_journal_row(std::string_view key, std::string_view bytes);

// Cuts unflushed records into blocks: near kJournalBlockBytes, and always behind the snapshot, so
// that an activation can begin its scan at a block.
void cut_journal_blocks(const entity::Unflushed& unflushed,
                        const std::function<void(Version first, std::string_view records)>& block);

std::string encode_session_row(const Session& session);
Result<void> decode_session_row(std::string_view bytes, Session& session);
Result<SessionName> decode_session_key(std::string_view key);

// Its key is that of a session without a client, which no request can name.
std::string floor_row_key(std::string_view prefix);
bool is_floor_key(const SessionName& name);
std::string encode_floor_row(const SessionFloor& floor);
Result<SessionFloor> decode_floor_row(std::string_view bytes);

}  // namespace weft::replication
