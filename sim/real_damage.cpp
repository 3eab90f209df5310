// Damage of a real store: bytes of its file change while it is open, as on a disk. What is damaged
// is looked for by its content, and changed in former copies of it, too: those are read no more.

#include "core/byte_io.h"
#include "core/hash.h"
#include "sim/real_image.h"
#include "storage/log_record.h"
#include "storage/write_ops.h"

#include <fstream>

namespace weft::sim {
namespace {

// Of a row that has one chunk.
constexpr std::size_t kValueBytesMax = 1024;
constexpr std::size_t kSumsBytes = 16;

std::vector<std::size_t> places_of(std::string_view wanted, const std::string& file) {
    std::vector<std::size_t> places;
    for (std::size_t at = file.find(wanted); at != std::string::npos;
         at = file.find(wanted, at + wanted.size()))
        places.push_back(at);
    return places;
}

// Of those the ones that are log records, whose header holds at the LSN in front of it. What was
// damaged before is left alone: with header and bytes gone nobody could tell whose it was.
std::vector<std::size_t> records_of(std::string_view payload, const std::string& file) {
    constexpr std::size_t kKeyBytes = sizeof(storage::LsnKey::bytes);
    constexpr std::size_t kBefore = kKeyBytes + storage::kLogHeaderBytes;
    std::vector<std::size_t> places = places_of(payload, file);
    std::erase_if(places, [&](std::size_t at) {
        if (at < kBefore) return true;
        const std::string_view bytes(file);
        const auto lsn = storage::lsn_of(bytes.substr(at - kBefore, kKeyBytes));
        const std::size_t begin = at - storage::kLogHeaderBytes;
        const std::size_t size = storage::kLogHeaderBytes + payload.size();
        return !lsn || !storage::read_log_header(*lsn, bytes.substr(begin, size));
    });
    return places;
}

bool write_at(const std::string& path, const std::vector<std::size_t>& places,
              std::string_view bytes) {
    std::fstream stream(path, std::ios::binary | std::ios::in | std::ios::out);
    for (const std::size_t at : places) {
        stream.seekp(static_cast<std::streamoff>(at));
        stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    stream.flush();
    return !places.empty() && stream.good();
}

// `bit` counts from the byte `from` on, modulo what there is.
std::string with_flip(std::string bytes, std::size_t from, std::uint64_t bit) {
    const std::uint64_t at = from + bit % ((bytes.size() - from) * 8) / 8;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (bit % 8)));
    return bytes;
}

// A row of one chunk as it is stored: docs/storage-format.md, part 3.
std::string stored_chunk(const storage::RowName& name, std::string_view value) {
    std::string body;
    ByteWriter out(body);
    out.put(std::uint8_t{1});  // format
    out.put(std::uint8_t{0});  // flags
    out.put(std::uint16_t{1});
    out.put(static_cast<std::uint32_t>(value.size()));
    out.put_bytes(value);
    std::string stored;
    ByteWriter sums(stored);
    sums.put(storage::ChunkKey(name, 0).checksum());
    sums.put(xxh3_64(body));
    return stored + body;
}

// Keys of table `hard`: the group, and what it is of.
std::string hard_key(PartitionId group, char what) {
    std::string key;
    ByteWriter(key).put_sorted(group.value);
    return key + what;
}

}  // namespace

std::vector<DiskImage::LogExtent> RealImage::extents() const {
    std::vector<LogExtent> extents;
    for (const storage::RecoveredGroup& group : store().recover())
        extents.push_back({group.group, next(group.base.index),
                           LogIndex{group.base.index.value + group.log.size()}});
    return extents;
}

std::vector<std::string> RealImage::row_keys(storage::Table table) const {
    constexpr std::size_t kScanBytes = std::size_t{1} << 20;
    std::vector<std::string> keys;
    storage::RowScan scan{table, {}, {}, kScanBytes, 1000};
    for (bool last = false; !last;) {
        const auto rows = store().scan(scan);
        if (!rows) return {};
        for (const storage::ScannedRow& row : rows->rows) keys.push_back(row.key);
        if (!keys.empty()) scan.after = keys.back();
        last = rows->last;
    }
    return keys;
}

// The first chunk of an entry: it names its group, index and term and carries checksums, so that
// nothing else in the file begins like it. Empty: there is no sound one.
std::string RealImage::record(PartitionId group, LogIndex index) const {
    const auto read = store().read_log({group, index, index, 1});
    if (!read || read->entries.empty()) return {};
    return std::string(read->entries.front().view().substr(0, storage::kLogPayloadBytesMax));
}

bool RealImage::flip_bit_in_log(PartitionId group, LogIndex index, std::uint64_t bit) {
    const std::string bytes = record(group, index);
    if (bytes.empty()) return false;
    return write_at(data_file(), records_of(bytes, read_data()), with_flip(bytes, 0, bit));
}

bool RealImage::vanish_log(PartitionId group, LogIndex index) {
    const std::string bytes = record(group, index);
    const std::string zeros(bytes.size(), '\0');
    return !bytes.empty() && write_at(data_file(), records_of(bytes, read_data()), zeros);
}

bool RealImage::swap_log(PartitionId group, LogIndex one, LogIndex other) {
    const std::string first = record(group, one);
    const std::string second = record(group, other);
    if (first.empty() || first.size() != second.size()) return false;
    if (first.size() == storage::kLogPayloadBytesMax) return false;  // more may follow
    const std::string file = read_data();
    std::vector<std::size_t> first_at = records_of(first, file);
    std::vector<std::size_t> second_at = records_of(second, file);
    if (first_at.empty() || second_at.empty()) return false;
    // With the headers that stand before them.
    for (auto* places : {&first_at, &second_at})
        for (std::size_t& at : *places) at -= storage::kLogHeaderBytes;
    const std::size_t size = storage::kLogHeaderBytes + first.size();
    return write_at(data_file(), first_at, file.substr(second_at.front(), size)) &&
           write_at(data_file(), second_at, file.substr(first_at.front(), size));
}

bool RealImage::flip_bit_in_row(storage::Table table, const std::string& key, std::uint64_t bit) {
    const auto row = store().read_row({table, key});
    if (!row || row->state != storage::FetchedRow::State::Found) return false;
    return flip_in_chunk({static_cast<storage::Db>(table), key}, row->value.view(), bit);
}

bool RealImage::corrupt_hard(PartitionId group) {
    for (const storage::RecoveredGroup& found : store().recover()) {
        if (found.group != group || found.hard_damaged) continue;
        std::string value;
        ByteWriter out(value);
        storage::put_hard_state(out, found.hard);
        return flip_in_chunk({storage::Db::Hard, hard_key(group, 'h')}, value,
                             found.hard.term.value);
    }
    return false;
}

bool RealImage::corrupt_base(PartitionId group) {
    for (const storage::RecoveredGroup& found : store().recover()) {
        if (found.group != group || found.base_damaged) continue;
        std::string value;
        ByteWriter out(value);
        storage::put_log_base(out, found.base);
        return flip_in_chunk({storage::Db::Hard, hard_key(group, 'b')}, value,
                             found.base.index.value);
    }
    return false;
}

// The sums stay: what does not belong to its key is refused at open, as a page of an old tree is.
bool RealImage::flip_in_chunk(const storage::RowName& name, std::string_view value,
                              std::uint64_t bit) {
    if (value.size() > kValueBytesMax) return false;
    const std::string chunk = stored_chunk(name, value);
    return write_at(data_file(), places_of(chunk, read_data()), with_flip(chunk, kSumsBytes, bit));
}

}  // namespace weft::sim
