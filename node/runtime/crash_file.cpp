#include "node/runtime/crash_file.h"

#include "core/error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace weft::node {

namespace {

constexpr std::size_t kFileBytes = 4096;
constexpr std::array<char, 8> kMagic = {'W', 'E', 'F', 'T', 'R', 'U', 'N', '1'};

static_assert(std::endian::native == std::endian::little, "the file is little-endian");

// One request, as docs/storage-format.md has it.
struct Record {
    std::uint32_t set;  // last to be written, first to be taken back
    std::uint32_t group;
    std::uint32_t type_bytes, id_bytes;
    std::int64_t start_ms;
    std::uint64_t seq;
    ClientId client;
    char type[kTypeBytesMax];
    char id[kIdBytesMax];

    // A power cut may leave any mixture of old and new bytes.
    bool holds() const { return set == 1 && type_bytes <= sizeof type && id_bytes <= sizeof id; }
    RequestId request() const { return {client, start_ms, PartitionId{group}, seq}; }
};
static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) == 296);

std::uint32_t copy_text(char* to, std::size_t room, std::string_view text) {
    const std::size_t bytes = std::min(room, text.size());
    std::memcpy(to, text.data(), bytes);
    return static_cast<std::uint32_t>(bytes);
}

// Allocated whole: a store into a hole of a full disk would end the process.
Result<void> make_room(int file, const std::string& path) {
    const int failed = posix_fallocate(file, 0, kFileBytes);
    if (failed == 0) return {};
    const bool full = failed == ENOSPC || failed == EDQUOT;
    return fail(full ? ErrorNumber::DiskFull : ErrorNumber::StorageRefused, "{}: {}", path,
                std::strerror(failed));
}

}  // namespace

struct CrashFile::Page {
    std::array<char, 8> magic;
    Record running;
    std::array<Record, kKept> kept;  // newest first
};

CrashFile::CrashFile(Page* page) : page_(page) { static_assert(sizeof(Page) <= kFileBytes); }

CrashFile::~CrashFile() { munmap(page_, kFileBytes); }

Result<std::unique_ptr<CrashFile>> CrashFile::open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0)
        return fail(ErrorNumber::StorageRefused, "cannot open {}: {}", path, std::strerror(errno));
    if (auto room = make_room(file, path); !room) {
        ::close(file);
        return std::unexpected(std::move(room).error());
    }
    void* memory = mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    const int why = errno;
    ::close(file);
    if (memory == MAP_FAILED)
        return fail(ErrorNumber::StorageRefused, "cannot map {}: {}", path, std::strerror(why));
    std::unique_ptr<CrashFile> slot(new CrashFile(static_cast<Page*>(memory)));
    slot->recover();
    return slot;
}

void CrashFile::recover() {
    if (page_->magic != kMagic) {
        *page_ = Page{};
        page_->magic = kMagic;
    }
    const Record& left = page_->running;
    if (left.holds()) {
        found_ = Crash{.request = left.request(),
                       .type = std::string(left.type, left.type_bytes),
                       .id = std::string(left.id, left.id_bytes)};
        std::shift_right(page_->kept.begin(), page_->kept.end(), 1);
        page_->kept.front() = left;
    }
    leave();
}

void CrashFile::enter(const Request& request) {
    Record& running = page_->running;
    running.group = request.id.group.value;
    running.start_ms = request.id.start_ms;
    running.seq = request.id.seq;
    running.client = request.id.client;
    running.type_bytes = copy_text(running.type, sizeof running.type, request.type);
    running.id_bytes = copy_text(running.id, sizeof running.id, request.entity);
    std::atomic_ref(running.set).store(1, std::memory_order_release);
    // Nothing of the handler may move before it; a dying thread has finished what came before.
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

void CrashFile::leave() { std::atomic_ref(page_->running.set).store(0, std::memory_order_release); }

std::vector<RequestId> CrashFile::crashed() const {
    std::vector<RequestId> all;
    for (const Record& record : page_->kept)
        if (record.holds()) all.push_back(record.request());
    return all;
}

}  // namespace weft::node
