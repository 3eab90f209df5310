#include "cli/interrupt_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace weft::cli {

void end_by(int signal) {
    ::signal(signal, SIG_DFL);
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    ::kill(::getpid(), signal);
}

OnInterrupt::OnInterrupt(std::function<void()> act) : act_(std::move(act)) {
    sigset_t taken;
    ::sigemptyset(&taken);
    // Whoever started this program may have had one ignored (nohup, a job of a script).
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction current{};
        ::sigaction(signal, nullptr, &current);
        if (current.sa_handler != SIG_IGN) ::sigaddset(&taken, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &taken, &before_);
    signals_ = ::signalfd(-1, &taken, SFD_CLOEXEC);
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
        if (arrived_ == 0) return;
    }
    act_();
}

int OnInterrupt::arrived() const {
    const std::lock_guard guard(lock_);
    return arrived_;
}

bool OnInterrupt::take(int signal) {
    const std::lock_guard guard(lock_);
    if (stage_ == Stage::Ends || arrived_ != 0) end_by(signal);
    arrived_ = signal;
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
        if (take(static_cast<int>(taken.ssi_signo))) act_();
    }
}

}  // namespace weft::cli
