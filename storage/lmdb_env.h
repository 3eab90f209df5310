#pragma once
// A thin layer over LMDB's C calls: one environment with the store's six tables, transactions and
// cursors that close themselves, and LMDB's results turned into errors. Inside, results stay LMDB's
// integers (0 = done), so that the hot path builds no error objects.

#include "weft/result.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace weft::storage {

// The tables. The values of Entity to Meta are those of storage::Table; all but Wlog hold rows.
enum class Db : std::uint8_t { Hard = 0, Entity = 1, Journal = 2, Session = 3, Meta = 4, Wlog = 5 };
inline constexpr std::size_t kRowDbs = 5;
inline constexpr std::size_t kDbs = 6;
std::string_view db_name(Db db);

inline constexpr int kDone = 0;
extern const int kNotFound;  // MDB_NOTFOUND
extern const int kDamaged;   // MDB_CORRUPTED

// What an LMDB or system error means: no room = DiskFull, I/O = SyncFailed, damaged pages =
// DataDamaged, anything else = StorageRefused.
Error lmdb_error(int rc, std::string_view doing);
bool is_disk_full(int rc);

class LmdbEnv;

// Aborts at the end of its life unless committed.
class Txn {
public:
    Txn() = default;
    Txn(Txn&& other) noexcept;
    Txn& operator=(Txn&& other) noexcept;
    ~Txn() { abort(); }

    int commit();
    void abort();
    int get(Db db, std::string_view key, std::string_view& value);
    // Room for `size` bytes under `key`, to be filled before the next call.
    int reserve(Db db, std::string_view key, std::size_t size, char*& room);
    // As reserve(), for a key above all others of the table.
    int reserve_last(Db db, std::string_view key, std::size_t size, char*& room);
    int erase(Db db, std::string_view key);
    // Bytes of the pages that all tables use now, without free pages.
    std::uint64_t used_bytes();
    std::uint64_t used_bytes(Db db);
    MDB_txn* raw() { return txn_; }
    unsigned int dbi(Db db) const { return (*dbis_)[static_cast<std::size_t>(db)]; }

private:
    friend class LmdbEnv;
    struct Room {
        std::size_t size = 0;
        unsigned int flags = 0;
    };
    int put(Db db, std::string_view key, Room wanted, char*& room);
    MDB_txn* txn_ = nullptr;
    const std::array<unsigned int, kDbs>* dbis_ = nullptr;
};

// Key and value point into the map and live until the next write of the transaction.
class Cursor {
public:
    Cursor(Txn& txn, Db db);
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    ~Cursor();

    int first();
    int last();
    int next();
    int seek(std::string_view key);  // first key not below `key`
    int erase();                     // the current one; then call first() or seek()
    std::string_view key() const { return key_; }
    std::string_view value() const { return value_; }

private:
    int get(int op);
    MDB_cursor* cursor_ = nullptr;
    int opened_ = kDone;
    std::string_view key_, value_;
};

struct LmdbEnvOptions {
    std::string directory;
    std::uint64_t map_bytes = std::uint64_t{64} << 30;
    bool read_only = false;
    // Blocks are allocated this much ahead of need: a full disk is then met before a commit has
    // begun, not in the middle of one. 0 = never.
    std::uint64_t preallocate_bytes = std::uint64_t{8} << 20;
};

class LmdbEnv {
public:
    static Result<std::unique_ptr<LmdbEnv>> open(const LmdbEnvOptions& options);
    LmdbEnv(const LmdbEnv&) = delete;
    LmdbEnv& operator=(const LmdbEnv&) = delete;
    ~LmdbEnv();

    int begin_write(Txn& txn);
    int begin_read(Txn& txn) const;
    // Makes sure that about `bytes` can be written; 0 or ENOSPC.
    int preallocate(std::uint64_t bytes);
    // DataFileGone: the path no longer names the file that is open.
    Result<void> check_file() const;
    std::uint64_t map_bytes() const { return options_.map_bytes; }

private:
    explicit LmdbEnv(LmdbEnvOptions options) : options_(std::move(options)) {}
    int create_or_open();
    int open_tables();

    LmdbEnvOptions options_;
    MDB_env* env_ = nullptr;
    std::array<unsigned int, kDbs> dbis_{};
    std::uint64_t page_bytes_ = 4096;
    std::uint64_t preallocated_to_ = 0;
};

}  // namespace weft::storage
