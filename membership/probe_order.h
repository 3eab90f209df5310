#pragma once
// Whom to probe next (SWIM 4.3): all in turn, in an order of one's own that is drawn again after
// each round, so that a dead member is met within 2n - 1 periods.

#include "core/random.h"
#include "membership/member_table.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weft::membership {

class ProbeOrder {
public:
    explicit ProbeOrder(Random random) : random_(random) {}

    // Members got other places: `moved[i]` is the new one of the former place i. Who is new is put
    // anywhere in what is left: last, all probers would reach it at the same time.
    void change(std::span<const std::optional<MemberIndex>> moved, std::size_t members);

    // The next of whom `wanted(index)` is true, or nothing when a whole round has none of them.
    template <class Wanted>
    std::optional<MemberIndex> next(Wanted wanted) {
        for (std::size_t looked = 0; looked < 2 * order_.size(); ++looked) {
            if (at_ == order_.size()) shuffle();
            const MemberIndex index = order_[at_++];
            if (wanted(index)) return index;
        }
        return std::nullopt;
    }

private:
    void shuffle();

    Random random_;
    std::vector<MemberIndex> order_;
    std::size_t at_ = 0;
};

}  // namespace weft::membership
