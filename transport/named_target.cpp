#include "transport/named_target.h"

#include "core/error.h"
#include "core/time.h"
#include "transport/listener.h"
#include "transport/socket_setup.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace weft::transport {

namespace {

using Numbers = Result<std::vector<std::string>>;

constexpr int kAskingMax = 64;
// Before the last address that was connected to is tried without an answer.
constexpr int kPatienceMs = 500;
// Longer than a handshake may take: whatever was tried has failed without a word.
constexpr int kSilenceMs = kHandshakeMs + 1000;

// A timer that goes off once.
void set_timer(int timer, int ms) {
    constexpr long kMsNs = 1'000'000;
    const itimerspec when{{0, 0}, {ms / 1000, ms == 0 ? 1 : ms % 1000 * kMsNs}};
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
        set_timer(timer.get(), 0);
    }
    std::optional<Numbers> take() {
        const std::lock_guard lock(mutex);
        return std::exchange(answer, std::nullopt);
    }
};

Result<NamedTarget> NamedTarget::open(std::shared_ptr<NameService> service, Destination named) {
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer < 0) return fail(ErrorNumber::BadConfiguration, "no descriptor left for a timer");
    NamedTarget target(std::move(service), std::move(named), std::make_shared<Question>(timer));
    target.begin();
    return target;
}

void NamedTarget::enter(Stage stage, int ms) {
    stage_ = stage;
    set_timer(question_->timer.get(), ms);
}

void NamedTarget::disconnected() {
    wanted_ = true;
    if (stage_ != Stage::Asking) enter(Stage::Waiting, 0);
}

bool NamedTarget::refused() {
    wanted_ = refused_ = again_ = true;
    if (stage_ == Stage::Asking || stage_ == Stage::Waiting) return places_ == 1;
    const bool all = ++refusals_ >= places_;
    const int wait = all_refused_ ? kReconnectMaxMs : kReconnectMs;
    if (all) {
        refusals_ = 0;
        all_refused_ = true;
    }
    enter(Stage::Waiting, all ? wait : 0);
    return all;
}

void NamedTarget::connected() {
    wanted_ = refused_ = again_ = all_refused_ = false;
    refusals_ = 0;
    unresolved_.clear();
    if (stage_ != Stage::Asking) stage_ = Stage::Idle;
    if (target_) service_->reached.insert_or_assign(named_.text(), *target_);
}

void NamedTarget::begin() {
    enter(Stage::Asking, kPatienceMs);
    if (service_->asking.fetch_add(1) >= kAskingMax) {
        service_->asking.fetch_sub(1);
        question_->put(
            fail(ErrorNumber::BadConfiguration, "{} names are being resolved", kAskingMax));
        return;
    }
    try {
        std::thread([service = service_, name = named_.host, question = question_] {
            question->put(service->resolver(name));
            service->asking.fetch_sub(1);
        }).detach();
    } catch (const std::system_error& error) {
        service_->asking.fetch_sub(1);
        question_->put(fail(ErrorNumber::BadConfiguration, "cannot resolve {}: {}", named_.host,
                            error.what()));
    }
}

NamedTarget::News NamedTarget::look() {
    std::uint64_t times = 0;
    if (read(question_->timer.get(), &times, sizeof times) < 0) return News::None;
    if (stage_ == Stage::Asking) {
        if (const auto numbers = question_->take()) return answered(*numbers);
        return wanted_ && !target_ && take_reached() ? News::Connect : News::None;
    }
    if (!wanted_) return News::None;
    if (stage_ == Stage::Waiting) {
        begin();
        return News::None;
    }
    return refused() ? News::Refused : News::None;
}

NamedTarget::News NamedTarget::answered(const Numbers& numbers) {
    stage_ = Stage::Idle;
    if (!wanted_) return News::None;
    auto places = numbers ? loopback_of(named_, *numbers)
                          : Result<std::vector<Destination>>(std::unexpected(numbers.error()));
    bool another = false;
    if (places) {
        unresolved_.clear();
        another = choose(*places);
    } else {
        unresolved_ = std::move(places).error().message;
        another = !target_ && take_reached();
    }
    if (target_)
        enter(Stage::Trying, kSilenceMs);
    else
        enter(Stage::Waiting, kReconnectMaxMs);
    if (std::exchange(again_, false) || another) return News::Connect;
    return places ? News::None : News::Unresolved;
}

// While nobody can tell the last known address is as good as any.
bool NamedTarget::take_reached() {
    const auto known = service_->reached.find(named_.text());
    if (known == service_->reached.end()) return false;
    target_ = known->second;
    return true;
}

bool NamedTarget::choose(const std::vector<Destination>& places) {
    places_ = places.size();
    auto next = target_ ? std::ranges::find(places, *target_) : places.end();
    if (next != places.end() && refused_) ++next;
    if (next == places.end()) next = places.begin();
    refused_ = false;
    const bool another = target_ != *next;
    target_ = *next;
    return another;
}

int NamedTarget::descriptor() const { return question_->timer.get(); }

}  // namespace weft::transport
