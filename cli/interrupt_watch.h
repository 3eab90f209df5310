#pragma once
// An interrupt that is asked for instead of being delivered.

#include <signal.h>

#include <chrono>
#include <ctime>

namespace weft::cli {

// While it lives, an interrupt is not delivered but can be asked for. Made before other threads.
class InterruptWatch {
public:
    InterruptWatch() {
        ::sigemptyset(&watched_);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&watched_, signal);
        ::sigprocmask(SIG_BLOCK, &watched_, &before_);
    }
    ~InterruptWatch() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

    bool arrived_within(std::chrono::milliseconds wait) {
        const timespec span{wait.count() / 1000, (wait.count() % 1000) * 1'000'000};
        arrived_ = arrived_ || ::sigtimedwait(&watched_, nullptr, &span) > 0;
        return arrived_;
    }

private:
    sigset_t watched_{}, before_{};
    bool arrived_ = false;
};

}  // namespace weft::cli
