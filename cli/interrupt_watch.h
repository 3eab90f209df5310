#pragma once
// An interrupt that is asked for instead of being delivered.

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <mutex>
#include <thread>

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

// Ends the process as that signal does when nobody waits for it: a shell's loop then ends, too.
void end_by(int signal);

// While it lives, the first SIGINT, SIGTERM or SIGHUP behind arm() calls `act` on a thread of its
// own instead of ending the program. One between hold() and arm() makes arm() call it. One before
// both, or a second one, ends the program. Nothing happens for those that are ignored. Made before
// other threads.
class OnInterrupt {
public:
    explicit OnInterrupt(std::function<void()> act);
    ~OnInterrupt();
    OnInterrupt(const OnInterrupt&) = delete;
    OnInterrupt& operator=(const OnInterrupt&) = delete;

    // What follows must not be lost, but what `act` needs is not there yet.
    void hold();
    // What `act` needs is there.
    void arm();
    // The signal that came first; 0: none has.
    int arrived() const;

private:
    enum class Stage : std::uint8_t { Ends, Held, Armed };

    void watch();
    // Takes a signal; true: `act` is due.
    bool take(int signal);

    std::function<void()> act_;
    mutable std::mutex lock_;
    Stage stage_ = Stage::Ends;
    int arrived_ = 0;
    sigset_t before_{};
    int signals_ = -1, end_ = -1;
    std::thread thread_;
};

}  // namespace weft::cli
