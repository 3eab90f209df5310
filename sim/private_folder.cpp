#include "sim/private_folder.h"

#include "core/invariant.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace weft::sim {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "weft-sim-";

std::string parent_folder() {
    struct statfs info{};
    const bool memory = ::statfs("/dev/shm", &info) == 0 && info.f_type == TMPFS_MAGIC &&
                        ::access("/dev/shm", W_OK) == 0;
    return memory ? "/dev/shm" : fs::temp_directory_path().string();
}

// The lock on a folder, or -1 when it is somebody else's.
int lock_folder(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    if (fd >= 0) ::close(fd);
    return -1;
}

// "weft-sim-PID-XXXXXX". Between making a folder and locking it only the process tells.
bool is_abandoned(const fs::path& path) {
    const std::string name = path.filename().string();
    if (!name.starts_with(kPrefix)) return false;
    pid_t owner = 0;
    const char* begin = name.data() + kPrefix.size();
    const auto [end, error] = std::from_chars(begin, name.data() + name.size(), owner);
    if (error != std::errc() || end == begin || owner <= 0) return false;
    return ::kill(owner, 0) != 0 && errno == ESRCH;
}

}  // namespace

PrivateFolder::PrivateFolder() {
    remove_abandoned_folders();
    path_ = fmt::format("{}/{}{}-XXXXXX", parent_folder(), kPrefix, ::getpid());
    const bool made = ::mkdtemp(path_.data()) != nullptr;
    WEFT_INVARIANT(made, "no folder {}: {}", path_, std::strerror(errno));
    lock_ = lock_folder(path_);
}

PrivateFolder::~PrivateFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    if (lock_ >= 0) ::close(lock_);
}

void remove_abandoned_folders() {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(parent_folder(), failed)) {
        if (!is_abandoned(entry.path())) continue;
        // In another namespace of processes it may live all the same.
        const int lock = lock_folder(entry.path().string());
        if (lock < 0) continue;
        std::error_code ignored;
        fs::remove_all(entry.path(), ignored);
        ::close(lock);
    }
}

}  // namespace weft::sim
