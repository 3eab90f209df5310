// The catalog by itself: what a transaction stages, what readers see of it, and sums that add up.

#include "storage/log_catalog.h"

#include "core/random.h"
#include "storage/lmdb_log.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace weft::storage {
namespace {

constexpr PartitionId kGroup{3};

RecordPlace place(std::uint64_t lsn, std::uint64_t term = 1, std::uint32_t bytes = 100) {
    return {Lsn{lsn}, Term{term}, bytes};
}

std::vector<std::uint64_t> lsns(const LogCatalog& catalog, PartitionId group = kGroup) {
    std::vector<RecordPlace> places;
    catalog.read_all(group, places);
    std::vector<std::uint64_t> all;
    for (const RecordPlace& each : places) all.push_back(each.lsn.value);
    return all;
}

class LogCatalogTest : public testing::Test {
protected:
    void append(std::uint64_t index, std::uint64_t lsn) {
        catalog.append(kGroup, LogIndex{index}, place(lsn));
        catalog.check();
    }
    void commit() {
        catalog.commit();
        catalog.check();
    }
    using Lsns = std::vector<std::uint64_t>;
    LogCatalog catalog;
};

TEST_F(LogCatalogTest, ShowsReadersNothingThatIsNotCommitted) {
    append(1, 10);
    append(2, 11);
    EXPECT_EQ(catalog.staged_last(kGroup), LogIndex{2});
    EXPECT_EQ(lsns(catalog), Lsns{});
    EXPECT_EQ(catalog.live_bytes(), 0U);
    commit();
    EXPECT_EQ(lsns(catalog), (Lsns{10, 11}));
    EXPECT_EQ(catalog.live_bytes(), 200U);
}

TEST_F(LogCatalogTest, ForgetsWhatWasRolledBack) {
    append(1, 10);
    commit();
    append(2, 11);
    catalog.truncate(kGroup, LogIndex{1});
    catalog.rollback();
    catalog.check();
    EXPECT_EQ(catalog.staged_last(kGroup), LogIndex{1});
    commit();
    EXPECT_EQ(lsns(catalog), Lsns{10});
}

TEST_F(LogCatalogTest, TakesWhatReplacesATruncatedEntryThatHadMoved) {
    append(1, 10);
    append(2, 11);
    commit();
    append(2, 20);  // moved to the new end
    catalog.truncate(kGroup, LogIndex{2});
    append(2, 21);
    EXPECT_EQ(catalog.staged(kGroup, LogIndex{2})->lsn, Lsn{21});
    commit();
    EXPECT_EQ(lsns(catalog), (Lsns{10, 21}));
    EXPECT_EQ(catalog.live_bytes(), 200U);
}

TEST_F(LogCatalogTest, ABaseBehindTheCommittedEntriesEatsAppendedOnes) {
    append(1, 10);
    commit();
    append(2, 11);
    append(3, 12);
    catalog.move_base(kGroup, {LogIndex{2}, Term{1}});
    EXPECT_EQ(catalog.staged_last(kGroup), LogIndex{3});
    commit();
    EXPECT_EQ(catalog.base(kGroup).index, LogIndex{2});
    EXPECT_EQ(lsns(catalog), Lsns{12});
}

TEST_F(LogCatalogTest, AGroupThatComesBackInTheSameTransactionStays) {
    append(1, 10);
    commit();
    catalog.remove(kGroup);
    append(1, 11);
    commit();
    EXPECT_EQ(lsns(catalog), Lsns{11});
    catalog.remove(kGroup);
    commit();
    EXPECT_TRUE(catalog.groups().empty());
    EXPECT_EQ(catalog.live_bytes(), 0U);
}

TEST_F(LogCatalogTest, FindsTheOwnerOfARecordAsItIsStaged) {
    append(1, 10);
    commit();
    append(1, 20);
    EXPECT_FALSE(catalog.staged_owner(Lsn{10})) << "it has moved";
    const auto owner = catalog.staged_owner(Lsn{20});
    ASSERT_TRUE(owner);
    EXPECT_EQ(owner->record, std::pair(kGroup, LogIndex{1}));
}

// The same, written down as a map of entries per group that is copied for every transaction.
class Model {
public:
    struct Log {
        LogCatalog::Base base;
        std::vector<RecordPlace> places;
        std::uint64_t last() const { return base.index.value + places.size(); }
    };
    Log& staged(PartitionId group) { return staged_[group]; }
    void commit() { logs_ = staged_; }
    void rollback() { staged_ = logs_; }
    void expect_same(const LogCatalog& catalog) {
        std::uint64_t bytes = 0;
        for (const auto& [group, log] : logs_) {
            std::vector<RecordPlace> places;
            catalog.read_all(group, places);
            ASSERT_EQ(places.size(), log.places.size());
            for (std::size_t i = 0; i < places.size(); ++i) {
                EXPECT_EQ(places[i].lsn, log.places[i].lsn);
                EXPECT_EQ(places[i].term, log.places[i].term);
                bytes += places[i].bytes;
            }
            EXPECT_EQ(catalog.last(group).value, log.last());
        }
        EXPECT_EQ(catalog.live_bytes(), bytes);
    }

private:
    std::map<PartitionId, Log> logs_, staged_;
};

class RandomCatalog {
public:
    explicit RandomCatalog(std::uint64_t seed) : random_(seed) {}
    void step() {
        const PartitionId group{static_cast<std::uint32_t>(random_.below(2))};
        Model::Log& log = model_.staged(group);
        const std::uint64_t base = log.base.index.value, last = log.last();
        const std::uint64_t some = base + random_.below(log.places.size() + 1);
        switch (random_.below(8)) {
            case 0:
                return change(group, log, some);
            case 1: {
                catalog_.truncate(group, LogIndex{some + 1});
                log.places.resize(some - base);
                return;
            }
            case 2: {
                const Term term = some == base ? log.base.term : log.places[some - base - 1].term;
                catalog_.move_base(group, {LogIndex{some}, term});
                log.places.erase(log.places.begin(),
                                 log.places.begin() + static_cast<std::ptrdiff_t>(some - base));
                log.base = {LogIndex{some}, term};
                return;
            }
            case 3:
                return end();
            default: {
                ++lsn_;
                const RecordPlace next =
                    place(lsn_, 1 + lsn_ / 7, static_cast<std::uint32_t>(90 + random_.below(20)));
                catalog_.append(group, LogIndex{last + 1}, next);
                log.places.push_back(next);
            }
        }
    }
    void check() {
        catalog_.check();
        model_.expect_same(catalog_);
    }

private:
    // An entry that exists gets another record, or the log begins anew.
    void change(PartitionId group, Model::Log& log, std::uint64_t some) {
        const std::uint64_t base = log.base.index.value;
        if (random_.chance(1, 8)) {
            log = {{LogIndex{log.last() + 5}, Term{1 + lsn_ / 7}}, {}};
            catalog_.drop(group, log.base);
        } else if (some > base) {
            RecordPlace& old = log.places[some - base - 1];
            old.lsn = Lsn{++lsn_};
            old.bytes = static_cast<std::uint32_t>(90 + random_.below(20));
            const bool last = some == log.last();
            if (last && random_.chance(1, 2)) old.term = Term{1 + lsn_ / 7};
            catalog_.append(group, LogIndex{some}, old);
        }
    }
    void end() {
        if (random_.chance(2, 3)) {
            catalog_.commit();
            model_.commit();
        } else {
            catalog_.rollback();
            model_.rollback();
        }
    }

