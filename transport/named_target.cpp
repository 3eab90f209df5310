#include "transport/named_target.h"

#include "core/error.h"
#include "core/time.h"
#include "transport/listener.h"
#include "transport/socket_setup.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace weft::transport {

namespace {

using Numbers = Result<std::vector<std::string>>;

// Threads of this process that ask. Where name servers are silent each lives for tens of seconds.
constexpr int kAskingMax = 64;
constinit std::atomic<int> asking = 0;

bool begin_asking() {
    if (asking.fetch_add(1) < kAskingMax) return true;
    asking.fetch_sub(1);
    return false;
}

// A timer that goes off once, in `delay`.
void set_timer(int timer, Duration delay) {
    const auto ns = std::max<std::int64_t>(delay.count(), 1);
    constexpr std::int64_t kSecond = 1'000'000'000;
    const itimerspec when{{0, 0}, {ns / kSecond, ns % kSecond}};
    timerfd_settime(timer, 0, &when, nullptr);
}

}  // namespace

struct NamedTarget::Question {
    explicit Question(int descriptor) : timer(descriptor) {}
    Descriptor timer;
    std::mutex mutex;
    std::optional<Numbers> answer;

    void put(Numbers numbers) {
        const std::lock_guard lock(mutex);
        answer = std::move(numbers);
        set_timer(timer.get(), Duration::zero());
    }
    std::optional<Numbers> take() {
        const std::lock_guard lock(mutex);
        return std::exchange(answer, std::nullopt);
    }
};

Result<NamedTarget> NamedTarget::open(const Resolver& resolver, Destination named) {
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer < 0) return fail(ErrorNumber::BadConfiguration, "no descriptor left for a timer");
    NamedTarget target(resolver, std::move(named), std::make_shared<Question>(timer));
    target.begin();
    return target;
}

void NamedTarget::ask(Why why) {
    wanted_ = true;
    refused_ = refused_ || why == Why::Refused;
    const bool at_once = why == Why::Disconnected || !last_;
    if (stage_ == Stage::Idle) wait(at_once ? 0 : kReconnectMs);
}

void NamedTarget::keep() {
    wanted_ = false;
    refused_ = false;
}

void NamedTarget::wait(int ms) {
    stage_ = Stage::Waiting;
    set_timer(question_->timer.get(), std::chrono::milliseconds(ms));
}

void NamedTarget::begin() {
    stage_ = Stage::Asking;
    if (!begin_asking()) {
        question_->put(
            fail(ErrorNumber::BadConfiguration, "{} names are being resolved", kAskingMax));
        return;
    }
    try {
        std::thread([resolver = resolver_, name = named_.host, question = question_] {
            question->put(resolver(name));
            asking.fetch_sub(1);
        }).detach();
    } catch (const std::system_error& error) {
        asking.fetch_sub(1);
        question_->put(fail(ErrorNumber::BadConfiguration, "cannot resolve {}: {}", named_.host,
                            error.what()));
    }
}

bool NamedTarget::look() {
    std::uint64_t times = 0;
    if (read(question_->timer.get(), &times, sizeof times) < 0) return false;
    if (stage_ == Stage::Waiting) {
        stage_ = Stage::Idle;
        if (wanted_) begin();
        return false;
    }
    auto numbers = question_->take();
    if (!numbers) return false;
    stage_ = Stage::Idle;
    if (!wanted_) return false;
    auto places = *numbers ? loopback_of(named_, **numbers)
                           : Result<std::vector<Destination>>(std::unexpected(numbers->error()));
    if (places) return choose(*places);
    unresolved_ = std::move(places).error().message;
    // Else there are attempts to come, and each that fails asks again.
    if (!target_) wait(kReconnectMaxMs);
    return true;
}

bool NamedTarget::choose(const std::vector<Destination>& places) {
    const bool was_unresolved = !std::exchange(unresolved_, {}).empty();
    const bool refused = std::exchange(refused_, false);
    auto next = target_ ? std::ranges::find(places, *target_) : places.end();
    if (next != places.end() && refused) ++next;
    if (next == places.end()) next = places.begin();
    const bool another = target_ != *next;
    target_ = *next;
    last_ = std::next(next) == places.end();
    return another || was_unresolved;
}

int NamedTarget::descriptor() const { return question_->timer.get(); }

}  // namespace weft::transport
