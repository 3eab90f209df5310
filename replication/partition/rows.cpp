#include "replication/partition/rows.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "entity/kind.h"

#include <limits>

namespace weft::replication {

namespace {

constexpr std::uint8_t kRowFormat = 1;
constexpr char kBelowEntity = '\0';  // ids hold no NUL: what follows belongs to that entity alone
constexpr std::uint8_t kExists = 1;
constexpr std::uint8_t kClosed = 2;

std::string joined(std::string_view a, std::string_view b) {
    std::string key;
    key.reserve(a.size() + b.size() + 16);
    key.append(a).append(b);
    return key;
}

void put_standing(ByteWriter& writer, const Standing& standing) {
    writer.put(standing.revision.value);
    writer.put(standing.version.value);
    writer.put(standing.generation.value);
}

Standing get_standing(ByteReader& reader) {
    Standing standing;
    standing.revision.value = reader.get<std::uint64_t>();
    standing.version.value = reader.get<std::uint64_t>();
    standing.generation.value = reader.get<std::uint64_t>();
    return standing;
}

// Reads the format byte that opens every row; the reason when it is not ours.
Result<void> check_format(ByteReader& reader, std::string_view what) {
    const auto format = reader.get<std::uint8_t>();
    if (reader.bad()) return fail(ErrorNumber::DataDamaged, "an empty {} row", what);
    if (format > kRowFormat)
        return fail(ErrorNumber::NewerFormat, "{} row of format {}", what, format);
    if (format != kRowFormat)
        return fail(ErrorNumber::DataDamaged, "{} row of format {}", what, format);
    return {};
}

}  // namespace

// ---- keys ---------------------------------------------------------------------------------------
// A key sorts as it is read: group, space, then the entity, and below an entity its snapshot and
// the blocks of its journal by version. What a sweep, a snapshot or a listing wants is then one
// range, and a whole space is erased by its prefix. Numbers are stored with the highest byte first
// for that.

std::string rows_prefix(PartitionId group, RowSpace space) {
    std::string prefix;
    ByteWriter writer(prefix);
    writer.put_sorted(group.value);
    writer.put_sorted(space.value);
    return prefix;
}

std::string entity_row_key(std::string_view prefix, std::string_view entity_key) {
    return joined(prefix, entity_key);
}

std::string snapshot_row_key(std::string_view prefix, std::string_view entity_key) {
    return joined(prefix, entity_key) + kBelowEntity;
}

std::string journal_prefix(std::string_view prefix, std::string_view entity_key) {
    return joined(prefix, entity_key) + kBelowEntity;
}

std::string journal_row_key(std::string_view prefix, std::string_view entity_key, Version first) {
    std::string key = journal_prefix(prefix, entity_key);
    ByteWriter(key).put_sorted(first.value);
    return key;
}

std::string session_row_key(std::string_view prefix, const SessionName& name) {
    std::string key(prefix);
    ByteWriter writer(key);
    writer.put_id(name.client);
    writer.put_sorted(static_cast<std::uint64_t>(name.start_ms));
    return key;
}

// Outside of every space: it says which one a snapshot goes into, and must outlive that one.
std::string staging_row_key(PartitionId group) {
    std::string key = "staging";
    ByteWriter(key).put_sorted(group.value);
    return key;
}

// ---- rows ---------------------------------------------------------------------------------------
// Each row tells the entry that it contains (`applied`): rows are swept one after the other while
// the group goes on, so the table as a whole is of no single index. One index for all would need a
// sweep that stops the group, or copies of everything that changes meanwhile. What is read may be
// damaged, forged (a snapshot comes from a peer) or of a later weft. The first two are damage and
// heal by a snapshot; the third is none, and the group waits for a weft that can read it.

std::string encode_entity_row(const EntityRow& row) {
    std::string bytes;
    bytes.reserve(40 + row.value.size());
    ByteWriter writer(bytes);
    writer.put(kRowFormat);
    writer.put(static_cast<std::uint8_t>(row.kind));
    writer.put(row.applied.value);
    put_standing(writer, row.standing);
    writer.put_bytes(row.value);
    return bytes;
}

Result<EntityRow> decode_entity_row(std::string_view bytes) {
    ByteReader reader(bytes);
    if (auto format = check_format(reader, "entity"); !format)
        return std::unexpected(std::move(format).error());
    EntityRow row;
    const auto kind = reader.get<std::uint8_t>();
    row.kind = entity::Kind{kind};
    row.applied.value = reader.get<std::uint64_t>();
    row.standing = get_standing(reader);
    row.value = reader.rest();
    if (reader.bad()) return fail(ErrorNumber::DataDamaged, "an entity row is cut short");
    if (!row.standing.exists())
        return fail(ErrorNumber::DataDamaged, "a row of an entity that does not exist");
    if (entity::find_rules(kind) == nullptr)
        return fail(ErrorNumber::NewerFormat, "an entity row of kind {}", kind);
    return row;
}

std::string encode_snapshot_row(const SnapshotRow& row) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(kRowFormat);
    writer.put(row.applied.value);
    writer.put(row.version.value);
    writer.put_bytes(row.state);
    return bytes;
}

