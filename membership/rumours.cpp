#include "membership/rumours.h"

namespace weft::membership {

unsigned rumour_sends(unsigned factor, std::size_t members) {
    unsigned digits = 0;  // ceil(log10(n + 1)): the decimal digits of n
    for (std::size_t n = members; n != 0; n /= 10) ++digits;
    return factor * digits;
}

void Rumours::add(const Claim& claim) {
    if (size_ >= most_) {
        std::size_t level = levels_.size();
        while (level > 0 && levels_[level - 1].empty()) --level;
        if (level == 0) return;
        Level& oldest = levels_[level - 1];
        oldest.erase(oldest.begin());
        --size_;
    }
    put(0, claim);
}

void Rumours::put(std::size_t level, const Claim& claim) {
    if (levels_.size() <= level) levels_.resize(level + 1);
    levels_[level].push_back(claim);
    ++size_;
}

}  // namespace weft::membership
