#pragma once
// When what must add up is looked at: in a simulator after every step, in production after one of
// so many steps of partitions and one of so many rounds, so that what it costs stays small.

#include <cstdint>

namespace weft::node {

class CheckTurns {
public:
    // `turns`: at least 1.
    CheckTurns(bool every_step, std::uint64_t turns) : every_step_(every_step), turns_(turns) {}

    // True: now.
    bool after_step() const { return every_step_; }
    bool after_partition_step() { return every_step_ || ++partition_steps_ % turns_ == 0; }
    bool after_round() { return ++rounds_ % turns_ == 0; }

private:
    bool every_step_;
    std::uint64_t turns_;
    std::uint64_t partition_steps_ = 0;
    std::uint64_t rounds_ = 0;
};

}  // namespace weft::node
