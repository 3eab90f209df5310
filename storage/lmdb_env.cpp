#include "storage/lmdb_env.h"

#include "core/error.h"
#include "core/invariant.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace weft::storage {
namespace {

constexpr std::array<const char*, kDbs> kNames = {"hard", "ent", "jrnl", "sess", "meta", "wlog"};

MDB_val to_val(std::string_view bytes) {
    // LMDB's keys are not const in its interface, and are not written to.
    return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view to_view(const MDB_val& val) {
    return {static_cast<const char*>(val.mv_data), val.mv_size};
}

}  // namespace

const int kNotFound = MDB_NOTFOUND;
const int kDamaged = MDB_CORRUPTED;

std::string_view db_name(Db db) { return kNames[static_cast<std::size_t>(db)]; }

bool is_disk_full(int rc) { return rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT; }

Error lmdb_error(int rc, std::string_view doing) {
    ErrorNumber number = ErrorNumber::StorageRefused;
    if (is_disk_full(rc)) number = ErrorNumber::DiskFull;
    // After a failed write of its own meta page LMDB answers every call with MDB_PANIC.
    if (rc == EIO || rc == MDB_PANIC) number = ErrorNumber::SyncFailed;
    switch (rc) {
        case MDB_CORRUPTED:
        case MDB_PAGE_NOTFOUND:
        case MDB_INVALID:
        case MDB_CURSOR_FULL:
        case MDB_BAD_TXN:
        case MDB_INCOMPATIBLE:
        case MDB_BAD_DBI:
        case MDB_NOTFOUND:
            number = ErrorNumber::DataDamaged;
            break;
        case MDB_VERSION_MISMATCH:
            number = ErrorNumber::NewerFormat;
            break;
        case EACCES:
        case EROFS:
        case EPERM:
            number = ErrorNumber::DirectoryUnusable;
            break;
        default:
            break;
    }
    return make_error(number, fmt::format("{}: {}", doing, mdb_strerror(rc)));
}

// ---- Txn --------------------------------------------------------------------------------------

Txn::Txn(Txn&& other) noexcept : txn_(std::exchange(other.txn_, nullptr)), dbis_(other.dbis_) {}

Txn& Txn::operator=(Txn&& other) noexcept {
    abort();
    txn_ = std::exchange(other.txn_, nullptr);
    dbis_ = other.dbis_;
    return *this;
}

int Txn::commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }

void Txn::abort() {
    if (txn_ != nullptr) mdb_txn_abort(std::exchange(txn_, nullptr));
}

int Txn::get(Db db, std::string_view key, std::string_view& value) {
    MDB_val k = to_val(key);
    MDB_val v{};
    const int rc = mdb_get(txn_, dbi(db), &k, &v);
    if (rc == kDone) value = to_view(v);
    return rc;
}

int Txn::put(Db db, std::string_view key, Room wanted, char*& room) {
    MDB_val k = to_val(key);
    MDB_val v{wanted.size, nullptr};
    const int rc = mdb_put(txn_, dbi(db), &k, &v, MDB_RESERVE | wanted.flags);
    room = static_cast<char*>(v.mv_data);
    return rc;
}

int Txn::reserve(Db db, std::string_view key, std::size_t size, char*& room) {
    return put(db, key, {size, 0}, room);
}

int Txn::reserve_last(Db db, std::string_view key, std::size_t size, char*& room) {
    return put(db, key, {size, MDB_APPEND}, room);
}

int Txn::erase(Db db, std::string_view key) {
    MDB_val k = to_val(key);
    return mdb_del(txn_, dbi(db), &k, nullptr);
}

