#include "node/runtime/completions.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace weft::node {

Completions::Completions() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Completions::~Completions() {
    if (good()) close(descriptor_);
}

void Completions::push(Completion completion) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(completion));
    filled_.store(true, std::memory_order_release);
    if (!std::exchange(sleeping_, false)) return;
    // Under the lock, so that end_sleep() knows from `sleeping_` whether there is something to
    // read. Can only fail when the counter is full, and then the core is awake already.
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof one);
}

bool Completions::take(std::vector<Completion>& out) {
    if (!filled_.load(std::memory_order_acquire)) return false;
    const std::lock_guard lock(mutex_);
    std::swap(items_, out);
    filled_.store(false, std::memory_order_release);
    return !out.empty();
}

bool Completions::begin_sleep() {
    const std::lock_guard lock(mutex_);
    sleeping_ = items_.empty();
    return sleeping_;
}

void Completions::end_sleep() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(sleeping_, false)) return;  // nobody wrote
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(descriptor_, &count, sizeof count);
}

}  // namespace weft::node
