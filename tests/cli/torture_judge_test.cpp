// Histories with a planted violation: each must be found and shown.

#include "cli/torture.h"
#include "cli/torture_report.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using sim::OperationKind;
using sim::OperationOutcome;

constexpr std::uint64_t kSeed = 5;
constexpr std::uint32_t kKv = 0, kCounter = TortureEntities::first_counter();

class Judge : public ::testing::Test {
protected:
    TortureRecord& add(std::uint32_t entity, OperationKind kind, std::int64_t argument,
                       std::int64_t result) {
        TortureRecord record;
        record.entity = entity;
        record.client = 3;
        record.kind = kind;
        record.outcome = OperationOutcome::Done;
        record.argument = argument;
        record.result = result;
        record.answered = true;
        record.start_ns = time_ += 10;
        record.end_ns = time_ += 10;
        records_.push_back(record);
        return records_.back();
    }
    TortureRecord& put(std::int64_t value) { return add(kKv, OperationKind::Put, value, 0); }
    TortureRecord& get(std::int64_t value) { return add(kKv, OperationKind::Get, 0, value); }
    TortureRecord& count(std::int64_t more, std::int64_t sum) {
        return add(kCounter, OperationKind::Add, more, sum);
    }
    // As long as a real one.
    void fill() {
        for (int i = 1; i <= 500; ++i) {
            put(i);
            get(i);
            count(2, 2 * i);
        }
    }
    std::vector<TortureViolation> judge() {
        return judge_torture({temp_.path(), kSeed, TortureEntities(10).count()}, records_);
    }

    test::TempFolder temp_;
    std::vector<TortureRecord> records_;
    std::int64_t time_ = 0;
};

TEST_F(Judge, FindsNothingInARightHistory) {
    fill();
    TortureRecord& unknown = put(1000);
    unknown.outcome = OperationOutcome::Unknown;
    get(500);
    get(1000);
    TortureReport report;
    report.violations = judge();
    EXPECT_FALSE(report.broken());
    EXPECT_EQ(torture_exit(report), Exit::Ok);
    report.interrupted = true;
    EXPECT_EQ(torture_exit(report), Exit::Partial);
}

TEST_F(Judge, FindsAnAcknowledgedPutThatIsMissing) {
    fill();
    put(1000);
    get(500);
    TortureReport report;
    report.violations = judge();
    ASSERT_EQ(report.violations.size(), 1U);
    EXPECT_EQ(report.violations[0].entity, "kv/hot-0");
    EXPECT_EQ(torture_exit(report), Exit::Unhealthy);
    // The put that is missing, the one that was seen instead, and the read.
    EXPECT_GE(report.violations[0].part.size(), 2U);
    EXPECT_LE(report.violations[0].part.size(), 3U);
    EXPECT_TRUE(std::filesystem::exists(temp_.path() / "violation-1.jsonl"));
    EXPECT_TRUE(std::filesystem::exists(temp_.path() / "history.jsonl"));
}

TEST_F(Judge, FindsAnAdditionThatWasDoneTwice) {
    fill();
    count(2, 1004);
    const auto found = judge();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].entity, "counter/hot-0");
}

TEST_F(Judge, FindsWhatIsCertainlyNotDoneAndSeenAllTheSame) {
    fill();
    put(1000).outcome = OperationOutcome::NotDone;
    get(1000);
    EXPECT_EQ(judge().size(), 1U);
}

TEST_F(Judge, FindsRepliesThatContradictEachOther) {
    put(1).revision = 10;
    put(2).revision = 10;
    ASSERT_EQ(judge().size(), 1U);
    EXPECT_NE(judge()[0].rule.find("revision 10"), std::string::npos) << judge()[0].rule;
    records_[1].revision = 9;
    ASSERT_EQ(judge().size(), 1U);
    EXPECT_NE(judge()[0].rule.find("after revision 10"), std::string::npos) << judge()[0].rule;
    records_[1].revision = 11;
    EXPECT_TRUE(judge().empty());
}

TEST_F(Judge, TakesASearchWithoutAnEndForAFailure) {
    fill();
    std::vector<TortureRecord> records;
    sim::History history;
    for (const TortureRecord& record : records_)
        if (record.entity == kKv) {
            records.push_back(record);
            history.push_back(to_operation(kSeed, record));
        }
    EXPECT_FALSE(judge_entity("kv/hot-0", {history, records}));
    const auto found = judge_entity("kv/hot-0", {history, records, 10});
    ASSERT_TRUE(found);
    EXPECT_NE(found->rule.find("undecided"), std::string::npos) << found->rule;
}

TEST(TortureValues, AreComparedByteForByte) {
    for (const std::uint32_t entity :
         {kKv, TortureEntities::first_big(), TortureEntities::first_cold()}) {
        const TortureValue value = make_value(2, 77);
        std::string bytes = value_bytes(kSeed, entity, value);
        EXPECT_LE(bytes.size(), kPayloadBytesMax);
        EXPECT_EQ(read_value(kSeed, entity, bytes).value, value);
        EXPECT_EQ(read_value(kSeed, entity, bytes).wrong, "");
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        EXPECT_NE(read_value(kSeed, entity, bytes).wrong, "");
        bytes.pop_back();
        EXPECT_NE(read_value(kSeed, entity, bytes).wrong, "");
        EXPECT_NE(read_value(kSeed, entity, "").wrong, "");
    }
}

TEST(TortureEntitiesTest, HaveNamesOfTheirOwn) {
    const TortureEntities entities(20);
    std::set<std::string> names;
    std::size_t counters = 0, big = 0;
    for (std::uint32_t entity = 0; entity < entities.count(); ++entity) {
        names.insert(TortureEntities::name(entity));
        counters += TortureEntities::is_counter(entity) ? 1U : 0U;
        big += TortureEntities::is_big(entity) ? 1U : 0U;
    }
    EXPECT_EQ(names.size(), entities.count());
    EXPECT_EQ(counters, TortureEntities::kHotCounters + TortureEntities::kCounters);
    EXPECT_EQ(big, std::size_t{TortureEntities::kBig});
}

}  // namespace
}  // namespace weft::cli
