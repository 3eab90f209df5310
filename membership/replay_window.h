#pragma once
// Tells a datagram that was seen before from one that is late. Datagrams are counted per sender,
// boot and receiver, so 64 of them are many seconds.

#include "membership/messages.h"
#include "weft/types.h"

#include <cstdint>

namespace weft::membership {

class ReplayWindow {
public:
    // True once for each sequence of the newest boot seen, unless it is too far behind the newest.
    bool take(Boot boot, Sequence sequence) {
        if (boot < boot_) return false;
        if (boot > boot_) *this = ReplayWindow(boot);
        if (sequence > newest_) {
            const std::uint64_t ahead = sequence.value - newest_.value;
            seen_ = ahead < kWidth ? seen_ << ahead | 1 : 1;
            newest_ = sequence;
            return true;
        }
        const std::uint64_t behind = newest_.value - sequence.value;
        if (behind >= kWidth || (seen_ >> behind & 1) != 0) return false;
        seen_ |= std::uint64_t{1} << behind;
        return true;
    }

private:
    static constexpr std::uint64_t kWidth = 64;

    explicit ReplayWindow(Boot boot) : boot_(boot) {}

public:
    ReplayWindow() = default;

private:
    Boot boot_;
    Sequence newest_;
    std::uint64_t seen_ = 1;  // bit i: newest - i; sequences count from 1
};

}  // namespace weft::membership
