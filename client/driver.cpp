#include "client/driver.h"

#include "client/clock.h"
#include "core/error.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace weft::client {

namespace {

// How often an idle client looks after its links.
constexpr std::chrono::milliseconds kIdleLook{100};
// After the first answer, how long the other given addresses may take to show that they belong to
// another mesh.
constexpr Duration kSettleTime = std::chrono::milliseconds(20);

}  // namespace

// `wake` is an eventfd and belongs to this object.
Driver::Driver(const CallerOptions& options, int wake)
    : cluster_(options.cluster),
      addresses_(options.addresses),
      caller_(options, Random(seed())),
      links_(caller_),
      unfinished_max_(2 * options.in_flight_max),
      wake_(wake) {}

Driver::~Driver() { ::close(wake_); }

Driver::Refusals Driver::refusals() const {
    std::vector<std::string_view> reasons;
    for (const std::string& address : addresses_) {
        const auto link = caller_.link_to(address);
        const std::string_view why = link ? links_.refusal(*link) : std::string_view();
        if (!why.empty()) reasons.push_back(why);
    }
    return {reasons.size() == addresses_.size(), fmt::format("{}", fmt::join(reasons, "; "))};
}

Result<void> Driver::reach(std::chrono::milliseconds timeout, bool give_up_when_refused) {
    const Instant deadline = clock_now().mono + timeout;
    const bool pinned = !cluster_.is_zero();
    Instant settled = Instant::never();
    Lock lock(mutex_);
    for (;;) {
        round(lock, true);
        if (!pinned && caller_.met_other_mesh())
            return fail(ErrorNumber::WrongMesh, "the addresses belong to different meshes");
        const Instant now = clock_now().mono;
        if (caller_.connected()) {
            cluster_ = caller_.cluster();
            if (settled == Instant::never()) settled = now + kSettleTime;
            // A named mesh that answers needs no further check.
            if (pinned || caller_.all_answered() || now >= settled) return {};
        } else if (caller_.is_stranded() || now >= deadline) {
            if (auto wrong = caller_.wrong_mesh()) return std::unexpected(*std::move(wrong));
            const std::string why = refusals().why;
            return fail(ErrorNumber::CannotReachMesh, "no node answered at {} within {} ms{}{}",
                        fmt::join(addresses_, ", "), timeout.count(), why.empty() ? "" : ": ", why);
        } else if (give_up_when_refused) {
            if (auto refused = refusals(); refused.all)
                return fail(ErrorNumber::CannotReachMesh, "{}", refused.why);
        }
    }
}

std::shared_ptr<CallSlot> Driver::submit(StartCall start, Completion completion,
                                         std::function<void(CallResult)> done) {
    auto slot = std::make_shared<CallSlot>();
    slot->done = std::move(done);
    Lock lock(mutex_);
    if (stopping_ || unfinished_ >= unfinished_max_) {
        // The Caller refuses earlier; this bounds what waits for it.
        if (start.request) slot->result.request = *start.request;
        slot->result.outcome = start.request ? Outcome::Unknown : Outcome::NotDone;
        slot->result.error = make_error(ErrorNumber::QueueFull, "too many calls are in flight");
        slot->ready = true;
        lock.unlock();
        if (slot->done) slot->done(slot->result);
        return slot;
    }
    ++unfinished_;
    inbox_.calls.emplace_back(std::move(start), slot);
    // A caller that is going to wait for it drives by itself; else somebody must be awake.
    if (driving_ || completion == Completion::Later) wake_driver(lock);
    return slot;
}

