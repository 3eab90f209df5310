#include "membership/probe_order.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weft::membership {

void ProbeOrder::change(std::span<const std::optional<MemberIndex>> moved, std::size_t members) {
    std::vector<bool> known(members);
    std::vector<MemberIndex> kept;
    kept.reserve(members);
    std::size_t at = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
        const auto to = moved[order_[i].value];
        if (!to) continue;
        known[to->value] = true;
        if (i < at_) ++at;
        kept.push_back(*to);
    }
    order_ = std::move(kept);
    at_ = at;
    const bool first = order_.empty();
    for (std::uint32_t i = 0; i < members; ++i) {
        if (known[i]) continue;
        if (first) {
            order_.push_back({i});
            continue;
        }
        const std::size_t place = at_ + random_.below(order_.size() - at_ + 1);
        order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(place), MemberIndex{i});
    }
    if (first) shuffle();
}

void ProbeOrder::shuffle() {
    for (std::size_t i = order_.size(); i > 1; --i)
        std::swap(order_[i - 1], order_[random_.below(i)]);
    at_ = 0;
}

}  // namespace weft::membership
