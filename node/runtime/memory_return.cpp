#include "node/runtime/memory_return.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace weft::node {

namespace {

// The functions below ask glibc's allocator, which sets itself up when it is first used. Where
// another one serves malloc (sanitizers, an application's own) that would be here, in several
// threads at once, and glibc does not expect that: it is done before there are threads.
[[maybe_unused]] const bool allocator_is_set_up = (::mallinfo2(), true);

// The largest that M_MMAP_THRESHOLD takes.
constexpr std::size_t kStepBytes = std::size_t{32} << 20;
constexpr std::size_t kRoomBytes = std::size_t{256} << 20;
constexpr std::size_t kPadBytes = std::size_t{4} << 20;
// Of the heap when large steps began; 0: they have not.
std::uintptr_t heap_begin = 0;

std::uintptr_t heap_end() { return reinterpret_cast<std::uintptr_t>(sbrk(0)); }

void advise(std::uintptr_t begin, std::uintptr_t end, int advice) {
    constexpr std::uintptr_t kHuge = std::uintptr_t{2} << 20;
    begin = (begin + kHuge - 1) & ~(kHuge - 1);
    if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

// Address space only: the heap grows by what is asked for and its pad, and keeps both as free space
// on its top, in huge pages. Below they would undo what was returned: the kernel fills up a huge
// page of which one small page is in use.
void make_room() {
    advise(heap_begin, heap_end(), MADV_NOHUGEPAGE);
    const std::uintptr_t begin = heap_end();
    mallopt(M_TOP_PAD, static_cast<int>(kRoomBytes - kStepBytes));
    // Volatile: a compiler may leave out memory that nobody looks at.
    void* volatile block = std::malloc(kStepBytes - kPadBytes);
    mallopt(M_TOP_PAD, static_cast<int>(kPadBytes));
    advise(begin, heap_end(), MADV_HUGEPAGE);
    std::free(block);
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
    heap_begin = heap_end();
    make_room();
}

void return_free_memory() {
    ::malloc_trim(0);
    if (heap_begin != 0) make_room();
}

}  // namespace weft::node
