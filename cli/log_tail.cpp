#include "cli/log_tail.h"

#include "core/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weft::cli {

namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;

int open_log(const std::filesystem::path& path) {
    return ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

}  // namespace

std::uint64_t begin_of_last_lines(int file, std::uint64_t size, std::uint64_t lines) {
    if (lines == 0) return size;
    std::array<char, kBlockBytes> block;
    std::uint64_t ends = 0;
    for (std::uint64_t end = size; end > 0;) {
        const std::uint64_t begin = end > block.size() ? end - block.size() : 0;
        const ssize_t got = ::pread(file, block.data(), end - begin, static_cast<off_t>(begin));
        if (got < 0 || static_cast<std::uint64_t>(got) != end - begin) return begin;
        for (std::uint64_t at = end; at > begin; --at) {
            // The end of the last line of all is not between two lines.
            if (block[at - 1 - begin] != '\n' || at == size) continue;
            if (++ends == lines) return at;
        }
        end = begin;
    }
    return 0;
}

Result<LogTail> LogTail::open(const std::filesystem::path& path, std::uint64_t lines) {
    const int file = open_log(path);
    if (file < 0)
        return fail(errno == ENOENT ? ErrorNumber::NotThere : ErrorNumber::BadConfiguration,
                    "cannot read the log {}: {}", path.string(), std::strerror(errno));
    LogTail tail(path, file);
    struct stat status{};
    if (::fstat(file, &status) == 0)
        tail.at_ = begin_of_last_lines(file, static_cast<std::uint64_t>(status.st_size), lines);
    return tail;
}

LogTail::LogTail(LogTail&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      at_(other.at_),
      partial_(std::move(other.partial_)) {}

LogTail::~LogTail() {
    if (file_ >= 0) ::close(file_);
}

void LogTail::end_partial() {
    if (!partial_.empty()) partial_ += '\n';
}

bool LogTail::look_again() {
    struct stat ours{};
    struct stat named{};
    if (::fstat(file_, &ours) != 0) return false;
    if (static_cast<std::uint64_t>(ours.st_size) < at_) {
        at_ = 0;  // cut short: copied away and emptied, say
        end_partial();
        return ours.st_size > 0;
    }
    // Gone for the moment: the other one comes.
    if (::stat(path_.c_str(), &named) != 0) return false;
    if (named.st_ino == ours.st_ino && named.st_dev == ours.st_dev) return false;
    // Its writer may have added to the old one after the last look.
    if (static_cast<std::uint64_t>(ours.st_size) > at_) return true;
    const int file = open_log(path_);
    if (file < 0) return false;
    ::close(std::exchange(file_, file));
    at_ = 0;
    end_partial();
    return named.st_size > 0;
}

std::string LogTail::read() {
    std::array<char, kBlockBytes> block;
    for (bool looked = false;;) {
        const ssize_t got = ::pread(file_, block.data(), block.size(), static_cast<off_t>(at_));
        if (got <= 0) {
            const bool more = !std::exchange(looked, true) && look_again();
            if (partial_.ends_with('\n')) return std::exchange(partial_, {});
            if (!more) return {};
            continue;
        }
        at_ += static_cast<std::uint64_t>(got);
        partial_.append(block.data(), static_cast<std::size_t>(got));
        const std::size_t end = partial_.rfind('\n');
        if (end == std::string::npos && partial_.size() < kBlockBytes) continue;
        const std::size_t taken = end == std::string::npos ? partial_.size() : end + 1;
        std::string lines = partial_.substr(0, taken);
        partial_.erase(0, taken);
        return lines;
    }
}

std::string LogTail::rest() { return std::exchange(partial_, {}); }

}  // namespace weft::cli
