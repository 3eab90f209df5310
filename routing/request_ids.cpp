#include "routing/request_ids.h"

#include "core/invariant.h"

#include <algorithm>

namespace weft::routing {

namespace {

// A session lives for 10 minutes of log time, and a call started at its end for one more.
constexpr Duration kForgetAfter = std::chrono::minutes(12);
constexpr std::size_t kFirstRing = 8;

}  // namespace

void RequestIds::Window::make_room() {
    if (next - lowest < ring.size()) return;
    std::vector<CallIndex> wider(ring.empty() ? kFirstRing : ring.size() * 2, kSettled);
    for (std::uint64_t seq = lowest; seq < next; ++seq) wider[seq & (wider.size() - 1)] = at(seq);
    ring = std::move(wider);
}

void RequestIds::learn_time(Instant now, std::int64_t log_time_ms) {
    log_time_ms_ = log_time_ms;
    log_time_at_ = now;
    if (renew_when_told_) renew_ = true;
    renew_when_told_ = false;
}

void RequestIds::renew_with_next_time(std::int64_t ended_start_ms) {
    if (!starts_.empty() && starts_.back().start_ms == ended_start_ms) renew_when_told_ = true;
}

void RequestIds::renew_at(Instant now, std::int64_t log_time_ms, std::int64_t refused_start_ms) {
    if (starts_.empty() || starts_.back().start_ms != refused_start_ms) return;
    learn_time(now, log_time_ms);
    renew_ = back_ = true;
}

RequestIds::Start& RequestIds::open_start(Instant now) {
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - log_time_at_);
    std::int64_t start_ms = log_time_ms_ + passed.count();
    drop_old_starts(now, start_ms);
    if (!starts_.empty() && !back_) start_ms = std::max(start_ms, starts_.back().start_ms + 1);
    // A start that comes again would give old numbers a second meaning.
    while (!used_.try_emplace(start_ms, now).second) ++start_ms;
    Start& start = starts_.emplace_back();
    start.start_ms = start_ms;
    latest_start_ms_ = std::max(latest_start_ms_, start_ms);
    start.opened = now;
    start.windows.resize(std::size_t{groups_} + 1);
    renew_ = back_ = false;
    return start;
}

void RequestIds::drop_old_starts(Instant now, std::int64_t log_time_ms) {
    // What is left of an old start are numbers left open; the node forgets them likewise.
    std::erase_if(starts_, [&](const Start& start) {
        return start.awaited == 0 && now - start.opened > kForgetAfter;
    });
    // A start from the future lives until that time has come.
    constexpr std::int64_t kForgetMs =
        std::chrono::duration_cast<std::chrono::milliseconds>(kForgetAfter).count();
    std::erase_if(used_, [&](const auto& used) {
        return now - used.second > kForgetAfter && log_time_ms - used.first > kForgetMs;
    });
}

std::optional<RequestId> RequestIds::assign(PartitionId group, CallIndex call, Instant now) {
    if (!starts_.empty() && now - starts_.back().opened >= options_.renew_start) renew_ = true;
    if (renew_ || starts_.empty()) open_start(now);
    const auto full = [this](const Window* window) {
        return window != nullptr && window->next - window->lowest >= options_.window;
    };
    const Window* current = window_of(starts_.back(), group);
    if (full(current)) {
        if (current->at(current->lowest) != kLeftOpen) return std::nullopt;
        open_start(now);
    }
    Start& start = starts_.back();
    std::unique_ptr<Window>& window = start.windows[group.value];
    if (!window) window = std::make_unique<Window>();
    window->make_room();
    const std::uint64_t seq = window->next++;
    window->put(seq, call);
    ++start.awaited;
    return RequestId{options_.client, start.start_ms, group, seq};
}