Result<SnapshotRow> decode_snapshot_row(std::string_view bytes) {
    ByteReader reader(bytes);
    if (auto format = check_format(reader, "snapshot"); !format)
        return std::unexpected(std::move(format).error());
    SnapshotRow row;
    row.applied.value = reader.get<std::uint64_t>();
    row.version.value = reader.get<std::uint64_t>();
    row.state = reader.rest();
    if (reader.bad()) return fail(ErrorNumber::DataDamaged, "a snapshot row is cut short");
    return row;
}

std::string encode_journal_row(const JournalRow& row) {
    std::string bytes;
    bytes.reserve(16 + row.records.size());
    ByteWriter writer(bytes);
    writer.put(kRowFormat);
    writer.put(row.applied.value);
    writer.put_bytes(row.records);
    return bytes;
}

Result<JournalRow> decode_journal_row(std::string_view key, std::string_view bytes) {
    constexpr std::size_t kVersionBytes = 8;
    if (key.size() <= kRowPrefixBytes + kVersionBytes)
        return fail(ErrorNumber::DataDamaged, "a journal key of {} bytes", key.size());
    ByteReader reader(bytes);
    if (auto format = check_format(reader, "journal"); !format)
        return std::unexpected(std::move(format).error());
    JournalRow row;
    row.first.value =
        ByteReader(key.substr(key.size() - kVersionBytes)).get_sorted<std::uint64_t>();
    row.applied.value = reader.get<std::uint64_t>();
    row.records = reader.rest();
    if (reader.bad()) return fail(ErrorNumber::DataDamaged, "a journal row is cut short");
    return row;
}

// A block ends where it is full, and behind the entity's snapshot: who folds from the snapshot
// begins with a whole block. One row per event would cost a key for each; one row for all would be
// written anew with each sweep.
void cut_journal_blocks(const entity::Unflushed& unflushed,
                        const std::function<void(Version first, std::string_view records)>& block) {
    const std::string records = unflushed.records();
    std::string_view rest = records;
    std::string_view open = rest;  // begins with the block's first record
    Version open_first = unflushed.first();
    Version next = unflushed.first();
    while (!rest.empty()) {
        std::string_view after = rest;
        if (!entity::take_event_record(after)) break;  // only this program wrote them
        const bool full = open.size() - after.size() > kJournalBlockBytes;
        const bool behind_snapshot = next.value == unflushed.snapshot_version().value + 1;
        if ((full || behind_snapshot) && open.size() != rest.size()) {
            block(open_first, open.substr(0, open.size() - rest.size()));
            open = rest;
            open_first = next;
        }
        rest = after;
        next.value += 1;
    }
    if (open.size() != rest.size()) block(open_first, open.substr(0, open.size() - rest.size()));
}

