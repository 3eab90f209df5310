#include "cli/interrupt_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace weft::cli {

void end_by_interrupt() {
    ::signal(SIGINT, SIG_DFL);
    sigset_t interrupt;
    ::sigemptyset(&interrupt);
    ::sigaddset(&interrupt, SIGINT);
    ::pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
    ::kill(::getpid(), SIGINT);
}

OnInterrupt::OnInterrupt(std::function<void()> act) : act_(std::move(act)) {
    sigset_t interrupt;
    ::sigemptyset(&interrupt);
    // Whoever started this program may have had interrupts ignored (nohup, a job of a script).
    struct sigaction current{};
    ::sigaction(SIGINT, nullptr, &current);
    if (current.sa_handler != SIG_IGN) ::sigaddset(&interrupt, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &interrupt, &before_);
    signals_ = ::signalfd(-1, &interrupt, SFD_CLOEXEC);
    end_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { watch(); });
}

OnInterrupt::~OnInterrupt() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(end_, &one, sizeof one);
    thread_.join();
    ::close(signals_);
    ::close(end_);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void OnInterrupt::hold() {
    const std::lock_guard guard(lock_);
    stage_ = Stage::Held;
}

void OnInterrupt::arm() {
    {
        const std::lock_guard guard(lock_);
        stage_ = Stage::Armed;
        if (!arrived_) return;
    }
    act_();
}

bool OnInterrupt::arrived() const {
    const std::lock_guard guard(lock_);
    return arrived_;
}

bool OnInterrupt::take() {
    const std::lock_guard guard(lock_);
    if (stage_ == Stage::Ends || arrived_) end_by_interrupt();
    arrived_ = true;
    return stage_ == Stage::Armed;
}

void OnInterrupt::watch() {
    for (;;) {
        pollfd waits[] = {{signals_, POLLIN, 0}, {end_, POLLIN, 0}};
        if (::poll(waits, 2, -1) < 0) continue;
        if (waits[1].revents != 0) return;
        if (waits[0].revents == 0) continue;
        signalfd_siginfo taken{};
        [[maybe_unused]] const auto got = ::read(signals_, &taken, sizeof taken);
        if (take()) act_();
    }
}

}  // namespace weft::cli
