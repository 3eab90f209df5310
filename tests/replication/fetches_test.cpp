// Questions to the disk and who has asked them.

#include "replication/partition/fetches.h"

#include <gtest/gtest.h>

namespace weft::replication {
namespace {

TEST(Fetches, GiveAnAnswerToTheOneWhoAskedOnce) {
    Fetches fetches;
    const FetchId log = fetches.ask({FetchPurpose::Kind::Log, {}});
    const FetchId entity = fetches.ask({FetchPurpose::Kind::Activation, "key"});
    EXPECT_LT(log, entity) << "no number is used twice";
    const auto asked = fetches.answered(entity);
    ASSERT_TRUE(asked.has_value());
    EXPECT_EQ(asked->kind, FetchPurpose::Kind::Activation);
    EXPECT_EQ(asked->entity_key, "key");
    EXPECT_FALSE(fetches.answered(entity).has_value());
    EXPECT_FALSE(fetches.answered(FetchId{9}).has_value());
    EXPECT_LT(entity, fetches.ask({})) << "nor that of one that was answered";
}

TEST(Fetches, ReadRowsAPageAtATime) {
    PartitionLimits limits;
    limits.page_rows = 3;
    limits.page_bytes = 1000;
    const storage::RowScan scan = page_behind("pb", storage::Table::Journal, "p", limits);
    EXPECT_EQ(scan.table, storage::Table::Journal);
    EXPECT_EQ(scan.prefix, "p");
    EXPECT_EQ(scan.after, "pb");
    EXPECT_EQ(scan.rows_max, 3u);
    EXPECT_EQ(scan.bytes_max, 1000u);
}

}  // namespace
}  // namespace weft::replication
