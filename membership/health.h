#pragma once
// Lifeguard IV-A, local health: a member that hears little doubts itself before it accuses others.

#include <algorithm>
#include <cstdint>

namespace weft::membership {

class LocalHealth {
public:
    // Scores are 0..limit-1; a limit of 1 switches the rule off.
    explicit LocalHealth(std::uint8_t limit) : limit_(limit) {}

    void probe_answered() { move(-1); }
    // `asked` relays could have told that the target does not answer them either; who heard nothing
    // of `missing` ones may be deaf. With nobody to ask, the silence itself counts.
    void probe_failed(unsigned asked, unsigned missing) {
        move(asked == 0 ? 1 : static_cast<int>(missing));
    }
    void refuted() { move(1); }

    std::uint8_t score() const { return score_; }
    // The period is stretched by this, and with it whatever waits for its end.
    std::uint8_t factor() const { return static_cast<std::uint8_t>(score_ + 1); }

private:
    void move(int by) {
        score_ = static_cast<std::uint8_t>(std::clamp(score_ + by, 0, limit_ - 1));
    }

    std::uint8_t limit_;
    std::uint8_t score_ = 0;
};

}  // namespace weft::membership
