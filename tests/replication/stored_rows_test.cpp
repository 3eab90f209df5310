// What of a group's rows can be read.

#include "replication/partition/stored_rows.h"

#include <gtest/gtest.h>

namespace weft::replication {
namespace {

TEST(StoredRows, AreNoneWhileTheLogSaysItAll) {
    StoredRows rows{LogIndex{}};
    EXPECT_FALSE(rows.any());
    rows.persisted(PersistSeq{3});
    EXPECT_FALSE(rows.any()) << "that was the log";
    rows.written();
    EXPECT_TRUE(rows.any());
    EXPECT_TRUE(StoredRows{LogIndex{1}}.any()) << "a base is in rows";
}

TEST(StoredRows, AreOnDiskUpToTheHighestNumberTold) {
    StoredRows rows{LogIndex{1}};
    EXPECT_EQ(rows.on_disk(), PersistSeq{});
    rows.persisted(PersistSeq{3});
    rows.persisted(PersistSeq{2});
    EXPECT_EQ(rows.on_disk(), PersistSeq{3});
}

}  // namespace
}  // namespace weft::replication
