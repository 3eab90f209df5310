// Building the catalog from table `wlog` at open.

#include "core/error.h"
#include "storage/lmdb_log.h"

#include <algorithm>

namespace weft::storage {
namespace {

using Indexed = std::pair<LogIndex, RecordPlace>;

class Loader {
public:
    explicit Loader(Lsn first) : first_(first) {}

    void record(Lsn lsn, std::string_view value) {
        if (auto header = read_log_header(lsn, value)) return sound(lsn, *header);
        if (chunks_left_ > 0) {  // found out when the record is read
            --chunks_left_;
            return;
        }
        if (auto owner = owner_from_payload(value)) return begin(lsn, *owner);
        ++unexplained_;
        unknown_ = lsn;
    }

    std::map<PartitionId, std::vector<Indexed>>& groups() { return groups_; }
    // Records of which not even the owner is known.
    std::uint64_t unexplained() const { return unexplained_; }

private:
    void sound(Lsn lsn, const LogRecordHeader& header) {
        if (header.chunk == 0) return begin(lsn, header);
        if (chunks_left_ > 0) {
            --chunks_left_;
            return;
        }
        // The first chunk said nothing; this one knows whose it is. What has lost its first chunk
        // at the log's old end is dead.
        const Lsn start{lsn.value - header.chunk};
        if (lsn.value < first_.value + header.chunk || unknown_ != start) return;
        --unexplained_;
        unknown_ = {};
        begin(start, header);
        chunks_left_ = static_cast<std::uint16_t>(header.chunks - header.chunk - 1);
    }

    void begin(Lsn lsn, const LogRecordHeader& header) {
        chunks_left_ = static_cast<std::uint16_t>(header.chunks - 1);
        auto& entries = groups_[header.group];
        switch (header.kind) {
            case LogRecordKind::Append: {
                const auto bytes = header.total_bytes +
                                   header.chunks * static_cast<std::uint32_t>(kLogHeaderBytes);
                entries.push_back({header.index, {lsn, header.term, bytes}});
                return;
            }
            case LogRecordKind::Truncate:
                std::erase_if(entries, [&](const Indexed& e) { return e.first >= header.index; });
                return;
            case LogRecordKind::RemoveGroup:
                entries.clear();
                return;
        }
    }

    Lsn first_;
    Lsn unknown_;
    std::uint16_t chunks_left_ = 0;
    std::uint64_t unexplained_ = 0;
    std::map<PartitionId, std::vector<Indexed>> groups_;
};

// In index order; of several records for one index the newest counts.
void keep_newest(std::vector<Indexed>& entries) {
    std::ranges::sort(entries, [](const Indexed& a, const Indexed& b) {
        return a.first != b.first ? a.first < b.first : a.second.lsn > b.second.lsn;
    });
    const auto repeated = std::ranges::unique(
        entries, [](const Indexed& a, const Indexed& b) { return a.first == b.first; });
    entries.erase(repeated.begin(), repeated.end());
}

struct Gaps {
    std::uint64_t max = 0;
    std::uint64_t found = 0;
};

// The places from base.index + 1 on; an index without a record gets an unknown place.
std::deque<RecordPlace> places_behind(const std::vector<Indexed>& entries, LogIndex base,
                                      Gaps& gaps) {
    std::deque<RecordPlace> places;
    for (const auto& [index, place] : entries) {
        if (index <= base) continue;
        while (next(LogIndex{base.value + places.size()}) < index && gaps.found < gaps.max) {
            places.emplace_back();
            ++gaps.found;
        }
        places.push_back(place);
    }
    return places;
}

// Without a base only the run of entries that ends the log is known to be wanted.
LogIndex base_of_last_run(const std::vector<Indexed>& entries) {
    if (entries.empty()) return LogIndex{};
    auto first = entries.end() - 1;
    while (first != entries.begin() && next((first - 1)->first) == first->first) --first;
    return previous(first->first);
}

}  // namespace

Result<void> LmdbLog::load(Txn& txn, const LogExtent& extent,
                           const std::map<PartitionId, StoredBase>& bases) {
    extent_ = extent;
    extent_.bytes = 0;
    Loader loader(extent.first);
    Cursor cursor(txn, Db::Wlog);
    Lsn expected = extent.first;
    int rc = cursor.first();
    for (; rc == kDone; rc = cursor.next(), ++expected.value) {
        if (lsn_of(cursor.key()) != expected)
            return fail(ErrorNumber::DataDamaged, "log record {} is not in its place",
                        expected.value);
        extent_.bytes += cursor.value().size();
        loader.record(expected, cursor.value());
    }
    if (rc != kNotFound) return std::unexpected(lmdb_error(rc, "reading the log"));
    if (expected != extent.next)
        return fail(ErrorNumber::DataDamaged, "the log ends before record {}, {} were written",
                    expected.value, extent.next.value - 1);
    staged_ = extent_;

    for (const auto& [group, base] : bases) loader.groups()[group];
    Gaps gaps{bounds_.gaps_max};
    for (auto& [group, entries] : loader.groups()) {
        keep_newest(entries);
        LogCatalog::Base base;
        const auto stored = bases.find(group);
        if (stored != bases.end()) base = stored->second.base;
        if (stored != bases.end() && stored->second.damaged)
            base = {base_of_last_run(entries), Term{}};
        catalog_.load(group, base, places_behind(entries, base.index, gaps));
    }
    // Every record that nobody can be named for must be one of the gaps; if not, some group has
    // lost its last entries or a truncation without a trace.
    if (loader.unexplained() > gaps.found || gaps.found >= gaps.max)
        return fail(ErrorNumber::DataDamaged,
                    "{} log records are damaged beyond their owner's name", loader.unexplained());
    return {};
}

}  // namespace weft::storage
