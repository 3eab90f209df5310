#pragma once
// Gives memory back to the system after a peak. The allocator keeps what is freed, in pages between
// others that are in use: a node whose entities were passivated would stay as big as it ever was.

#include "core/time.h"

#include <cstddef>

namespace weft::node {

// Decides when: what a whole span has not needed, compared with the most that was in use since the
// last time. Spans are longer than the swing of a node under load, whose sweeps free and whose
// commands take again.
class MemoryReturn {
public:
    static constexpr Duration kSample = std::chrono::seconds(5);
    static constexpr Duration kSpan = std::chrono::seconds(30);
    static constexpr std::size_t kWorthBytes = std::size_t{4} << 20;
    static constexpr std::size_t kHeldWorthBytes = std::size_t{32} << 20;

    // True when a look at the memory in use is due.
    bool wants_sample(Instant now) const { return now >= sample_at_; }
    // What connections make the node hold; true: it was much more, give back what is free.
    bool held(std::size_t bytes);
    // `used_bytes` are in use; true: give back what is free.
    bool sample(Instant now, std::size_t used_bytes);

private:
    Instant sample_at_ = Instant::long_ago();
    Instant span_ends_ = Instant::long_ago();
    std::size_t span_most_ = 0;
    std::size_t most_ = 0;  // since the last return
    std::size_t held_most_ = 0;
};

// Lets the allocator of this process take memory in large steps and huge pages, and keep it until
// return_free_memory(). For programs that are a node; an application that embeds one decides
// itself. Touching fresh memory page by page costs more than copying there, ten times as much in a
// virtual machine: a burst of large frames was a stall for everyone.
void take_memory_in_large_steps();

// Of all threads; takes some milliseconds when very much is free.
std::size_t allocated_bytes();
void return_free_memory();

}  // namespace weft::node
