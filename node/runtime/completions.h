#pragma once
// What the worker threads have finished, on its way to the core thread: one mutex-guarded queue and
// an eventfd that is written only while the core sleeps.

#include "node/events.h"
#include "weft/result.h"

#include <atomic>
#include <mutex>
#include <variant>
#include <vector>

namespace weft::node {

// The store cannot be written any more: the process must end without acknowledging anything.
struct StoreFailed {
    Error error;
};
using Completion = std::variant<Event, StoreFailed>;

class Completions {
public:
    // good() is false when the process has no descriptor left; nothing wakes the core then.
    Completions();
    bool good() const { return descriptor_ >= 0; }
    ~Completions();
    Completions(const Completions&) = delete;
    Completions& operator=(const Completions&) = delete;

    // ---- worker threads
    void push(Completion completion);

    // ---- the core thread
    // Swaps what is there into `out`, which must be empty. False: nothing, at the cost of one load.
    bool take(std::vector<Completion>& out);
    // Before and after the core sleeps on descriptor(). False: do not sleep, something is there.
    bool begin_sleep();
    void end_sleep();
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
    std::atomic<bool> filled_ = false;
    std::mutex mutex_;
    std::vector<Completion> items_;
    bool sleeping_ = false;
};

}  // namespace weft::node
