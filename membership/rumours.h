#pragma once
// The claims a member passes on, and how often it did (SWIM 3.2; memberlist's queue). Fewest sent
// first, then the newest; after `limit` sends to members that live a rumour is forgotten.

#include "membership/messages.h"

#include <cstddef>
#include <cstdint>
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

    // Somebody knew all of them already: as good as `sends` more (Demers, PODC'87 1.4, feedback).
    void were_known(unsigned sends, unsigned limit);

private:
    static constexpr std::uint32_t kNone = 0xffffffff;
    // One pool, and one stack in it for each number of sends: memory is that of the claims.
    struct Slot {
        Claim claim;
        std::uint32_t next = kNone;
    };

    void push(std::size_t sent, std::uint32_t slot);
    std::uint32_t pop(std::size_t sent);
    void release(std::uint32_t slot);
    void forget_from(std::size_t sent);

    std::size_t most_;
    std::size_t size_ = 0;
    std::vector<Slot> slots_;
    std::uint32_t free_ = kNone;
    std::vector<std::uint32_t> stacks_;                        // by sends; the newest on top
    std::vector<std::pair<std::size_t, std::uint32_t>> told_;  // of one call; kept for its memory
};

template <class Current, class Give>
void Rumours::tell(unsigned limit, bool counted, Current current, Give give) {
    told_.clear();
    forget_from(limit);
    bool room = true;
    for (std::size_t sent = 0; room && sent < stacks_.size(); ++sent) {
        while (stacks_[sent] != kNone) {
            const Claim& claim = slots_[stacks_[sent]].claim;
            const bool wanted = current(claim);
            if (wanted && !give(claim)) {
                room = false;
                break;
            }
            const std::uint32_t slot = pop(sent);
            if (wanted)
                told_.emplace_back(sent + (counted ? 1 : 0), slot);
            else
                release(slot);
        }
    }
    // Back in the reverse order, so that the newest of a stack stays the newest.
    for (auto told = told_.rbegin(); told != told_.rend(); ++told) {
        if (told->first < limit)
            push(told->first, told->second);
        else
            release(told->second);
    }
}

}  // namespace weft::membership