std::uint64_t Txn::used_bytes(Db db) {
    MDB_stat stat{};
    if (mdb_stat(txn_, dbi(db), &stat) != kDone) return 0;
    return (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
}

std::uint64_t Txn::used_bytes() {
    std::uint64_t sum = 0;
    for (std::size_t db = 0; db < kDbs; ++db) sum += used_bytes(static_cast<Db>(db));
    return sum;
}

// ---- Cursor -----------------------------------------------------------------------------------

Cursor::Cursor(Txn& txn, Db db) { opened_ = mdb_cursor_open(txn.raw(), txn.dbi(db), &cursor_); }

Cursor::~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

int Cursor::get(int op) {
    if (opened_ != kDone) return opened_;
    MDB_val k = to_val(key_);
    MDB_val v{};
    const int rc = mdb_cursor_get(cursor_, &k, &v, static_cast<MDB_cursor_op>(op));
    key_ = rc == kDone ? to_view(k) : std::string_view{};
    value_ = rc == kDone ? to_view(v) : std::string_view{};
    return rc;
}

int Cursor::first() { return get(MDB_FIRST); }
int Cursor::last() { return get(MDB_LAST); }
int Cursor::next() { return get(MDB_NEXT); }

int Cursor::seek(std::string_view key) {
    if (key.empty()) return first();
    key_ = key;
    return get(MDB_SET_RANGE);
}

int Cursor::erase() { return mdb_cursor_del(cursor_, 0); }

// ---- LmdbEnv ------------------------------------------------------------------------------------

Result<std::unique_ptr<LmdbEnv>> LmdbEnv::open(const LmdbEnvOptions& options) {
    std::unique_ptr<LmdbEnv> env(new LmdbEnv(options));
    int rc = env->create_or_open();
    if (rc == kDone) rc = env->open_tables();
    if (rc != kDone) return std::unexpected(lmdb_error(rc, "opening " + options.directory));
    return env;
}

LmdbEnv::~LmdbEnv() {
    if (env_ != nullptr) mdb_env_close(env_);
}

int LmdbEnv::create_or_open() {
    int rc = mdb_env_create(&env_);
    if (rc != kDone) return rc;
    rc = mdb_env_set_maxdbs(env_, kDbs);
    if (rc == kDone) rc = mdb_env_set_mapsize(env_, options_.map_bytes);
    if (rc != kDone) return rc;
    // Read transactions belong to objects, not to threads. Every commit is a full sync: no NOSYNC,
    // NOMETASYNC or WRITEMAP.
    const unsigned int flags = MDB_NOTLS | (options_.read_only ? MDB_RDONLY : 0U);
    return mdb_env_open(env_, options_.directory.c_str(), flags, 0640);
}

Result<void> LmdbEnv::check_file() const {
    const std::string path = options_.directory + "/data.mdb";
    mdb_filehandle_t fd{};
    struct stat open{}, named{};
    if (mdb_env_get_fd(env_, &fd) != kDone || ::fstat(fd, &open) != 0) return {};
    if (::stat(path.c_str(), &named) != 0) {
        // What another error means is for the next read or write to tell.
        if (errno != ENOENT && errno != ENOTDIR) return {};
        return fail(ErrorNumber::DataFileGone, "{} was deleted or moved while the node ran", path);
    }
    if (open.st_ino == named.st_ino && open.st_dev == named.st_dev) return {};
    return fail(ErrorNumber::DataFileGone, "{} was replaced by another file while the node ran",
                path);
}

int LmdbEnv::open_tables() {
    Txn txn;
    txn.dbis_ = &dbis_;
    int rc = mdb_txn_begin(env_, nullptr, options_.read_only ? MDB_RDONLY : 0U, &txn.txn_);
    if (rc != kDone) return rc;
    bool created = false;
    for (std::size_t i = 0; i < kDbs; ++i) {
        rc = mdb_dbi_open(txn.txn_, kNames[i], 0, &dbis_[i]);
        if (rc == MDB_NOTFOUND && !options_.read_only) {
            created = true;
            rc = mdb_dbi_open(txn.txn_, kNames[i], MDB_CREATE, &dbis_[i]);
        }
        if (rc != kDone) return rc;
        MDB_stat stat{};
        rc = mdb_stat(txn.txn_, dbis_[i], &stat);
        if (rc != kDone) return rc;
        page_bytes_ = stat.ms_psize;
        unsigned int table_flags = 0;
        // A damaged table record could turn on another key order or duplicate values.
        if (mdb_dbi_flags(txn.txn_, dbis_[i], &table_flags) != kDone || table_flags != 0)
            return MDB_CORRUPTED;
    }
    // All six are made in one transaction, so a part of them means damage.
    MDB_val any{};
    MDB_val ignored{};
    MDB_cursor* cursor = nullptr;
    if (created) {
        rc = mdb_cursor_open(txn.txn_, dbis_[static_cast<std::size_t>(Db::Meta)], &cursor);
        if (rc != kDone) return rc;
        rc = mdb_cursor_get(cursor, &any, &ignored, MDB_FIRST);
        mdb_cursor_close(cursor);
        if (rc != MDB_NOTFOUND) return rc == kDone ? MDB_CORRUPTED : rc;
    }
    return txn.commit();
}

int LmdbEnv::begin_write(Txn& txn) {
    txn.abort();
    txn.dbis_ = &dbis_;
    return mdb_txn_begin(env_, nullptr, 0, &txn.txn_);
}

int LmdbEnv::begin_read(Txn& txn) const {
    txn.abort();
    txn.dbis_ = &dbis_;
    return mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn.txn_);
}

int LmdbEnv::preallocate(std::uint64_t bytes) {
    if (options_.preallocate_bytes == 0) return kDone;
    MDB_envinfo info{};
    int rc = mdb_env_info(env_, &info);
    if (rc != kDone) return rc;
    const std::uint64_t used = (info.me_last_pgno + 1) * page_bytes_;
    if (used + bytes <= preallocated_to_ || used >= options_.map_bytes) return kDone;
    int fd = -1;
    rc = mdb_env_get_fd(env_, &fd);
    if (rc != kDone) return rc;
    const std::uint64_t to =
        std::min(used + bytes + options_.preallocate_bytes, options_.map_bytes);
    // The file's size stays: LMDB finds its pages by number, and reads nothing behind the last one.
    int done = 0;
    do {
        done = fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(used),
                         static_cast<off_t>(to - used));
    } while (done != 0 && errno == EINTR);
    if (done == 0) {
        preallocated_to_ = to;
        return kDone;
    }
    if (errno == ENOSPC || errno == EDQUOT) return ENOSPC;
    options_.preallocate_bytes = 0;  // a file system without fallocate: commits meet a full disk
    return kDone;
}

}  // namespace weft::storage
