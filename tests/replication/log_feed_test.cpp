// Committed entries that are read from the log for the one who applies them.

#include "replication/partition/log_feed.h"

#include "replica_lab.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

namespace weft::replication::test {
namespace {

class LogFeedTest : public testing::Test {
protected:
    LogFeedTest() {
        for (std::uint64_t i = 1; i <= log.size(); ++i) window.append(log.header(i), log.at(i));
        feed.asked(kFetch, LogIndex{1});
    }
    std::optional<LogIndex> take(storage::FetchedLog read, FetchId id = kFetch) {
        Fetched fetched{id, Result<storage::FetchedLog>(std::move(read))};
        return feed.take(fetched, window);
    }
    static storage::FetchedLog of(std::vector<Bytes> entries) {
        storage::FetchedLog read;
        read.entries = std::move(entries);
        return read;
    }

    static constexpr FetchId kFetch{5};
    const MadeLog log{{1, 1, 2}};
    LogWindow window;
    LogFeed feed;
};

TEST_F(LogFeedTest, GivesWhatWasReadInOrder) {
    EXPECT_TRUE(feed.waits());
    EXPECT_EQ(take(of({log.at(1), log.at(2)})), std::nullopt);
    EXPECT_FALSE(feed.waits());
    ASSERT_NE(feed.find(LogIndex{1}), nullptr);
    EXPECT_EQ(feed.find(LogIndex{2})->view(), log.at(2).view());
    EXPECT_EQ(feed.find(LogIndex{3}), nullptr) << "it was not read";
}

// S22: a record that holds and is not the one that was written there.
TEST_F(LogFeedTest, TakesNothingInAnothersPlace) {
    EXPECT_EQ(take(of({log.at(1), log.at(3)})), LogIndex{2}) << "the next one's";
    ASSERT_NE(feed.find(LogIndex{1}), nullptr) << "what is before it is good";
    feed.asked(kFetch, LogIndex{3});
    EXPECT_EQ(take(of({MadeLog({1, 1, 1}).at(3)})), LogIndex{3}) << "one of another term";
    feed.asked(kFetch, LogIndex{3});
    window.mark_damaged(LogIndex{3});
    EXPECT_EQ(take(of({log.at(3)})), std::nullopt) << "its header is known";
}

TEST_F(LogFeedTest, TellsWhatTheDiskHasLost) {
    storage::FetchedLog read = of({log.at(1)});
    read.damaged = LogIndex{2};
    EXPECT_EQ(take(std::move(read)), LogIndex{2});
}

TEST_F(LogFeedTest, TakesNoAnswerFromBeforeTheLogWasReplaced) {
    feed.forget();
    EXPECT_EQ(take(of({log.at(1)})), std::nullopt);
    EXPECT_EQ(feed.find(LogIndex{1}), nullptr);
}

}  // namespace
}  // namespace weft::replication::test
