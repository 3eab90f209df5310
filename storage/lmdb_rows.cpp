#include "storage/lmdb_rows.h"

#include "core/byte_io.h"
#include "core/hash.h"
#include "core/invariant.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace weft::storage {
namespace {

constexpr std::uint8_t kRowFormat = 1;
constexpr std::size_t kSumsBytes = 16;    // key checksum, body checksum
constexpr std::size_t kHeadBytes = 8;     // format, flags, chunk count, total bytes
constexpr std::size_t kDigestBytes = 16;  // only when there is more than one chunk
constexpr std::size_t kChunkNumberBytes = 2;

std::size_t space_bytes(Db db) { return db == Db::Meta ? 1 : 0; }

std::size_t physical_bytes(const RowName& name) {
    return space_bytes(name.db) + name.key.size() + kChunkNumberBytes;
}

// Bytes of one chunk's body, head included.
std::size_t body_bytes_max(const RowName& name) {
    return std::min(kChunkBytesMax, kNodeBytesMax - physical_bytes(name)) - kSumsBytes;
}

struct RowHead {
    std::size_t chunks = 0;
    std::size_t total = 0;
    std::string_view digest;  // empty for a single chunk
    std::string_view payload;
};

bool read_head(std::string_view body, RowHead& head) {
    ByteReader in(body);
    const auto format = in.get<std::uint8_t>();
    in.get<std::uint8_t>();
    head.chunks = in.get<std::uint16_t>();
    head.total = in.get<std::uint32_t>();
    if (in.bad() || format != kRowFormat || head.chunks == 0) return false;
    if (head.chunks > 1) head.digest = in.get_bytes(kDigestBytes);
    head.payload = in.rest();
    return !in.bad() && head.total <= kRowValueBytesMax && head.payload.size() <= head.total;
}

bool same_digest(std::string_view stored, const Digest& computed) {
    return stored.size() == kDigestBytes &&
           std::memcmp(stored.data(), computed.bytes.data(), kDigestBytes) == 0;
}

// The row's bytes from its first chunk's head on; false: a chunk is missing, damaged or old.
bool join_chunks(Txn& txn, const RowName& name, const RowHead& head, std::string& value) {
    value.reserve(head.total);
    value.assign(head.payload);
    ChunkKey key(name, 0);
    for (std::size_t chunk = 1; chunk < head.chunks; ++chunk) {
        key.set_chunk(static_cast<std::uint16_t>(chunk));
        std::string_view stored;
        if (txn.get(name.db, key.view(), stored) != kDone) return false;
        const ChunkCheck check = check_chunk(name.db, key.view(), stored);
        if (!check.holds() || check.body.size() > head.total - value.size()) return false;
        value.append(check.body);
    }
    return value.size() == head.total && same_digest(head.digest, xxh3_128(value));
}

// `stored` is the row's first chunk, found under its key.
FetchedRow open_row(Txn& txn, const RowName& name, std::string_view stored) {
    FetchedRow row{FetchedRow::State::Corrupt, {}};
    const ChunkCheck check = check_chunk(name.db, ChunkKey(name, 0).view(), stored);
    RowHead head;
    if (!check.holds() || !read_head(check.body, head)) return row;
    if (head.chunks == 1) {
        if (head.payload.size() != head.total) return row;
        return {FetchedRow::State::Found, Bytes::copy_of(head.payload)};
    }
    std::string value;
    if (!join_chunks(txn, name, head, value)) return row;
    return {FetchedRow::State::Found, Bytes::adopt(std::move(value))};
}

}  // namespace

ChunkKey::ChunkKey(const RowName& name, std::uint16_t chunk) {
    WEFT_INVARIANT(physical_bytes(name) < bytes_.size(), "row key of {} bytes", name.key.size());
    bytes_[size_++] = static_cast<char>(name.db);
    if (space_bytes(name.db) > 0) bytes_[size_++] = name.space;
    if (!name.key.empty()) std::memcpy(bytes_.data() + size_, name.key.data(), name.key.size());
    size_ += name.key.size() + kChunkNumberBytes;
    set_chunk(chunk);
}

void ChunkKey::set_chunk(std::uint16_t chunk) {
    bytes_[size_ - 2] = static_cast<char>(chunk >> 8);
    bytes_[size_ - 1] = static_cast<char>(chunk & 0xff);
}

std::uint64_t ChunkKey::checksum() const { return xxh3_64({bytes_.data(), size_}); }

