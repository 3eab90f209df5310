#pragma once
// The few file operations of a data directory, with their syncs spelled out: a file is durable only
// when its folder has been synced too.

#include "weft/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::storage {

class FileHandle {
public:
    FileHandle() = default;
    explicit FileHandle(int fd) : fd_(fd) {}
    FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileHandle& operator=(FileHandle&& other) noexcept;
    ~FileHandle();
    int get() const { return fd_; }
    bool open() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

// Makes the folder and its parents; each new one is durable in the folder above it.
// DirectoryUnusable: not a folder, no permission, a network file system.
Result<void> make_directory(const std::string& path);
Result<void> sync_directory(const std::string& path);
// Bytes that the file system of `path` has left for this user; nothing when it does not say.
std::optional<std::uint64_t> free_bytes(const std::string& path);
std::string parent_directory(const std::string& path);

// At most `bytes_max` bytes; nothing when there is no such file.
Result<std::optional<std::string>> read_small_file(const std::string& path,
                                                   std::size_t bytes_max = 64 << 10);
// Replaces the file: old or new bytes after a crash, never a mixture. Durable on return.
Result<void> replace_file(const std::string& directory, const std::string& name,
                          std::string_view bytes);

// An exclusive lock on DIR/lock, held until the end of its life and released by the kernel when the
// process ends in any way.
class DirectoryLock {
public:
    // DirectoryInUse names the process that holds it.
    static Result<DirectoryLock> take(const std::string& directory);

private:
    explicit DirectoryLock(FileHandle file) : file_(std::move(file)) {}
    FileHandle file_;
};

}  // namespace weft::storage
