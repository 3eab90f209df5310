#pragma once
// Which terms of others are taken. Elections take some milliseconds each, so no honest term comes
// near kTermMax, nor runs ahead of ours by more than kTermStep while we are away: a forged one must
// leave room to count on.

#include "weft/types.h"

#include <cstdint>
#include <optional>

namespace weft::replication {

inline constexpr Term kTermMax{std::uint64_t{1} << 60};
inline constexpr std::uint64_t kTermStep = std::uint64_t{1} << 20;

struct TermTold {
    // What comes with it is to be looked at.
    bool plausible = false;
    // Which is ours if we take it on (a pre-vote raises no term: S5). One that is too far ahead may
    // be honest all the same, after somebody was led there: we go a step in its direction, and the
    // next message brings the next.
    std::optional<Term> next{};
};

TermTold judge_term(Term ours, Term told);

}  // namespace weft::replication