ChunkCheck check_chunk(Db db, std::string_view physical_key, std::string_view stored) {
    ChunkCheck check;
    if (stored.size() < kSumsBytes || physical_key.size() > 511) return check;
    std::array<char, 512> place{};
    place[0] = static_cast<char>(db);
    std::memcpy(place.data() + 1, physical_key.data(), physical_key.size());
    std::uint64_t sums[2];
    std::memcpy(sums, stored.data(), sizeof sums);
    check.body = stored.substr(kSumsBytes);
    check.key_holds = sums[0] == xxh3_64({place.data(), physical_key.size() + 1});
    check.body_holds = sums[1] == xxh3_64(check.body);
    return check;
}

std::uint64_t row_mark(std::string_view stored) { return xxh3_64(stored.substr(0, kSumsBytes)); }

bool first_chunk_of(Db db, std::string_view physical, std::string_view& key) {
    const std::size_t space = space_bytes(db);
    if (physical.size() < space + kChunkNumberBytes) return false;
    if (!physical.ends_with(std::string_view("\0\0", kChunkNumberBytes))) return false;
    key = physical.substr(space, physical.size() - space - kChunkNumberBytes);
    return true;
}

// ---- writing ------------------------------------------------------------------------------------

int RowWriter::put(const RowName& name, std::string_view value) {
    const std::size_t body_max = body_bytes_max(name);
    std::size_t before = 0;
    int rc = stored_chunks(name, before);
    if (rc != kDone) return rc;
    std::size_t chunks = 1;
    std::size_t first = body_max - kHeadBytes;
    if (value.size() > first) {
        first -= kDigestBytes;
        chunks = 1 + (value.size() - first + body_max - 1) / body_max;
    }
    std::string_view rest = value;
    std::array<char, kHeadBytes + kDigestBytes> head{};
    const auto count = static_cast<std::uint16_t>(chunks);
    const auto total = static_cast<std::uint32_t>(value.size());
    head[0] = static_cast<char>(kRowFormat);
    head[1] = 0;
    std::memcpy(head.data() + 2, &count, sizeof count);
    std::memcpy(head.data() + 4, &total, sizeof total);
    std::size_t head_bytes = kHeadBytes;
    if (chunks > 1) {
        const Digest digest = xxh3_128(value);
        std::memcpy(head.data() + kHeadBytes, digest.bytes.data(), kDigestBytes);
        head_bytes += kDigestBytes;
    }
    ChunkKey key(name, 0);
    rc = put_chunk(name.db, key, {{head.data(), head_bytes}, rest.substr(0, first)});
    rest.remove_prefix(std::min(first, rest.size()));
    for (std::size_t chunk = 1; chunk < chunks && rc == kDone; ++chunk) {
        key.set_chunk(static_cast<std::uint16_t>(chunk));
        rc = put_chunk(name.db, key, {{}, rest.substr(0, body_max)});
        rest.remove_prefix(std::min(body_max, rest.size()));
    }
    if (rc != kDone) return rc;
    return erase_chunks_from(name, chunks, before);
}

int RowWriter::put_chunk(Db db, const ChunkKey& key, const Chunk& chunk) {
    std::string_view old;
    const int found = txn_.get(db, key.view(), old);
    if (found == kDone) forget(db, key.view(), old);
    if (found != kDone && found != kNotFound) return found;
    const std::size_t size = kSumsBytes + chunk.head.size() + chunk.payload.size();
    char* room = nullptr;
    const int rc = txn_.reserve(db, key.view(), size, room);
    if (rc != kDone) return rc;
    char* body = room + kSumsBytes;
    if (!chunk.head.empty()) std::memcpy(body, chunk.head.data(), chunk.head.size());
    if (!chunk.payload.empty())
        std::memcpy(body + chunk.head.size(), chunk.payload.data(), chunk.payload.size());
    const std::uint64_t sums[2] = {key.checksum(), xxh3_64({body, size - kSumsBytes})};
    std::memcpy(room, sums, sizeof sums);
    TableTotals& totals = totals_[static_cast<std::size_t>(db)];
    totals.sum += row_mark({room, size});
    ++totals.chunks;
    return kDone;
}

void RowWriter::forget(Db db, std::string_view key, std::string_view stored) {
    TableTotals& totals = totals_[static_cast<std::size_t>(db)];
    totals.sum -= row_mark(stored);
    --totals.chunks;
    // The damage may be in the checksums themselves: what this chunk added is then not known.
    if (!check_chunk(db, key, stored).holds()) totals.unknown = true;
}

