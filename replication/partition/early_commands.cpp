#include "replication/partition/early_commands.h"

#include "core/invariant.h"

#include <chrono>
#include <cstdint>
#include <utility>

namespace weft::replication {

namespace {

// Takes the time it has waited off its deadline. False: no time is left.
bool in_time(Request& request, Duration waited) {
    if (request.deadline_ms == 0) return true;
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(waited);
    const auto left = std::int64_t{request.deadline_ms} - passed.count();
    if (left <= 0) return false;
    request.deadline_ms = static_cast<std::uint32_t>(left);
    return true;
}

}  // namespace

std::optional<Error> EarlyCommands::add(Submit& submit, Instant now,
                                        const PartitionLimits& limits) {
    const std::size_t bytes = submit.request.payload.size();
    if (items_.size() >= limits.waiting_replies || bytes_ + bytes > limits.mailbox_bytes)
        return make_error(ErrorNumber::QueueFull, "too many commands wait for the new leader");
    bytes_ += bytes;
    items_.push_back({std::move(submit), now});
    return std::nullopt;
}

std::vector<Early> EarlyCommands::serve(Instant now) {
    std::vector<Early> all;
    all.reserve(items_.size());
    for (Item& item : items_) {
        std::optional<Error> late;
        if (!in_time(item.submit.request, now - item.came))
            late = make_error(ErrorNumber::DeadlinePassed, "it waited longer than its deadline");
        all.push_back({std::move(item.submit), std::move(late)});
    }
    items_.clear();
    bytes_ = 0;
    return all;
}

std::vector<Refused> EarlyCommands::refuse() {
    std::vector<Refused> all;
    all.reserve(items_.size());
    for (const Item& item : items_)
        all.push_back(not_led(item.submit.from, item.submit.request.id));
    items_.clear();
    bytes_ = 0;
    return all;
}

void EarlyCommands::check(bool soon) const {
    WEFT_INVARIANT(empty() || soon, "{} commands wait for nothing", size());
}

}  // namespace weft::replication