    Random random_;
    LogCatalog catalog_;
    Model model_;
    std::uint64_t lsn_ = 0;
};

TEST(LogCatalog, AnswersAsAModelThatIsCopiedForEveryTransaction) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE(seed);
        RandomCatalog both(seed);
        for (int i = 0; i < 400; ++i) {
            both.step();
            both.check();
            if (testing::Test::HasFailure()) return;
        }
    }
}

TEST(LogCatalogDeathTest, FindsAGroupThatWasLoadedTwice) {
    LogCatalog catalog;
    catalog.load(kGroup, {}, {place(1), place(2)});
    catalog.check();
    catalog.load(kGroup, {}, {place(1)});
    EXPECT_DEATH(catalog.check(), "300 bytes live, 100 in the catalog");
}

// Else who looks at what is staged would look past the end of what is there, or before its begin.
TEST_F(LogCatalogTest, FindsWhatStaysAndIsNotThere) {
    const auto checked = [&] { return weft::test::said_by([&] { catalog.check(); }); };
    append(1, 10);
    append(2, 11);
    catalog.move_base(kGroup, {LogIndex{1}, Term{1}});
    commit();
    catalog.move_base(kGroup, {LogIndex{0}, Term{1}});
    EXPECT_EQ(checked(), "behind 0 up to 2 stays of group 3, which has 2 to 2");
    catalog.rollback();
    catalog.staged_last(kGroup);
    EXPECT_EQ(checked(), "");
    catalog.load(kGroup, {}, {place(10)});
    EXPECT_EQ(checked(), "behind 1 up to 2 stays of group 3, which has 1 to 1");
}

TEST(LmdbLog, FindsARecordThatLiesOutsideOfTheLog) {
    const LmdbLog log({});
    auto& catalog = const_cast<LogCatalog&>(log.catalog());  // told of what was never written
    const auto checked = [&] { return weft::test::said_by([&] { log.check(); }); };
    catalog.load(kGroup, {}, {RecordPlace()});
    EXPECT_EQ(checked(), "") << "it was not found";
    catalog.load(PartitionId{4}, {}, {place(1)});
    EXPECT_EQ(checked(), "a record of group 4 lies at 1, the log goes from 1 to before 1");
}

TEST(LogCatalogDeathTest, RefusesAnEntryThatLeavesAGap) {
    LogCatalog catalog;
    EXPECT_DEATH(catalog.append(kGroup, LogIndex{2}, place(1)), "append of 2 behind 0 in group 3");
}

}  // namespace
}  // namespace weft::storage
