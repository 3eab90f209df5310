// libweft_faults.so, preloaded into a node by `weft torture` and the tests and by nothing else:
// what the node's disk and its wall clock do to it while a file says so.
//   WEFT_FAULTS names the file. Its words, in any order and number:
//   full       writes to data.mdb fail with ENOSPC
//   sync       fsync, fdatasync and msync of data.mdb fail with EIO
//   stall      syncs and reads of data.mdb wait until the word is gone, ten seconds at most
//   clock=MS   CLOCK_REALTIME is that many milliseconds ahead, or behind when negative
// No file, or an empty one: no fault.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr unsigned kFull = 1, kSync = 2, kStall = 4;
constexpr std::int64_t kMillisecond = 1'000'000, kSecond = 1'000 * kMillisecond;
constexpr std::int64_t kLookInterval = 20 * kMillisecond;
constexpr std::int64_t kStallMax = 10 * kSecond;

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

// Looked up once: dlsym takes locks.
#define WEFT_NEXT(name) static const auto real = next<decltype(&::name)>(#name)

int real_clock(clockid_t clock, timespec* now) {
    WEFT_NEXT(clock_gettime);
    return real(clock, now);
}

std::int64_t monotonic() {
    timespec now{};
    real_clock(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
}

std::atomic<unsigned> faults{0};
std::atomic<std::int64_t> clock_offset_ms{0};
std::atomic<std::int64_t> next_look{0};

void look() {
    static const char* const path = std::getenv("WEFT_FAULTS");
    if (path == nullptr) return;
    char text[128] = {};
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        WEFT_NEXT(read);
        (void)!real(file, text, sizeof text - 1);
        ::close(file);
    }
    const char* clock = std::strstr(text, "clock=");
    clock_offset_ms = clock == nullptr ? 0 : std::strtoll(clock + 6, nullptr, 10);
    faults = (std::strstr(text, "full") != nullptr ? kFull : 0U) |
             (std::strstr(text, "sync") != nullptr ? kSync : 0U) |
             (std::strstr(text, "stall") != nullptr ? kStall : 0U);
}

unsigned faults_now() {
    const std::int64_t now = monotonic();
    std::int64_t due = next_look;
    // One thread reads the file, the others take what was read last.
    if (now >= due && next_look.compare_exchange_strong(due, now + kLookInterval)) {
        const int before = errno;
        look();
        errno = before;
    }
    return faults;
}

bool is_journal(int file) {
    char link[64], path[512] = {};
    ::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return ::readlink(link, path, sizeof path - 1) > 0 && std::strstr(path, "data.mdb") != nullptr;
}

bool refuse(int file, unsigned fault, int number) {
    if ((faults_now() & fault) == 0 || !is_journal(file)) return false;
    errno = number;
    return true;
}

void stall() {
    const std::int64_t until = monotonic() + kStallMax;
    while ((faults_now() & kStall) != 0 && monotonic() < until) {
        const timespec pause{0, 5 * kMillisecond};
        ::nanosleep(&pause, nullptr);
    }
}

void stall(int file) {
    if ((faults_now() & kStall) != 0 && is_journal(file)) stall();
}

}  // namespace

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
    WEFT_NEXT(pwrite);
    // LMDB's two meta pages have their place on the disk since the file was made: no disk gets so
    // full that they could not be written.
    constexpr off_t kMetaBytes = 2 * 4096;
    if (at >= kMetaBytes && refuse(file, kFull, ENOSPC)) return -1;
    return real(file, bytes, size, at);
}

ssize_t pwritev(int file, const iovec* parts, int count, off_t at) {
    WEFT_NEXT(pwritev);
    if (refuse(file, kFull, ENOSPC)) return -1;
    return real(file, parts, count, at);
}

ssize_t writev(int file, const iovec* parts, int count) {
    WEFT_NEXT(writev);
    if (refuse(file, kFull, ENOSPC)) return -1;
    return real(file, parts, count);
}

ssize_t write(int file, const void* bytes, size_t size) {
    WEFT_NEXT(write);
    if (refuse(file, kFull, ENOSPC)) return -1;
    return real(file, bytes, size);
}

ssize_t pread(int file, void* bytes, size_t size, off_t at) {
    WEFT_NEXT(pread);
    stall(file);
    return real(file, bytes, size, at);
}

ssize_t read(int file, void* bytes, size_t size) {
    WEFT_NEXT(read);
    stall(file);
    return real(file, bytes, size);
}

int fdatasync(int file) {
    WEFT_NEXT(fdatasync);
    stall(file);
    if (refuse(file, kSync, EIO)) return -1;
    return real(file);
}

int fsync(int file) {
    WEFT_NEXT(fsync);
    stall(file);
    if (refuse(file, kSync, EIO)) return -1;
    return real(file);
}

// A node maps nothing for writing but its journal.
int msync(void* address, size_t size, int flags) {
    WEFT_NEXT(msync);
    const unsigned now = faults_now();
    if ((now & kStall) != 0) stall();
    if ((now & kSync) != 0) {
        errno = EIO;
        return -1;
    }
    return real(address, size, flags);
}

int clock_gettime(clockid_t clock, timespec* now) {
    const int done = real_clock(clock, now);
    if (done != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return done;
    faults_now();
    const std::int64_t shifted =
        now->tv_sec * kSecond + now->tv_nsec + clock_offset_ms * kMillisecond;
    now->tv_sec = shifted / kSecond;
    now->tv_nsec = shifted % kSecond;
    return 0;
}

int gettimeofday(timeval* __restrict now, void* __restrict) {
    timespec exact{};
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t* kept) {
    timespec exact{};
    clock_gettime(CLOCK_REALTIME, &exact);
    if (kept != nullptr) *kept = exact.tv_sec;
    return exact.tv_sec;
}
}
