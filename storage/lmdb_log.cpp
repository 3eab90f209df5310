#include "storage/lmdb_log.h"

#include "core/hash.h"
#include "core/invariant.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace weft::storage {
// ---- writing ------------------------------------------------------------------------------------

int LmdbLog::write(Txn& txn, LogRecordHeader header, std::string_view payload) {
    header.total_bytes = static_cast<std::uint32_t>(payload.size());
    header.chunks = log_chunks(payload.size());
    for (header.chunk = 0; header.chunk < header.chunks; ++header.chunk) {
        const std::string_view part = payload.substr(0, kLogPayloadBytesMax);
        payload.remove_prefix(part.size());
        header.payload_bytes = static_cast<std::uint16_t>(part.size());
        header.payload_sum = xxh3_64(part);
        char* room = nullptr;
        const int rc = txn.reserve_last(Db::Wlog, LsnKey(staged_.next).view(),
                                        kLogHeaderBytes + part.size(), room);
        if (rc != kDone) return rc;
        write_log_header(room, staged_.next, header);
        std::memcpy(room + kLogHeaderBytes, part.data(), part.size());
        ++staged_.next.value;
        staged_.bytes += kLogHeaderBytes + part.size();
    }
    return kDone;
}

int LmdbLog::write_control(Txn& txn, LogRecordKind kind, PartitionId group, LogIndex index) {
    LogRecordHeader header;
    header.kind = kind;
    header.group = group;
    header.index = index;
    return write(txn, header, control_payload(header));
}

int LmdbLog::append(Txn& txn, PartitionId group, LogIndex index, std::string_view encoded) {
    // Compacted meanwhile: nothing to keep.
    if (index <= catalog_.staged_base(group).index) return kDone;
    const auto entry = read_entry_header(encoded);
    WEFT_INVARIANT(entry && entry->group == group && entry->index == index,
                   "entry {} of group {} does not decode to that", index.value, group.value);
    LogRecordHeader header;
    header.group = group;
    header.index = index;
    header.term = entry->term;
    const RecordPlace place{
        staged_.next, entry->term,
        static_cast<std::uint32_t>(encoded.size() + log_chunks(encoded.size()) * kLogHeaderBytes)};
    catalog_.append(group, index, place);
    return write(txn, header, encoded);
}

int LmdbLog::truncate(Txn& txn, PartitionId group, LogIndex from) {
    if (!catalog_.staged_present(group) || from > catalog_.staged_last(group)) return kDone;
    catalog_.truncate(group, from);
    return write_control(txn, LogRecordKind::Truncate, group, from);
}

int LmdbLog::move_base(Txn& txn, PartitionId group, const LogCatalog::Base& base) {
    const LogCatalog::Base old = catalog_.staged_base(group);
    const auto at = catalog_.staged(group, base.index);
    const bool same = base.index == old.index && base.term == old.term;
    // A record that was not found cannot contradict the new base; dropping what follows it would
    // turn damage of one record into the loss of others.
    const bool held = same || (at && (!at->known() || at->term == base.term));
    if (held) {
        catalog_.move_base(group, base);
        return kDone;
    }
    const bool had_entries = catalog_.staged_last(group) > old.index;
    catalog_.drop(group, base);
    return had_entries ? write_control(txn, LogRecordKind::Truncate, group, LogIndex{0}) : kDone;
}

int LmdbLog::remove(Txn& txn, PartitionId group) {
    if (!catalog_.staged_present(group)) return kDone;
    catalog_.remove(group);
    return write_control(txn, LogRecordKind::RemoveGroup, group, LogIndex{});
}

// ---- trimming -----------------------------------------------------------------------------------

struct LmdbLog::Front {
    std::uint16_t chunks = 1;
    // Set when the record lives.
    std::optional<std::pair<PartitionId, LogIndex>> owner;
    RecordPlace place;
};

// The record at the old end. One whose header does not hold is looked up by its LSN.
LmdbLog::Front LmdbLog::look_at_front(std::string_view record) {
    Front front;
    if (const auto header = read_log_header(staged_.first, record)) {
        if (header->chunk > 0) return front;  // what is left of a dead record
        front.chunks = header->chunks;
        if (header->kind != LogRecordKind::Append) return front;
        const auto place = catalog_.staged(header->group, header->index);
        if (!place || place->lsn != staged_.first) return front;
        front.owner = {header->group, header->index};
        front.place = *place;
        return front;
    }
    const auto owner = catalog_.staged_owner(staged_.first);
    if (!owner) return front;
    front.owner = owner->record;
    front.place = owner->place;
    front.chunks = static_cast<std::uint16_t>(front.place.chunks());
    return front;
}

int LmdbLog::erase_front(Txn& txn, std::uint16_t chunks) {
    for (std::uint16_t chunk = 0; chunk < chunks && staged_.first < staged_.next; ++chunk) {
        const LsnKey key(staged_.first);
        std::string_view record;
        int rc = txn.get(Db::Wlog, key.view(), record);
        if (rc != kDone) return rc;
        const std::size_t size = record.size();
        rc = txn.erase(Db::Wlog, key.view());
        if (rc != kDone) return rc;
        staged_.bytes -= size;
        ++staged_.first.value;
    }
    return kDone;
}

