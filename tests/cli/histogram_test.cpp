#include "cli/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace weft::cli {
namespace {

// The exact answer: the smallest value with at least that share at or below it.
std::uint64_t exact(std::vector<std::uint64_t> values, std::uint64_t numerator,
                    std::uint64_t denominator) {
    std::ranges::sort(values);
    const std::uint64_t rank =
        std::max<std::uint64_t>(1, (values.size() * numerator + denominator - 1) / denominator);
    return values[rank - 1];
}

// Values of every size, not only large ones.
rc::Gen<std::vector<std::uint64_t>> some_values() {
    return rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(rc::gen::map(
        rc::gen::pair(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange(0, 64)),
        [](const std::pair<std::uint64_t, int>& drawn) { return drawn.first >> drawn.second; })));
}

void expect_close(std::uint64_t got, std::uint64_t wanted) {
    RC_ASSERT(got >= wanted);
    RC_ASSERT(got - wanted <= wanted / 128);
}

RC_GTEST_PROP(HistogramLaw, QuantilesAreWithinOne128thAboveTheExactOnes, ()) {
    const auto values = *some_values();
    Histogram histogram;
    for (const std::uint64_t value : values) histogram.record(value);
    RC_ASSERT(histogram.count() == values.size());
    for (const std::uint64_t numerator : {0U, 1U, 500U, 900U, 990U, 999U, 1000U})
        expect_close(histogram.quantile(numerator, 1000), exact(values, numerator, 1000));
}

RC_GTEST_PROP(HistogramLaw, MergingIsRecordingAllInOne, ()) {
    const auto first = *rc::gen::arbitrary<std::vector<std::uint64_t>>();
    const auto second = *some_values();
    Histogram all, left, right;
    for (const std::uint64_t value : first) {
        all.record(value);
        left.record(value);
    }
    for (const std::uint64_t value : second) {
        all.record(value);
        right.record(value);
    }
    left.merge(right);
    RC_ASSERT(left.count() == all.count());
    RC_ASSERT(left.min() == all.min());
    RC_ASSERT(left.max() == all.max());
    for (const std::uint64_t percent : {1U, 50U, 99U, 100U})
        RC_ASSERT(left.quantile(percent, 100) == all.quantile(percent, 100));
}

TEST(Histogram, OfNothingIsZero) {
    const Histogram nothing;
    EXPECT_EQ(nothing.quantile(50, 100), 0U);
    EXPECT_EQ(nothing.count(), 0U);
}

TEST(Histogram, KeepsSmallValuesExactly) {
    Histogram histogram;
    for (std::uint64_t value = 0; value < 256; ++value) histogram.record(value);
    EXPECT_EQ(histogram.quantile(50, 100), 127U);
    EXPECT_EQ(histogram.quantile(100, 100), 255U);
}

}  // namespace
}  // namespace weft::cli
