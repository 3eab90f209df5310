#include "membership/suspicion.h"

#include "membership/fixed_log.h"
#include "tests/membership/names.h"

#include <gtest/gtest.h>

#include <cmath>

namespace weft::membership {
namespace {

using namespace std::chrono_literals;

double seconds(Duration span) { return static_cast<double>(span.count()) / 1e9; }

SuspicionOptions paper() { return {1s, 5, 6, 3}; }

TEST(FixedLog, IsTheLogarithm) {
    for (std::uint64_t value : {1ULL, 2ULL, 3ULL, 10ULL, 128ULL, 5000ULL, 1ULL << 40, ~0ULL})
        EXPECT_NEAR(static_cast<double>(log2_fixed(value)) / 65536.0,
                    std::log2(static_cast<double>(value)), 1e-4)
            << value;
}

// Lifeguard IV-B and memberlist's numbers: n = 128, alpha 4: 8.43 s to 50.6 s.
TEST(Suspicion, LastsAsLongAsThePaperSays) {
    struct Case {
        const char* why;
        unsigned alpha;
        std::size_t members;
        double least;
    };
    const Case cases[] = {
        {"memberlist's profile", 4, 128, 8.43},  {"a thousand", 4, 1000, 12.0},
        {"few: log10 counts as one", 3, 3, 3.0}, {"alone", 3, 1, 3.0},
        {"the paper's grid", 5, 128, 10.54},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        SuspicionOptions options = paper();
        options.alpha = c.alpha;
        const SuspicionSpans spans = suspicion_spans(options, c.members);
        EXPECT_NEAR(seconds(spans.least), c.least, 0.005);
        EXPECT_EQ(spans.most, spans.least * 6);
    }
}

TEST(Suspicion, EachOtherAccuserShortensIt) {
    const SuspicionSpans spans = suspicion_spans(paper(), 128);
    const Instant begun{};
    Suspicion suspicion(incarnation_of(1), begun, spans);
    const double least = seconds(spans.least), most = seconds(spans.most);
    for (unsigned c = 0; c <= 3; ++c) {
        EXPECT_TRUE(suspicion.add(node_of(10 + c), Evidence::Silence));
        const double expected = most - (most - least) * std::log(c + 1) / std::log(4);
        EXPECT_NEAR(seconds(suspicion.deadline() - begun), expected, 0.01) << c;
    }
    EXPECT_EQ(suspicion.deadline(), begun + spans.least);
    EXPECT_FALSE(suspicion.add(node_of(20), Evidence::Silence)) << "told often enough";
}

// The fault of merges that sign a remote suspicion with a name of their own.
TEST(Suspicion, AnAccuserCountsOnceWhicheverWayItsWordComes) {
    Suspicion suspicion(incarnation_of(1), {}, suspicion_spans(paper(), 128));
    EXPECT_TRUE(suspicion.add(node_of(1), Evidence::Silence));
    const Instant deadline = suspicion.deadline();
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(suspicion.add(node_of(1), Evidence::Silence));
    EXPECT_EQ(suspicion.deadline(), deadline);
}

TEST(Suspicion, SmallMeshesConfirmWithWhomThereIs) {
    EXPECT_EQ(suspicion_spans(paper(), 2).wanted, 0U);
    EXPECT_EQ(suspicion_spans(paper(), 3).wanted, 1U);
    EXPECT_EQ(suspicion_spans(paper(), 5).wanted, 3U);
    EXPECT_EQ(suspicion_spans(paper(), 500).wanted, 3U);
    Suspicion pair(incarnation_of(1), {}, suspicion_spans(paper(), 2));
    pair.add(node_of(1), Evidence::Silence);
    EXPECT_EQ(pair.deadline(), Instant{} + suspicion_spans(paper(), 2).least);
}

TEST(Suspicion, WithBetaOneItIsSwims) {
    SuspicionOptions options = paper();
    options.beta = 1;
    Suspicion suspicion(incarnation_of(1), {}, suspicion_spans(options, 128));
    suspicion.add(node_of(1), Evidence::Silence);
    EXPECT_NEAR(seconds(suspicion.deadline() - Instant{}), 10.54, 0.005);
}

TEST(Suspicion, CountsRefusalsByName) {
    Suspicion suspicion(incarnation_of(1), {}, suspicion_spans(paper(), 128));
    suspicion.add(node_of(1), Evidence::Silence);
    EXPECT_TRUE(suspicion.add(node_of(1), Evidence::Refused)) << "better evidence is news";
    EXPECT_FALSE(suspicion.add(node_of(1), Evidence::Refused));
    EXPECT_EQ(suspicion.refusals(), 1U);
    for (std::size_t i = 2; i < 5; ++i) suspicion.add(node_of(i), Evidence::Silence);
    EXPECT_TRUE(suspicion.add(node_of(9), Evidence::Refused)) << "hard evidence always counts";
    EXPECT_EQ(suspicion.refusals(), 2U);
}

}  // namespace
}  // namespace weft::membership
