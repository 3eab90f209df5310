#include "examples/packages/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace packages {

namespace {

using namespace std::chrono_literals;

constexpr int kWidth = 40;

}  // namespace

Progress::Progress() : terminal_(::isatty(STDOUT_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::show(const std::string& what, double done) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < (terminal_ ? 100ms : 2000ms)) return;
    last_ = now;
    const double share = std::clamp(done, 0.0, 1.0);
    if (!terminal_) {
        std::printf("  %s %3.0f %%\n", what.c_str(), 100 * share);
        std::fflush(stdout);
        return;
    }
    const auto filled = static_cast<std::size_t>(kWidth * share);
    std::printf("\r\x1b[K  [%s%s] %3.0f %%  %s", std::string(filled, '#').c_str(),
                std::string(kWidth - filled, '.').c_str(), 100 * share, what.c_str());
    std::fflush(stdout);
    drawn_ = true;
}

void Progress::say(const std::string& line) {
    clear();
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

void Progress::clear() {
    if (drawn_) std::printf("\r\x1b[K");
    drawn_ = false;
}

}  // namespace packages
