#pragma once
// The end of a log file, and what is added to it.

#include "weft/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace weft::cli {

// Reads whole lines of a file that another process appends to. When the file is replaced by another
// one of its name it goes on there, and when it was cut short, at its begin.
class LogTail {
public:
    // Begins at the last `lines` lines. NotFound: there is no such file.
    static Result<LogTail> open(const std::filesystem::path& path, std::uint64_t lines);
    LogTail(LogTail&& other) noexcept;
    LogTail& operator=(LogTail&&) = delete;
    ~LogTail();

    // Some of what there is to read, in whole lines; empty when there is nothing now. A line longer
    // than 64 KiB comes in parts.
    std::string read();
    // What is left behind the last end of a line.
    std::string rest();

private:
    LogTail(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}
    // True when there is something to read where there was not.
    bool look_again();
    // What follows is of another file.
    void end_partial();

    std::filesystem::path path_;
    int file_;
    std::uint64_t at_ = 0;
    std::string partial_;  // read, but without its end of line
};

// Where the last `lines` lines of the first `size` bytes of `file` begin.
std::uint64_t begin_of_last_lines(int file, std::uint64_t size, std::uint64_t lines);

}  // namespace weft::cli
