#include "io_shim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <span>

namespace weft::storage::test {
namespace {

// The interposed functions are plain C and have no other way to their shim.
std::atomic<IoShim*> active{nullptr};

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

IoShim* shim_for(int fd) {
    IoShim* shim = active.load();
    return shim != nullptr && shim->watches(fd) ? shim : nullptr;
}

bool refused(IoShim* shim, IoCall call) {
    const int error = shim == nullptr ? 0 : shim->before(call);
    if (error != 0) errno = error;
    return error != 0;
}

void note_parts(IoShim& shim, int fd, std::uint64_t offset, std::span<const iovec> parts) {
    for (const iovec& part : parts) {
        shim.wrote(fd, offset, part.iov_base, part.iov_len);
        offset += part.iov_len;
    }
}

std::uint64_t position(int fd) { return static_cast<std::uint64_t>(lseek(fd, 0, SEEK_CUR)); }

}  // namespace

IoShim::IoShim(std::string path) : path_(std::move(path)) { active = this; }
IoShim::~IoShim() { active = nullptr; }

bool IoShim::watches(int fd) const {
    struct stat wanted{}, given{};
    return ::stat(path_.c_str(), &wanted) == 0 && ::fstat(fd, &given) == 0 &&
           wanted.st_ino == given.st_ino && wanted.st_dev == given.st_dev;
}

int IoShim::before(IoCall call) { return answer ? answer(call) : 0; }

void IoShim::wrote(int fd, std::uint64_t offset, const void* data, std::size_t size) {
    const bool synchronous = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
    events.push_back(
        {IoCall::Write, offset, std::string(static_cast<const char*>(data), size), synchronous});
}

void IoShim::synced() { events.push_back({IoCall::Sync, 0, {}, false}); }

}  // namespace weft::storage::test

using weft::storage::test::active;
using weft::storage::test::IoCall;
using weft::storage::test::IoShim;
using weft::storage::test::note_parts;
using weft::storage::test::position;
using weft::storage::test::real;
using weft::storage::test::refused;
using weft::storage::test::shim_for;

extern "C" {

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
    IoShim* shim = shim_for(fd);
    if (refused(shim, IoCall::Write)) return -1;
    const ssize_t done =
        real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(fd, data, size, offset);
    if (shim != nullptr && done > 0)
        shim->wrote(fd, static_cast<std::uint64_t>(offset), data, static_cast<size_t>(done));
    return done;
}

ssize_t write(int fd, const void* data, size_t size) {
    IoShim* shim = shim_for(fd);
    if (refused(shim, IoCall::Write)) return -1;
    const std::uint64_t offset = shim != nullptr ? position(fd) : 0;
    const ssize_t done = real<ssize_t(int, const void*, size_t)>("write")(fd, data, size);
    if (shim != nullptr && done > 0) shim->wrote(fd, offset, data, static_cast<size_t>(done));
    return done;
}

ssize_t writev(int fd, const iovec* parts, int count) {
    IoShim* shim = shim_for(fd);
    if (refused(shim, IoCall::Write)) return -1;
    const std::uint64_t offset = shim != nullptr ? position(fd) : 0;
    const ssize_t done = real<ssize_t(int, const iovec*, int)>("writev")(fd, parts, count);
    if (shim != nullptr && done > 0)
        note_parts(*shim, fd, offset, {parts, static_cast<size_t>(count)});
    return done;
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
    IoShim* shim = shim_for(fd);
    if (refused(shim, IoCall::Write)) return -1;
    const ssize_t done =
        real<ssize_t(int, const iovec*, int, off_t)>("pwritev")(fd, parts, count, offset);
    if (shim != nullptr && done > 0)
        note_parts(*shim, fd, static_cast<std::uint64_t>(offset),
                   {parts, static_cast<size_t>(count)});
    return done;
}

int fdatasync(int fd) {
    IoShim* shim = shim_for(fd);
    if (refused(shim, IoCall::Sync)) return -1;
    const int rc = real<int(int)>("fdatasync")(fd);
    if (shim != nullptr && rc == 0) shim->synced();
    return rc;
}

int fsync(int fd) {
    IoShim* shim = shim_for(fd);
    if (refused(shim, IoCall::Sync)) return -1;
    const int rc = real<int(int)>("fsync")(fd);
    if (shim != nullptr && rc == 0) shim->synced();
    return rc;
}

}  // extern "C"