RequestIds::Bound RequestIds::bind(const RequestId& id, CallIndex call, Instant now) {
    if (!was_given(id)) return Bound::NeverGiven;
    if (const auto [start, window] = held(id); window != nullptr) {
        if (window->at(id.seq) < kLeftOpen) return Bound::OfAnotherCall;
        if (window->at(id.seq) == kLeftOpen) {
            window->put(id.seq, call);
            ++start->awaited;
            return Bound::Yes;
        }
    }
    // A start that is forgotten here and asked about is not to come again.
    if (id.client == options_.client) used_.try_emplace(id.start_ms, now);
    return elsewhere_.emplace(id, call).second ? Bound::Yes : Bound::OfAnotherCall;
}

// What is forgotten is taken for given; what other clients have given is theirs to know.
bool RequestIds::was_given(const RequestId& id) const {
    if (id.client != options_.client) return true;
    const Start* start = start_of(id);
    if (start == nullptr) return id.start_ms <= latest_start_ms_;
    const Window* window = window_of(*start, id.group);
    return window != nullptr && id.seq < window->next;
}

std::optional<CallIndex> RequestIds::find(const RequestId& id) const {
    if (const Window* window = held(id); window != nullptr && window->at(id.seq) < kLeftOpen)
        return window->at(id.seq);
    if (elsewhere_.empty()) return std::nullopt;
    const auto other = elsewhere_.find(id);
    if (other == elsewhere_.end()) return std::nullopt;
    return other->second;
}

std::uint64_t RequestIds::lowest_open(const RequestId& id) const {
    const Start* start = start_of(id);
    const Window* window = start == nullptr ? nullptr : window_of(*start, id.group);
    if (window == nullptr) return 1;
    return std::min(window->lowest, id.seq);
}

void RequestIds::settle(const RequestId& id) {
    elsewhere_.erase(id);
    const auto [start, window] = held(id);
    if (window == nullptr) return;
    if (window->at(id.seq) < kLeftOpen) --start->awaited;
    window->put(id.seq, kSettled);
    while (window->lowest < window->next && window->at(window->lowest) == kSettled)
        ++window->lowest;
}

void RequestIds::leave_open(const RequestId& id) {
    elsewhere_.erase(id);
    const auto [start, window] = held(id);
    if (window == nullptr || window->at(id.seq) >= kLeftOpen) return;
    --start->awaited;
    window->put(id.seq, kLeftOpen);
}

bool RequestIds::stuck(const RequestId& id) const {
    const Window* window = held(id);
    return window != nullptr && window->at(window->lowest) == kLeftOpen;
}

void RequestIds::check(std::span<const Awaited> awaited) const {
    std::size_t counted = elsewhere_.size();
    for (const Start& start : starts_) counted += start.awaited;
    WEFT_INVARIANT(counted == awaited.size(), "{} numbers wait for answers, {} calls have one",
                   counted, awaited.size());
    for (const auto& [id, call] : awaited)
        WEFT_INVARIANT(find(id) == call, "the answer to call {} would not be found", call.value);
}

const RequestIds::Start* RequestIds::start_of(const RequestId& id) const {
    if (id.client != options_.client) return nullptr;
    for (auto start = starts_.rbegin(); start != starts_.rend(); ++start)
        if (start->start_ms == id.start_ms) return &*start;
    return nullptr;
}

const RequestIds::Window* RequestIds::window_of(const Start& start, PartitionId group) {
    return group.value < start.windows.size() ? start.windows[group.value].get() : nullptr;
}

const RequestIds::Window* RequestIds::held(const RequestId& id) const {
    const Start* start = start_of(id);
    const Window* window = start == nullptr ? nullptr : window_of(*start, id.group);
    return window != nullptr && window->holds(id.seq) ? window : nullptr;
}

std::pair<RequestIds::Start*, RequestIds::Window*> RequestIds::held(const RequestId& id) {
    if (id.client != options_.client) return {};
    for (auto start = starts_.rbegin(); start != starts_.rend(); ++start) {
        if (start->start_ms != id.start_ms) continue;
        if (id.group.value >= start->windows.size()) return {};
        Window* window = start->windows[id.group.value].get();
        if (window == nullptr || !window->holds(id.seq)) return {};
        return {&*start, window};
    }
    return {};
}

}  // namespace weft::routing
