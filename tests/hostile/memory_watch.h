#pragma once
// The resident memory of another process over time.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

namespace weft::hostile {

// Bytes; nothing when there is no such process (any more).
std::optional<std::uint64_t> resident_bytes(int pid);

// Looks every 50 ms, from its construction to its end.
class MemoryWatch {
public:
    explicit MemoryWatch(int pid);
    ~MemoryWatch();
    MemoryWatch(const MemoryWatch&) = delete;
    MemoryWatch& operator=(const MemoryWatch&) = delete;

    std::uint64_t before() const { return before_; }
    std::uint64_t peak() const { return peak_; }
    // 0 when the process has ended.
    std::uint64_t last() const { return last_; }

private:
    void run();

    const int pid_;
    const std::uint64_t before_;
    std::atomic<std::uint64_t> peak_, last_;
    std::atomic<bool> over_ = false;
    std::thread thread_;
};

}  // namespace weft::hostile
