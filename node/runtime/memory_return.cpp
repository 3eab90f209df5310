#include "node/runtime/memory_return.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace weft::node {

namespace {

// The largest that M_MMAP_THRESHOLD takes.
constexpr std::size_t kStepBytes = std::size_t{32} << 20;
constexpr std::size_t kRoomBytes = std::size_t{256} << 20;
bool large_steps = false;

// Address space only: the heap grows by what is asked for, and keeps it as free space on its top.
void make_room() {
    std::array<void*, kRoomBytes / kStepBytes> blocks{};
    const auto begin = reinterpret_cast<std::uintptr_t>(sbrk(0));
    for (void*& block : blocks) block = std::malloc(kStepBytes - kStepBytes / 8);
    const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0));
    constexpr std::uintptr_t kHuge = std::uintptr_t{2} << 20;
    const std::uintptr_t first = (begin + kHuge - 1) & ~(kHuge - 1);
    if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
    for (void* block : blocks) std::free(block);
}

}  // namespace

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

void take_memory_in_large_steps() {
    mallopt(M_MMAP_THRESHOLD, static_cast<int>(kStepBytes));
    mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * kRoomBytes));
    mallopt(M_TOP_PAD, static_cast<int>(kStepBytes / 8));
    large_steps = true;
    make_room();
}

void return_free_memory() {
    ::malloc_trim(0);
    if (large_steps) make_room();
}

}  // namespace weft::node