void Driver::wake_driver(Lock&) {
    if (!driving_) {
        background_.notify_one();
    } else if (std::exchange(polling_, false)) {
        const std::uint64_t one = 1;
        // Fails only when the counter is full: then the driver is being woken anyway.
        [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
    }
}

void Driver::wait(Lock& lock, Waiter& waiter) {
    while (!waiter.ready) {
        if (!driving_) {
            driving_ = true;
            while (!waiter.ready) round(lock, true);
            driving_ = false;
        } else {
            waiting_.push_back(&waiter);
            waiter.changed.wait(lock);
            std::erase(waiting_, &waiter);
        }
    }
    if (!driving_) hand_over();
}

// Nobody drives: whoever waits goes on, else the background thread while anything is open.
void Driver::hand_over() {
    for (Waiter* waiter : waiting_) {
        if (waiter->ready) continue;
        waiter->changed.notify_one();
        return;
    }
    if (unfinished_ > 0 || stopping_) background_.notify_one();
}

CallResult Driver::take(CallSlot& slot) {
    Lock lock(mutex_);
    wait(lock, slot);
    return std::move(slot.result);
}

bool Driver::is_ready(const CallSlot& slot) const {
    const Lock lock(mutex_);
    return slot.ready;
}

void Driver::on_end(const std::shared_ptr<CallSlot>& slot, std::function<void(CallResult)> done) {
    const Lock lock(mutex_);
    slot->done = std::move(done);
    if (!slot->ready) return;  // deliver() will find it
    ++unfinished_;             // until it has run, as with every callback
    callbacks_.emplace_back(slot, std::move(slot->result));
    background_.notify_one();
}

void Driver::give_up(std::shared_ptr<CallSlot> slot) {
    Lock lock(mutex_);
    if (slot->ready) return;
    inbox_.given_up.push_back(std::move(slot));
    wake_driver(lock);
}

Result<Table> Driver::admin(routing::AdminRequest request, std::string address,
                            std::chrono::milliseconds timeout) {
    auto ask = std::make_shared<AdminSlot>();
    ask->request = std::move(request);
    ask->address = std::move(address);
    ask->deadline = clock_now().mono + timeout;
    Lock lock(mutex_);
    if (stopping_) return fail(ErrorNumber::CannotReachMesh, "the client is closed");
    ++unfinished_;
    inbox_.asks.push_back(ask);
    if (driving_) wake_driver(lock);
    wait(lock, *ask);
    return std::move(ask->result);
}

std::vector<routing::HelloNode> Driver::nodes() const {
    const Lock lock(mutex_);
    return nodes_;
}

void Driver::run() {
    Lock lock(mutex_);
    while (!stopping_) {
        const bool needed = unfinished_ > 0 && waiting_.empty();
        if ((driving_ || !needed) && callbacks_.empty()) background_.wait_for(lock, kIdleLook);
        run_callbacks(lock);
        if (driving_ || stopping_) continue;
        driving_ = true;
        round(lock, false);
        run_callbacks(lock);
        while (!stopping_ && unfinished_ > 0) {
            round(lock, true);
            run_callbacks(lock);
        }
        driving_ = false;
        hand_over();
    }
    while (driving_) background_.wait_for(lock, kIdleLook);
    driving_ = true;
    end_everything();
    run_callbacks(lock);
    driving_ = false;
    hand_over();
}

// On the background thread alone: a caller that happens to drive may hold locks of its own.
void Driver::run_callbacks(Lock& lock) {
    while (!callbacks_.empty()) {
        Ended batch;
        batch.swap(callbacks_);
        lock.unlock();
        for (auto& [slot, result] : batch) std::exchange(slot->done, nullptr)(std::move(result));
        const std::size_t count = batch.size();
        batch.clear();
        lock.lock();
        unfinished_ -= count;
    }
}

void Driver::stop() {
    Lock lock(mutex_);
    stopping_ = true;
    background_.notify_one();
    wake_driver(lock);
}

// One round of the role's holder: the inbox in, everything that arrived, effects out, results to
// those who wait.
void Driver::round(Lock& lock, bool may_block) {
    taken_.clear();
    std::swap(taken_, inbox_);
    polling_ = may_block && taken_.empty() && !stopping_;
    const bool block = polling_;
    lock.unlock();
    work(block);
    lock.lock();
    polling_ = false;
    deliver();
}

}  // namespace weft::client
