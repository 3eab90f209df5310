#include "node/runtime/memory_return.h"

#include <malloc.h>

#include <algorithm>

namespace weft::node {

bool MemoryReturn::sample(Instant now, std::size_t used_bytes) {
    sample_at_ = now + kSample;
    span_most_ = std::max(span_most_, used_bytes);
    most_ = std::max(most_, used_bytes);
    if (now < span_ends_) return false;
    const bool worth = span_most_ + kWorthBytes <= most_;
    if (worth) most_ = span_most_;
    span_most_ = used_bytes;
    span_ends_ = now + kSpan;
    return worth;
}

bool MemoryReturn::held(std::size_t bytes) {
    held_most_ = std::max(held_most_, bytes);
    if (held_most_ < bytes + kHeldWorthBytes) return false;
    held_most_ = bytes;
    return true;
}

std::size_t allocated_bytes() {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

void return_free_memory() { ::malloc_trim(0); }

}  // namespace weft::node
