#include "cli/bench_run.h"
#include "cli/bench_workload.h"
#include "weft/errors.h"
#include "weft/kv.h"

#include <gtest/gtest.h>

#include <set>

namespace weft::cli {
namespace {

CallResult done_with(std::string_view reply, bool exists = true) {
    CallResult result;
    result.outcome = Outcome::Done;
    result.reply = Bytes::copy_of(reply);
    result.exists = exists;
    return result;
}

TEST(Mix, TakesPercentsByName) {
    WorkloadOptions options;
    ASSERT_TRUE(parse_mix({"get=40", "cas=20"}, options));
    EXPECT_EQ(options.percent[static_cast<std::size_t>(BenchOp::Get)], 40U);
    EXPECT_EQ(options.percent[static_cast<std::size_t>(BenchOp::Cas)], 20U);
}

TEST(Mix, RefusesWhatItDoesNotKnow) {
    for (const std::vector<std::string>& parts : {std::vector<std::string>{"frob=1"},
                                                  {"get"},
                                                  {"get=x"},
                                                  {"get=60", "cas=60"},
                                                  {"get=101"},
                                                  {"=5"}}) {
        WorkloadOptions options;
        EXPECT_FALSE(parse_mix(parts, options)) << parts.front();
    }
}

TEST(Lanes, DrawTheMixTheyWereGiven) {
    WorkloadOptions options;
    options.entities = 100;
    ASSERT_TRUE(parse_mix({"get=40", "cas=20"}, options));
    Lane lane(options, 0);
    std::array<int, kBenchOps> drawn{};
    std::set<std::uint64_t> entities;
    for (int i = 0; i < 10'000; ++i) {
        const Operation operation = lane.next();
        ++drawn[static_cast<std::size_t>(operation.op)];
        entities.insert(operation.entity);
    }
    EXPECT_NEAR(drawn[static_cast<std::size_t>(BenchOp::Put)], 4000, 300);
    EXPECT_NEAR(drawn[static_cast<std::size_t>(BenchOp::Get)], 4000, 300);
    EXPECT_NEAR(drawn[static_cast<std::size_t>(BenchOp::Cas)], 2000, 300);
    EXPECT_EQ(entities.size(), 100U);
    EXPECT_LT(*entities.rbegin(), 100U);
}

// A checker tells from the value which write a read saw.
TEST(Lanes, NeverWriteAValueTwice) {
    for (const std::uint64_t bytes : {1U, 16U, 128U}) {
        WorkloadOptions options;
        options.value_bytes = bytes;
        std::set<std::string> values;
        for (std::uint64_t number = 0; number < 12; ++number) {
            Lane lane(options, number);
            for (int i = 0; i < 200; ++i) {
                const Operation operation = lane.next();
                EXPECT_GE(operation.value.size(), bytes);
                EXPECT_TRUE(values.insert(operation.value).second) << operation.value;
            }
        }
    }
}

TEST(Lanes, ExpectInACasWhatTheyLastSaw) {
    WorkloadOptions options;
    options.base = BenchOp::Cas;
    options.entities = 1;
    Lane lane(options, 3);
    Operation first = lane.next();
    EXPECT_FALSE(first.old) << "nothing seen yet: expects no value";
    EXPECT_EQ(kv::parse_cas(first.payload)->expect.kind, kv::Expect::Kind::Absent);
    lane.seen(first, done_with(""));
    Operation second = lane.next();
    ASSERT_TRUE(second.old);
    EXPECT_EQ(*second.old, first.value);
    EXPECT_EQ(kv::parse_cas(second.payload)->expect.value, first.value);
    // After a doubtful one it knows nothing again.
    CallResult unknown;
    unknown.outcome = Outcome::Unknown;
    lane.seen(second, unknown);
    EXPECT_FALSE(lane.next().old);
}

TEST(Lanes, AreTheSameForTheSameSeed) {
    WorkloadOptions options;
    Lane one(options, 5), same(options, 5), other(options, 6);
    bool differs = false;
    for (int i = 0; i < 50; ++i) {
        const Operation a = one.next(), b = same.next();
        EXPECT_EQ(a.entity, b.entity);
        EXPECT_EQ(a.value, b.value);
        differs = differs || other.next().entity != a.entity;
    }
    EXPECT_TRUE(differs);
}

TEST(BenchResults, FailWhenNothingWasDone) {
    const auto number = [](ErrorNumber of) { return static_cast<std::uint16_t>(of); };
    struct Case {
        const char* why;
        BenchCounts outcomes;
        std::map<std::uint16_t, std::uint64_t> errors;
        Exit exit;
    };
    const Case cases[] = {
        {"nothing ran", {}, {}, Exit::Ok},
        {"all done", {.done = 5}, {}, Exit::Ok},
        {"conflicts of a mix with cas",
         {.done = 1, .rejected = 9},
         {{number(ErrorNumber::ValueConflict), 9}},
         Exit::Ok},
        {"all rejected", {.rejected = 9}, {{number(ErrorNumber::BadPayload), 9}}, Exit::Usage},
        {"what was most often",
         {.rejected = 2, .not_done = 3},
         {{number(ErrorNumber::BadPayload), 2}, {number(ErrorNumber::NoLeader), 3}},
         Exit::TryLater},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        BenchResult result;
        result.outcomes = c.outcomes;
        result.errors = c.errors;
        EXPECT_EQ(exit_of(result), c.exit);
    }
}

}  // namespace
}  // namespace weft::cli
