#include "transport/part_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

namespace weft::transport {

PartMemory::~PartMemory() {
    for (char* piece : free_) munmap(piece, kPieceBytes);
}

void PartMemory::Release::operator()(char* bytes) const {
    if (memory == nullptr)
        delete[] bytes;
    else
        memory->free_.push_back(bytes);
}

PartMemory::Bytes PartMemory::take(std::size_t bytes) {
    if (bytes != kPieceBytes) return {new char[bytes], Release{nullptr}};
    if (!free_.empty()) {
        char* piece = free_.back();
        free_.pop_back();
        least_free_ = std::min(least_free_, free_.size());
        surplus_ = std::min(surplus_, least_free_);
        return {piece, Release{this}};
    }
    void* piece =
        mmap(nullptr, kPieceBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED) throw std::bad_alloc();
    ++new_in_round_;
    return {static_cast<char*>(piece), Release{this}};
}

void PartMemory::look() {
    const std::size_t unused = std::exchange(least_free_, free_.size());
    surplus_ = unused > kKept ? unused - kKept : 0;
}

// Those that were used longest ago.
bool PartMemory::give_back() {
    const std::size_t count = std::min(surplus_, kAtOnce);
    const auto end = free_.begin() + static_cast<std::ptrdiff_t>(count);
    std::for_each(free_.begin(), end, [](char* piece) { munmap(piece, kPieceBytes); });
    free_.erase(free_.begin(), end);
    surplus_ -= count;
    least_free_ -= std::min(count, least_free_);
    return surplus_ > 0;
}

}  // namespace weft::transport
