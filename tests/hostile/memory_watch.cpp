#include "tests/hostile/memory_watch.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace weft::hostile {

std::optional<std::uint64_t> resident_bytes(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
    std::uint64_t pages = 0, resident = 0;
    // A process that has ended and was not waited for has no pages.
    if (!(file >> pages >> resident) || pages == 0) return std::nullopt;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

MemoryWatch::MemoryWatch(int pid)
    : pid_(pid),
      before_(resident_bytes(pid).value_or(0)),
      peak_(before_),
      last_(before_),
      thread_([this] { run(); }) {}

MemoryWatch::~MemoryWatch() {
    over_ = true;
    thread_.join();
}

void MemoryWatch::run() {
    while (!over_) {
        last_ = resident_bytes(pid_).value_or(0);
        peak_ = std::max(peak_.load(), last_.load());
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

}  // namespace weft::hostile
