// Preloaded into one node: fails writes or syncs of data.mdb while a file asks for it.
//   WEFT_DISK_FAULT names that file; its first word is "full" (ENOSPC) or "sync" (EIO).

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool fault_is(const char* wanted) {
    const char* path = std::getenv("WEFT_DISK_FAULT");
    if (path == nullptr) return false;
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    char text[8] = {};
    (void)!::read(file, text, 4);
    ::close(file);
    return std::strncmp(text, wanted, 4) == 0;
}

bool is_journal(int file) {
    char link[64], path[512] = {};
    ::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return ::readlink(link, path, sizeof path - 1) > 0 && std::strstr(path, "data.mdb") != nullptr;
}

bool refuse(int file, const char* fault, int number) {
    if (!is_journal(file) || !fault_is(fault)) return false;
    errno = number;
    return true;
}

}  // namespace

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
    // LMDB's two meta pages have their place on the disk since the file was made: no disk gets so
    // full that they could not be written.
    constexpr off_t kMetaBytes = 2 * 4096;
    if (at >= kMetaBytes && refuse(file, "full", ENOSPC)) return -1;
    return next<decltype(&::pwrite)>("pwrite")(file, bytes, size, at);
}

ssize_t pwritev(int file, const iovec* parts, int count, off_t at) {
    if (refuse(file, "full", ENOSPC)) return -1;
    return next<decltype(&::pwritev)>("pwritev")(file, parts, count, at);
}

ssize_t writev(int file, const iovec* parts, int count) {
    if (refuse(file, "full", ENOSPC)) return -1;
    return next<decltype(&::writev)>("writev")(file, parts, count);
}

ssize_t write(int file, const void* bytes, size_t size) {
    if (refuse(file, "full", ENOSPC)) return -1;
    return next<decltype(&::write)>("write")(file, bytes, size);
}

int fdatasync(int file) {
    if (refuse(file, "sync", EIO)) return -1;
    return next<decltype(&::fdatasync)>("fdatasync")(file);
}

int fsync(int file) {
    if (refuse(file, "sync", EIO)) return -1;
    return next<decltype(&::fsync)>("fsync")(file);
}
}