int RowWriter::erase_chunk(Db db, std::string_view key) {
    std::string_view old;
    const int rc = txn_.get(db, key, old);
    if (rc != kDone) return rc;
    forget(db, key, old);
    return txn_.erase(db, key);
}

int RowWriter::erase(const RowName& name) {
    std::size_t count = 0;
    const int rc = stored_chunks(name, count);
    return rc != kDone ? rc : erase_chunks_from(name, 0, count);
}

int RowWriter::erase_chunks_from(const RowName& name, std::size_t first, std::size_t end) {
    ChunkKey key(name, 0);
    for (std::size_t chunk = first; chunk < end; ++chunk) {
        key.set_chunk(static_cast<std::uint16_t>(chunk));
        const int rc = erase_chunk(name.db, key.view());
        if (rc != kDone && rc != kNotFound) return rc;
    }
    return kDone;
}

int RowWriter::stored_chunks(const RowName& name, std::size_t& count) {
    count = 0;
    const ChunkKey key(name, 0);
    std::string_view stored;
    const int rc = txn_.get(name.db, key.view(), stored);
    if (rc == kNotFound) return kDone;
    if (rc != kDone) return rc;
    const ChunkCheck check = check_chunk(name.db, key.view(), stored);
    RowHead head;
    if (check.holds() && read_head(check.body, head)) {
        count = head.chunks;
        return kDone;
    }
    // The count is lost with the damaged chunk: any number up to the greatest may be there.
    const std::size_t body_max = body_bytes_max(name);
    count = 2 + (kRowValueBytesMax + body_max - 1) / body_max;
    return kDone;
}

int RowWriter::erase_below(const RowName& name, std::size_t& budget, bool& finished) {
    const ChunkKey start(name, 0);
    const std::string prefix(start.view().substr(0, start.view().size() - kChunkNumberBytes));
    std::string at = prefix;
    finished = false;
    while (budget > 0) {
        {
            Cursor cursor(txn_, name.db);
            int rc = cursor.seek(at);
            // A shorter row whose chunk number completes the prefix is not below it.
            while (rc == kDone && cursor.key().starts_with(prefix) &&
                   cursor.key().size() < prefix.size() + kChunkNumberBytes)
                rc = cursor.next();
            finished = rc == kNotFound || (rc == kDone && !cursor.key().starts_with(prefix));
            if (finished) return kDone;
            if (rc != kDone) return rc;
            at.assign(cursor.key());
        }
        const int rc = erase_chunk(name.db, at);
        if (rc != kDone) return rc;
        --budget;
    }
    return kDone;
}

// ---- reading ------------------------------------------------------------------------------------

int fetch_row(Txn& txn, const RowName& name, FetchedRow& row) {
    std::string_view stored;
    const int rc = txn.get(name.db, ChunkKey(name, 0).view(), stored);
    row = {};
    if (rc == kNotFound) return kDone;
    if (rc != kDone) return rc;
    row = open_row(txn, name, stored);
    return kDone;
}

int fetch_rows(Txn& txn, const RowScan& scan, FetchedRows& rows) {
    const Db db = static_cast<Db>(scan.table);
    const ChunkKey from({db, std::max(scan.prefix, scan.after)}, 0);
    const std::size_t space = space_bytes(db);
    Cursor cursor(txn, db);
    std::size_t bytes = 0;
    int rc = kDone;
    const std::string_view start = from.view().substr(0, from.view().size() - kChunkNumberBytes);
    for (rc = cursor.seek(start); rc == kDone; rc = cursor.next()) {
        const std::string_view physical = cursor.key();
        if (space > 0 && physical.front() != RowName::kUser) break;
        if (!physical.substr(space).starts_with(scan.prefix)) break;
        std::string_view key;
        if (!first_chunk_of(db, physical, key)) continue;
        // The chunk number of a shorter row may complete the prefix.
        if (!key.starts_with(scan.prefix) || (!scan.after.empty() && key <= scan.after)) continue;
        if (!rows.rows.empty() && (bytes >= scan.bytes_max || rows.rows.size() >= scan.rows_max))
            return kDone;
        ScannedRow row;
        row.key = key;
        FetchedRow fetched = open_row(txn, {db, row.key}, cursor.value());
        row.state = fetched.state;
        row.value = std::move(fetched.value);
        bytes += row.key.size() + row.value.size();
        rows.rows.push_back(std::move(row));
    }
    if (rc != kDone && rc != kNotFound) return rc;
    rows.last = true;
    return kDone;
}

}  // namespace weft::storage
