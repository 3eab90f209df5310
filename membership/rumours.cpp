#include "membership/rumours.h"

namespace weft::membership {

unsigned rumour_sends(unsigned factor, std::size_t members) {
    unsigned digits = 0;  // ceil(log10(n + 1)): the decimal digits of n
    for (std::size_t n = members; n != 0; n /= 10) ++digits;
    return factor * digits;
}

void Rumours::add(const Claim& claim) {
    if (size_ >= most_) {
        std::size_t sent = stacks_.size();
        while (sent > 0 && stacks_[sent - 1] == kNone) --sent;
        if (sent == 0) return;
        release(pop(sent - 1));
    }
    std::uint32_t slot = free_;
    if (slot == kNone) {
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        free_ = slots_[slot].next;
    }
    slots_[slot].claim = claim;
    ++size_;
    push(0, slot);
}

void Rumours::push(std::size_t sent, std::uint32_t slot) {
    if (stacks_.size() <= sent) stacks_.resize(sent + 1, kNone);
    slots_[slot].next = stacks_[sent];
    stacks_[sent] = slot;
}

std::uint32_t Rumours::pop(std::size_t sent) {
    const std::uint32_t slot = stacks_[sent];
    stacks_[sent] = slots_[slot].next;
    return slot;
}

void Rumours::release(std::uint32_t slot) {
    slots_[slot].next = free_;
    free_ = slot;
    --size_;
}

void Rumours::forget_from(std::size_t sent) {
    for (std::size_t i = sent; i < stacks_.size(); ++i)
        while (stacks_[i] != kNone) release(pop(i));
    if (stacks_.size() > sent) stacks_.resize(sent);
}

void Rumours::were_known(unsigned sends, unsigned limit) {
    stacks_.insert(stacks_.begin(), sends, kNone);
    forget_from(limit);
}

}  // namespace weft::membership