// Payload and its checksum are copied as they are: damage stays visible in the new place.
int LmdbLog::move_to_end(Txn& txn, const Front& front,
                         const std::pair<PartitionId, LogIndex>& owner) {
    RecordPlace place = front.place;
    place.lsn = staged_.next;
    for (std::uint16_t chunk = 0; chunk < front.chunks; ++chunk) {
        const Lsn from{staged_.first.value + chunk};
        std::string_view record;
        int rc = txn.get(Db::Wlog, LsnKey(from).view(), record);
        if (rc != kDone) return rc;
        std::array<char, kLogChunkBytesMax> copy{};
        const std::size_t size = std::min(record.size(), copy.size());
        std::memcpy(copy.data(), record.data(), size);
        if (const auto header = read_log_header(from, record))
            write_log_header(copy.data(), staged_.next, *header);
        char* room = nullptr;
        rc = txn.reserve_last(Db::Wlog, LsnKey(staged_.next).view(), size, room);
        if (rc != kDone) return rc;
        std::memcpy(room, copy.data(), size);
        ++staged_.next.value;
        staged_.bytes += size;
    }
    catalog_.append(owner.first, owner.second, place);
    return erase_front(txn, front.chunks);
}

int LmdbLog::trim(Txn& txn) {
    const Lsn end = staged_.next;  // records moved below are not looked at again
    const std::uint64_t appended = end.value - extent_.next.value;
    std::uint64_t budget = std::max(bounds_.trim_chunks_min, 2 * appended);
    oldest_.reset();
    while (budget > 0 && staged_.first < end) {
        std::string_view record;
        int rc = txn.get(Db::Wlog, LsnKey(staged_.first).view(), record);
        if (rc != kDone) return rc;
        const Front front = look_at_front(record);
        if (!front.owner) {
            rc = erase_front(txn, front.chunks);
        } else if (staged_.bytes > 2 * catalog_.live_bytes() + bounds_.slack_bytes) {
            rc = move_to_end(txn, front, *front.owner);
        } else {
            oldest_ = front.owner->first;
            return kDone;
        }
        if (rc != kDone) return rc;
        budget -= std::min<std::uint64_t>(budget, front.chunks);
    }
    return kDone;
}

void LmdbLog::commit() {
    catalog_.commit();
    extent_ = staged_;
}

void LmdbLog::rollback() {
    catalog_.rollback();
    staged_ = extent_;
}

void LmdbLog::check() const {
    catalog_.check();
    std::vector<RecordPlace> places;
    for (const PartitionId group : catalog_.groups()) {
        catalog_.read_all(group, places);
        for (const RecordPlace& place : places)
            WEFT_INVARIANT(
                !place.known() || (extent_.first <= place.lsn && place.lsn < extent_.next),
                "a record of group {} lies at {}, the log goes from {} to before {}", group.value,
                place.lsn.value, extent_.first.value, extent_.next.value);
    }
}

// ---- reading ------------------------------------------------------------------------------------

namespace {

bool same_record(const LogRecordHeader& a, const LogRecordHeader& b) {
    return a.group == b.group && a.index == b.index && a.term == b.term && a.kind == b.kind &&
           a.chunks == b.chunks && a.total_bytes == b.total_bytes;
}

}  // namespace

int LmdbLog::read(Txn& txn, const Record& wanted, std::string& joined, FoundRecord& found) {
    found = {};
    const Lsn start = wanted.place.lsn;
    std::string_view record;
    const int rc =
        wanted.place.known() ? txn.get(Db::Wlog, LsnKey(start).view(), record) : kNotFound;
    if (rc == kNotFound) return kDone;
    if (rc != kDone) return rc;
    const auto head = read_log_header(start, record);
    if (!head) {
        if (record.size() > kLogHeaderBytes) found.bytes = record.substr(kLogHeaderBytes);
        return kDone;
    }
    if (head->group != wanted.group || head->index != wanted.index || head->chunk != 0 ||
        head->kind != LogRecordKind::Append)
        return kDone;
    found.bytes = record.substr(kLogHeaderBytes);
    found.intact = log_payload_holds(*head, record);
    return head->chunks == 1 ? kDone : join(txn, {start, *head}, joined, found);
}

// Adds the second and later chunks to the first, which `found` holds.
int LmdbLog::join(Txn& txn, const FirstChunk& first, std::string& joined, FoundRecord& found) {
    joined.clear();
    joined.reserve(first.header.total_bytes);
    joined.append(found.bytes);
    for (std::uint16_t chunk = 1; chunk < first.header.chunks; ++chunk) {
        const Lsn lsn{first.lsn.value + chunk};
        std::string_view record;
        const int rc = txn.get(Db::Wlog, LsnKey(lsn).view(), record);
        if (rc != kDone && rc != kNotFound) return rc;
        const auto header =
            rc == kDone ? read_log_header(lsn, record) : std::optional<LogRecordHeader>();
        if (!header || header->chunk != chunk || !same_record(*header, first.header)) {
            found.intact = false;
            break;
        }
        found.intact = found.intact && log_payload_holds(*header, record);
        joined.append(record.substr(kLogHeaderBytes));
    }
    found.bytes = joined;
    found.intact = found.intact && joined.size() == first.header.total_bytes;
    return kDone;
}

}  // namespace weft::storage
