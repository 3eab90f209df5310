#include "storage/data_directory.h"

#include "core/error.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace weft::storage {
namespace {

constexpr const char* kSyncFailed = "sync-failed";

// The start of LMDB's file before its first commit; anything longer was written to.
constexpr std::size_t kUnwrittenBytesMax = 8192;
// A first open that a power cut ended leaves no more than this.
constexpr std::uint64_t kUnfinishedBytesMax = 64 << 10;

std::string kernel_boot_id() {
    const auto text = read_small_file("/proc/sys/kernel/random/boot_id", 64);
    std::string id = text.value_or(std::nullopt).value_or("unknown");
    while (!id.empty() && id.back() == '\n') id.pop_back();
    return id;
}

enum class DataFile : std::uint8_t { None, Unwritten, There };

Result<DataFile> look_at_data(const std::string& path) {
    const auto start = read_small_file(path, kUnwrittenBytesMax + 1);
    if (!start) return std::unexpected(start.error());
    const std::optional<std::string>& bytes = *start;
    if (!bytes) return DataFile::None;
    const bool zeros = std::ranges::all_of(*bytes, [](char c) { return c == 0; });
    return zeros && bytes->size() <= kUnwrittenBytesMax ? DataFile::Unwritten : DataFile::There;
}

std::uint64_t size_of(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const DataDirectoryOptions& options) {
    if (auto made = make_directory(options.path); !made)
        return std::unexpected(std::move(made).error());
    auto lock = DirectoryLock::take(options.path);
    if (!lock) return std::unexpected(std::move(lock).error());
    std::unique_ptr<DataDirectory> opened(new DataDirectory(options, std::move(*lock)));
    DataDirectory& d = *opened;
    if (d.options_.kernel_boot_id.empty()) d.options_.kernel_boot_id = kernel_boot_id();
    const auto read = read_identity(options.path);
    if (!read) return std::unexpected(read.error());
    const std::optional<Identity>& identity = *read;
    if (identity)
        if (auto mine = d.check_owner(*identity); !mine)
            return std::unexpected(std::move(mine).error());
    if (auto safe = d.check_last_sync(); !safe) return std::unexpected(std::move(safe).error());
    if (auto done = d.open_store(identity.has_value()); !done)
        return std::unexpected(std::move(done).error());
    if (!identity) {
        if (auto written = d.write_first_identity(); !written)
            return std::unexpected(std::move(written).error());
        return opened;
    }
    d.identity_ = *identity;
    const Lsn found = d.store_->stats().durable;
    if (found < d.identity_.durable)
        return fail(
            ErrorNumber::DataDamaged,
            "{} ends at record {} but had reached {}: it was restored from an older copy "
            "or the disk lost writes. The newest data must come back, or this node stays down",
            options.path, found.value, d.identity_.durable.value);
    return opened;
}

Result<void> DataDirectory::check_owner(const Identity& identity) const {
    if (identity.cluster != options_.cluster)
        return fail(ErrorNumber::ForeignData, "{} holds data of mesh {}, this is mesh {}",
                    options_.path, identity.cluster.hex(), options_.cluster.hex());
    if (identity.node != options_.node)
        return fail(ErrorNumber::ForeignData, "{} holds data of node {}, this is node {}",
                    options_.path, identity.node.hex(), options_.node.hex());
    return {};
}

// After a failed sync the kernel may show pages that are not on the disk, until it is restarted.
Result<void> DataDirectory::check_last_sync() {
    const std::string path = options_.path + "/" + kSyncFailed;
    const auto marker = read_small_file(path, 64);
    if (!marker) return std::unexpected(marker.error());
    if (!marker->has_value()) return {};
    std::string id = marker->value_or("");
    while (!id.empty() && id.back() == '\n') id.pop_back();
    if (id.empty() || id == options_.kernel_boot_id)
        return fail(ErrorNumber::SyncFailed,
                    "a sync failed here and the same kernel still runs: what it shows may not be "
                    "on the disk. Check the disk and restart the machine; or, knowing that the "
                    "disk is sound, delete {}",
                    path);
    if (::unlink(path.c_str()) != 0)
        return fail(ErrorNumber::DirectoryUnusable, "{} cannot be removed", path);
    return sync_directory(options_.path);
}

Result<void> DataDirectory::open_store(bool has_identity) {
    const std::string file = options_.path + "/data.mdb";
    const auto data = look_at_data(file);
    if (!data) return std::unexpected(data.error());
    if (*data != DataFile::There && has_identity)
        return fail(
            ErrorNumber::DirectoryUnusable,
            "{} has an identity but no data: put the file data.mdb back that was there; the "
            "other nodes refuse an older one, and a lost node cannot be replaced yet",
            options_.path);
    // LMDB does not open a file of zeros.
    if (*data == DataFile::Unwritten && ::unlink(file.c_str()) != 0)
        return fail(ErrorNumber::DirectoryUnusable, "{} cannot be removed", file);
    LmdbStoreOptions options;
    options.directory = options_.path;
    options.map_bytes = options_.map_bytes;
    options.preallocate_bytes = options_.preallocate_bytes;
    options.reserve_bytes = options_.reserve_bytes;
    options.bounds = options_.bounds;
    auto store = LmdbStore::open(options);
    const bool unfinished = !store && !has_identity && store.error().code == ErrorCode::Corrupt &&
                            size_of(file) <= kUnfinishedBytesMax;
    if (unfinished) {
        // The identity is written last: without it nothing was ever acknowledged from here. The
        // file is kept all the same.
        if (::rename(file.c_str(), (file + ".unfinished").c_str()) != 0)
            return fail(ErrorNumber::DirectoryUnusable, "{} cannot be renamed", file);
        store = LmdbStore::open(options);
    }
    if (!store) {
        mark_if_sync_failed(store.error());
        return std::unexpected(std::move(store).error());
    }
    if (!has_identity && !(*store)->empty())
        return fail(ErrorNumber::DirectoryUnusable,
                    "{} holds records but its identity files are gone: put them back, or take a "
                    "new directory and identity",
                    options_.path);
    store_ = std::move(*store);
    return {};
}

// Last of all: LMDB's first commit, its file's place in the folder and the folder's own place are
// durable before the identity says that there is something here.
Result<void> DataDirectory::write_first_identity() {
    fresh_ = true;
    identity_ = {options_.cluster, options_.node, Boot{0}, store_->stats().durable};
    if (auto synced = sync_directory(options_.path); !synced) return synced;
    if (auto synced = sync_directory(parent_directory(options_.path)); !synced) return synced;
    return save(identity_);
}

Result<void> DataDirectory::save(const Identity& identity) {
    auto written = write_identity(options_.path, identity);
    if (!written) mark_if_sync_failed(written.error());
    return written;
}

// What the kernel shows from now on may not be on the disk, whichever file the sync was for.
void DataDirectory::mark_if_sync_failed(const Error& error) {
    if (error.number != static_cast<std::uint16_t>(ErrorNumber::SyncFailed)) return;
    // The disk may refuse this file too; the caller ends the process all the same.
    [[maybe_unused]] const auto marked = mark_sync_failed();
}

Result<Boot> DataDirectory::begin_boot() {
    Identity raised = identity_;
    ++raised.boot.value;
    raised.durable = std::max(raised.durable, store_->stats().durable);
    if (auto written = save(raised); !written) return std::unexpected(std::move(written).error());
    identity_ = raised;
    boot_ = raised.boot;
    return boot_;
}

Result<void> DataDirectory::record_durable(Lsn durable) {
    Identity reached = identity_;
    reached.durable = std::max(reached.durable, durable);
    if (auto written = save(reached); !written) return written;
    identity_ = reached;
    return {};
}

Result<void> DataDirectory::mark_sync_failed() {
    return replace_file(options_.path, kSyncFailed, options_.kernel_boot_id + "\n");
}

}  // namespace weft::storage
