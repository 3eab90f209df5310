// Which terms of others are taken.

#include "replication/raft/term_rule.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace weft::replication::test {
namespace {

void expect(Term ours, Term told, bool plausible, std::optional<Term> next) {
    const TermTold judged = judge_term(ours, told);
    EXPECT_EQ(judged.plausible, plausible) << told.value;
    EXPECT_EQ(judged.next, next) << told.value;
}

TEST(TermTold, IsOursWhenItIsHigher) {
    expect(Term{7}, Term{6}, true, std::nullopt);
    expect(Term{7}, Term{7}, true, std::nullopt);
    expect(Term{7}, Term{8}, true, Term{8});
    expect(Term{}, Term{1}, true, Term{1});
}

TEST(TermTold, ThatNobodyCanHaveIsNone) {
    expect(Term{7}, Term{}, false, std::nullopt);
    expect(Term{7}, Term{kTermMax.value + 1}, false, std::nullopt);
    expect(Term{7}, Term{UINT64_MAX}, false, std::nullopt);
}

TEST(TermTold, ThatIsTooFarAheadIsApproached) {
    const Term furthest{7 + kTermStep};
    expect(Term{7}, furthest, true, furthest);
    expect(Term{7}, Term{furthest.value + 1}, false, furthest);
    expect(Term{7}, kTermMax, false, furthest);
}

// From there on nothing overflows.
TEST(TermTold, MayBeTheHighestFromNearby) {
    const Term near{kTermMax.value - 1};
    expect(near, kTermMax, true, kTermMax);
    expect(kTermMax, kTermMax, true, std::nullopt);
    expect(kTermMax, Term{kTermMax.value + 1}, false, std::nullopt);
}

}  // namespace
}  // namespace weft::replication::test
