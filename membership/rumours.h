#pragma once
// The claims a member passes on, and how often it did (SWIM 3.2; memberlist's queue). Fewest sent
// first, then the newest; after `limit` sends to members that live a rumour is forgotten.

#include "membership/messages.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace weft::membership {

// 6 * ceil(log10(n + 1)) with the factor 6.
unsigned rumour_sends(unsigned factor, std::size_t members);

class Rumours {
public:
    // At most `most` are kept: beyond it the most sent one goes.
    explicit Rumours(std::size_t most) : most_(most) {}

    void set_most(std::size_t most) { most_ = most; }
    void add(const Claim& claim);
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }

    // Gives claims to `give(claim)` until it returns false or none is left. `current(claim)`: false
    // forgets what a newer claim has replaced. `counted`: the receiver lives, so that this is a
    // send; what the dead are told is not (or a leaver spends its word on those who are gone).
    template <class Current, class Give>
    void tell(unsigned limit, bool counted, Current current, Give give);

private:
    using Level = std::vector<Claim>;  // all sent equally often; the newest last

    void put(std::size_t level, const Claim& claim);

    std::size_t most_;
    std::size_t size_ = 0;
    std::vector<Level> levels_;
    std::vector<std::pair<std::size_t, Claim>> told_;  // of one call; kept for its memory
};

template <class Current, class Give>
void Rumours::tell(unsigned limit, bool counted, Current current, Give give) {
    told_.clear();
    bool room = true;
    for (std::size_t sent = 0; room && sent < levels_.size(); ++sent) {
        Level& level = levels_[sent];
        while (room && !level.empty()) {
            const Claim claim = level.back();
            const bool wanted = sent < limit && current(claim);
            if (wanted && !give(claim)) {
                room = false;
                break;
            }
            level.pop_back();
            --size_;
            if (wanted) told_.emplace_back(sent, claim);
        }
    }
    // Back in the reverse order, so that the newest of a level stays the newest.
    for (auto told = told_.rbegin(); told != told_.rend(); ++told) {
        const std::size_t sent = told->first + (counted ? 1 : 0);
        if (sent < limit) put(sent, told->second);
    }
}

}  // namespace weft::membership
