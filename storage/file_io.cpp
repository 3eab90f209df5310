#include "storage/file_io.h"

#include "core/error.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weft::storage {
namespace {

std::unexpected<Error> failed(std::string_view doing, const std::string& path, int error) {
    ErrorNumber number = ErrorNumber::DirectoryUnusable;
    if (error == ENOSPC || error == EDQUOT) number = ErrorNumber::DiskFull;
    if (error == EIO) number = ErrorNumber::SyncFailed;
    return fail(number, "{} {}: {}", doing, path, std::strerror(error));
}

int write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

// Locks and write order of network file systems are not those LMDB needs.
bool is_network_file_system(const std::string& path) {
    constexpr std::uint32_t kCifs = 0xff534d42U, kSmb2 = 0xfe534d42U;
    constexpr std::uint32_t kCeph = 0x00c36400U, kLustre = 0x0bd00bd0U;
    struct statfs info{};
    if (::statfs(path.c_str(), &info) != 0) return false;
    const auto type = static_cast<std::uint32_t>(info.f_type);
    return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == kCifs || type == kSmb2 ||
           type == kCeph || type == kLustre || type == AFS_SUPER_MAGIC || type == CODA_SUPER_MAGIC;
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

FileHandle::~FileHandle() {
    if (fd_ >= 0) ::close(fd_);
}

std::string parent_directory(const std::string& path) {
    std::string_view rest = path;
    while (rest.size() > 1 && rest.ends_with('/')) rest.remove_suffix(1);
    const std::size_t slash = rest.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return slash == 0 ? "/" : std::string(rest.substr(0, slash));
}

std::optional<std::uint64_t> free_bytes(const std::string& path) {
    struct statfs info{};
    if (::statfs(path.c_str(), &info) != 0 || info.f_blocks == 0) return std::nullopt;
    const std::uint64_t block = static_cast<std::uint64_t>(info.f_bsize);
    return info.f_bavail > UINT64_MAX / block ? UINT64_MAX : info.f_bavail * block;
}

Result<void> make_directory(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) {
        if (!S_ISDIR(info.st_mode))
            return fail(ErrorNumber::DirectoryUnusable, "{} is not a directory", path);
        if (is_network_file_system(path))
            return fail(ErrorNumber::DirectoryUnusable, "{} is on a network file system", path);
        return {};
    }
    if (errno != ENOENT) return failed("looking at", path, errno);
    const std::string parent = parent_directory(path);
    if (parent == path) return failed("creating", path, ENOENT);
    if (auto made = make_directory(parent); !made) return made;
    if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return failed("creating", path, errno);
    if (auto synced = sync_directory(parent); !synced) return synced;
    return make_directory(path);
}

Result<void> sync_directory(const std::string& path) {
    const FileHandle folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.open()) return failed("opening", path, errno);
    if (::fsync(folder.get()) != 0) return failed("syncing", path, errno);
    return {};
}

Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t bytes_max) {
    const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.open()) {
        if (errno == ENOENT) return std::nullopt;
        return failed("opening", path, errno);
    }
    std::string bytes(bytes_max, '\0');
    std::size_t size = 0;
    while (size < bytes_max) {
        const ssize_t got = ::read(file.get(), bytes.data() + size, bytes_max - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("reading", path, errno);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    bytes.resize(size);
    return bytes;
}

Result<void> replace_file(const std::string& directory, const std::string& name,
                          std::string_view bytes) {
    const std::string path = directory + "/" + name;
    const std::string draft = path + ".new";
    {
        const FileHandle file(
            ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
        if (!file.open()) return failed("creating", draft, errno);
        if (const int error = write_all(file.get(), bytes)) return failed("writing", draft, error);
        if (::fsync(file.get()) != 0) return failed("syncing", draft, errno);
    }
    if (::rename(draft.c_str(), path.c_str()) != 0) return failed("renaming to", path, errno);
    return sync_directory(directory);
}

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
    const std::string path = directory + "/lock";
    FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!file.open()) return failed("opening", path, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return failed("locking", path, errno);
        std::string holder = read_small_file(path, 32).value_or(std::nullopt).value_or("");
        while (!holder.empty() && holder.back() == '\n') holder.pop_back();
        return fail(ErrorNumber::DirectoryInUse, "{} is used by process {}", directory,
                    holder.empty() ? "(unknown)" : holder);
    }
    // For the message above only; the lock itself is the kernel's.
    if (::ftruncate(file.get(), 0) != 0) return failed("writing", path, errno);
    if (const int error = write_all(file.get(), std::to_string(::getpid()) + "\n"))
        return failed("writing", path, error);
    return DirectoryLock(std::move(file));
}

}  // namespace weft::storage
