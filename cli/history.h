#pragma once
// One JSON line per operation, so that anybody can check a run with another tool. Grammar:
// docs/operating.md, "Histories".

#include "cli/bench_workload.h"
#include "weft/client.h"
#include "weft/result.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace weft::cli {

struct HistoryLine {
    std::uint64_t client = 0;  // a lane: its operations follow each other
    std::string_view entity;   // TYPE/ID
    const Operation* operation = nullptr;
    const CallResult* result = nullptr;
    std::int64_t start_ns = 0, end_ns = 0;  // one monotonic clock for all lines
};

std::string history_line(const HistoryLine& line);

// Thread-safe; written through a buffer, complete after the destructor or flush().
class History {
public:
    static Result<History> create(const std::string& path);
    void add(const HistoryLine& line);
    // StorageRefused when anything could not be written.
    Result<void> finish();

private:
    struct Closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    explicit History(std::FILE* file) : file_(file), lock_(std::make_unique<std::mutex>()) {}
    std::unique_ptr<std::FILE, Closer> file_;
    std::unique_ptr<std::mutex> lock_;
};

}  // namespace weft::cli
