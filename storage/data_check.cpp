#include "storage/data_check.h"

#include "core/error.h"
#include "storage/file_io.h"
#include "storage/lmdb_store_parts.h"

#include <sys/stat.h>

namespace weft::storage {
namespace {

// Keys hold hashes and ids: letters stay, all else is shown in hex.
std::string printable(std::string_view key) {
    std::string text;
    for (const char c : key.substr(0, 80)) {
        const bool plain = c > ' ' && c <= '~' && c != '\\';
        text += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return key.size() > 80 ? text + "..." : text;
}

class Checker {
public:
    Checker(LmdbStore::Parts& parts, const DataCheckProgress& progress)
        : parts_(parts), progress_(progress) {}

    Result<DataCheckReport> run() {
        Txn txn;
        if (const int rc = parts_.env->begin_read(txn); rc != kDone)
            return std::unexpected(lmdb_error(rc, "opening the data"));
        total_ = txn.used_bytes();
        if (auto state = parts_.load_state(txn); !state) {
            if (state.error().code != ErrorCode::Corrupt) return std::unexpected(state.error());
            damage(state.error().message);
        }
        report_.durable = Lsn{parts_.state.next.value - 1};
        for (std::size_t db = 0; db < kRowDbs; ++db) check_chunks(txn, static_cast<Db>(db));
        for (const Table table : {Table::Entity, Table::Journal, Table::Session, Table::Meta})
            check_rows(txn, table);
        check_log(txn);
        show(total_);
        return std::move(report_);
    }

private:
    void damage(std::string what) {
        ++report_.damage_count;
        if (report_.damaged.size() < kDamageNamesMax) report_.damaged.push_back(std::move(what));
    }
    void show(std::uint64_t done) {
        if (progress_) progress_(done, std::max(done, total_));
    }

    // Each chunk alone and the table's sum.
    void check_chunks(Txn& txn, Db db) {
        TableFindings findings;
        const std::uint64_t before = report_.bytes;
        findings.progress = [&](std::uint64_t bytes) { show(before + bytes); };
        const int rc =
            verify_table(txn, db, parts_.state.totals[static_cast<std::size_t>(db)], findings);
        if (rc != kDone) damage(lmdb_error(rc, fmt::format("table {}", db_name(db))).message);
        if (!findings.broken.empty())
            damage(fmt::format("table {}: {}", db_name(db), findings.broken));
        for (const std::string& key : findings.damaged)
            damage(fmt::format("table {}, chunk {}", db_name(db), printable(key)));
        report_.bytes += findings.bytes;
        show(report_.bytes);
    }

    // Each row as a whole: all its chunks are there and of one version.
    void check_rows(Txn& txn, Table table) {
        const LmdbStoreBounds& bounds = parts_.options.bounds;
        RowScan scan{table, {}, {}, bounds.check_bytes, bounds.check_rows};
        FetchedRows rows;
        while (!rows.last) {
            rows = {};
            if (const int rc = fetch_rows(txn, scan, rows); rc != kDone)
                return damage(lmdb_error(rc, "reading rows").message);
            for (const ScannedRow& row : rows.rows) {
                if (row.state != FetchedRow::State::Found)
                    damage(fmt::format("table {}, row {}", db_name(static_cast<Db>(table)),
                                       printable(row.key)));
                scan.after = row.key;
            }
            report_.rows[static_cast<std::size_t>(table) - 1] += rows.rows.size();
        }
    }

    void check_log(Txn& txn) {
        auto bases = parts_.load_bases(txn);
        if (!bases) return damage(bases.error().message);
        const LogExtent extent{parts_.state.first, parts_.state.next, 0};
        if (auto loaded = parts_.log.load(txn, extent, *bases); !loaded)
            return damage(loaded.error().message);
        std::set<PartitionId> groups;
        if (const int rc = parts_.stored_groups(txn, groups); rc != kDone)
            damage(lmdb_error(rc, "table hard").message);
        for (const PartitionId group : groups) {
            const RecoveredGroup found = parts_.recover_group(txn, group);
            ++report_.groups;
            report_.entries += found.log.size();
            if (found.hard_damaged) damage(fmt::format("hard state of group {}", group.value));
            if (found.base_damaged) damage(fmt::format("log base of group {}", group.value));
            for (const RecoveredEntry& entry : found.log)
                if (!entry.intact)
                    damage(fmt::format("log entry {} of group {}{}", entry.header.index.value,
                                       group.value, entry.readable ? "" : ", unreadable"));
        }
        report_.bytes += parts_.log.staged().bytes;
        show(report_.bytes);
    }

    LmdbStore::Parts& parts_;
    const DataCheckProgress& progress_;
    DataCheckReport report_;
    std::uint64_t total_ = 0;
};

}  // namespace

Result<DataCheckReport> check_data(const std::string& path, const DataCheckProgress& progress,
                                   const LmdbStoreBounds& bounds) {
    struct stat info{};
    if (::stat((path + "/data.mdb").c_str(), &info) != 0)
        return fail(ErrorNumber::DirectoryUnusable, "{} holds no data", path);
    auto lock = DirectoryLock::take(path);
    if (!lock) return std::unexpected(std::move(lock).error());
    auto identity = read_identity(path);
    if (!identity && identity.error().code != ErrorCode::Corrupt)
        return std::unexpected(std::move(identity).error());
    auto env = LmdbEnv::open({path, std::uint64_t{64} << 30, true, 0});
    if (!env) return std::unexpected(std::move(env).error());
    LmdbStoreOptions options;
    options.directory = path;
    options.bounds = bounds;
    LmdbStore::Parts parts(std::move(*env), options);
    auto report = Checker(parts, progress).run();
    if (!report) return report;
    const auto add = [&](std::string what) {
        ++report->damage_count;
        report->damaged.insert(report->damaged.begin(), std::move(what));
    };
    if (!identity) {
        add("both identity files");
    } else if (const std::optional<Identity>& known = *identity) {
        report->identity = known;
        if (report->durable < known->durable)
            add(fmt::format("the log ends at record {} but had reached {}", report->durable.value,
                            known->durable.value));
    }
    return report;
}

}  // namespace weft::storage