// Only what applied entries say; what a leader has ahead of them is not replicated. Its size is
// bounded at admission, where a command can still be refused: five replies of 1 MiB that were let
// in together once made a row that no sweep could write.
std::string encode_session_row(const Session& session) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(kRowFormat);
    writer.put(session.applied.value);
    writer.put(session.lowest_open);
    writer.put(static_cast<std::uint32_t>(session.remembered.size()));
    for (const Remembered& item : session.remembered) {
        writer.put(item.seq);
        writer.put_id(item.digest);
        writer.put(static_cast<std::uint8_t>(item.outcome));
        writer.put(static_cast<std::uint8_t>((item.standing.exists() ? kExists : 0) |
                                             (item.closed ? kClosed : 0)));
        writer.put(item.error_number);
        writer.put(item.index.value);
        put_standing(writer, item.standing);
        writer.put_blob(item.text);
    }
    return bytes;
}

Result<void> decode_session_row(std::string_view bytes, Session& session) {
    ByteReader reader(bytes);
    if (auto format = check_format(reader, "session"); !format) return format;
    session.applied.value = reader.get<std::uint64_t>();
    session.lowest_open = reader.get<std::uint64_t>();
    const auto count = reader.get<std::uint32_t>();
    std::uint64_t last = 0;
    for (std::uint32_t i = 0; i < count && !reader.bad(); ++i) {
        Remembered item;
        item.seq = reader.get<std::uint64_t>();
        item.digest = reader.get_id<Digest>();
        item.outcome = Outcome{reader.get<std::uint8_t>()};
        const auto flags = reader.get<std::uint8_t>();
        item.closed = (flags & kClosed) != 0;
        item.error_number = reader.get<std::uint16_t>();
        item.index.value = reader.get<std::uint64_t>();
        item.standing = get_standing(reader);
        if (item.standing.exists() != ((flags & kExists) != 0))
            return fail(ErrorNumber::DataDamaged, "a session row that contradicts itself");
        item.text = std::string(reader.get_blob());
        // Compared with the one before: one above it would be zero behind the last number of all.
        const bool rises = i == 0 ? item.seq >= session.lowest_open : item.seq > last;
        if (!rises) return fail(ErrorNumber::DataDamaged, "a session row out of order");
        last = item.seq;
        session.reply_bytes += item.bytes();
        session.remembered.insert(std::move(item));
    }
    if (!reader.done()) return fail(ErrorNumber::DataDamaged, "a session row does not parse");
    return {};
}

Result<SessionName> decode_session_key(std::string_view key) {
    ByteReader reader(key);
    reader.get_bytes(kRowPrefixBytes);
    SessionName name;
    name.client = reader.get_id<ClientId>();
    name.start_ms = static_cast<std::int64_t>(reader.get_sorted<std::uint64_t>());
    if (!reader.done()) return fail(ErrorNumber::DataDamaged, "a session key does not parse");
    return name;
}

// ---- the floor ----------------------------------------------------------------------------------
// A row among the sessions, under the client that nobody is (all zero): it comes with every page
// and snapshot of sessions, and nobody reads them without it.

std::string floor_row_key(std::string_view prefix) { return session_row_key(prefix, {}); }

bool is_floor_key(const SessionName& name) { return name.client.is_zero(); }

std::string encode_floor_row(const SessionFloor& floor) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(kRowFormat);
    writer.put(floor.applied.value);
    writer.put(floor.start_ms);
    return bytes;
}

Result<SessionFloor> decode_floor_row(std::string_view bytes) {
    ByteReader reader(bytes);
    if (auto format = check_format(reader, "floor"); !format)
        return std::unexpected(std::move(format).error());
    SessionFloor floor;
    floor.applied.value = reader.get<std::uint64_t>();
    floor.start_ms = reader.get<std::int64_t>();
    if (!reader.done()) return fail(ErrorNumber::DataDamaged, "a floor row does not parse");
    return floor;
}

}  // namespace weft::replication
