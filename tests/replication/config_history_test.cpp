// Which configuration is in force where (S13), and which of them can be read.

#include "replication/raft/config_history.h"

#include "replica_lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace weft::replication::test {
namespace {

constexpr FetchId kFetch{7};

std::string of_a_later_weft() {
    std::string bytes = encode_config(members(3));
    bytes[0] = 3;
    return bytes;
}

class ConfigHistoryTest : public testing::Test {
protected:
    // Behind a base at 0 with three members; each entry is of one member more.
    ConfigHistoryTest() {
        history.start(LogIndex{}, members(3));
        window.reset({});
        add(encode_config(members(4)));
        add(encode_config(members(5)));
    }
    void add(std::string body) {
        log.add(1, kWallMs, std::move(body), EntryKind::Config);
        window.append(log.header(log.size()), log.at(log.size()));
    }
    void learn(std::uint64_t index) {
        ASSERT_TRUE(history.learn(LogIndex{index}, log.at(index).view()));
    }
    std::size_t members_at(std::uint64_t index) const {
        return history.at(LogIndex{index}).members.size();
    }
    ConfigHistory::Read read(std::uint64_t index) {
        storage::FetchedLog fetched;
        fetched.entries.push_back(log.at(index));
        return history.read(Result<storage::FetchedLog>(fetched), window);
    }

    MadeLog log;
    LogWindow window;
    ConfigHistory history;
};

TEST_F(ConfigHistoryTest, OneCountsFromItsEntryOnUntilItIsCutOff) {
    learn(1);
    learn(2);
    EXPECT_EQ(members_at(0), 3U);
    EXPECT_EQ(members_at(1), 4U);
    EXPECT_EQ(members_at(9), 5U);
    EXPECT_EQ(history.newest_index(), LogIndex{2});
    history.check(LogIndex{}, LogIndex{2});
    history.truncate(LogIndex{2});
    EXPECT_EQ(history.newest().members.size(), 4U);
    history.check(LogIndex{}, LogIndex{1});
}

TEST_F(ConfigHistoryTest, ABaseHasThatOfItsIndex) {
    learn(1);
    learn(2);
    history.move_base(LogIndex{1});
    history.check(LogIndex{1}, LogIndex{2});
    EXPECT_EQ(members_at(1), 4U);
    history.install(LogIndex{5}, LogIndex{5}, members(3));
    history.check(LogIndex{5}, LogIndex{5});
    EXPECT_EQ(history.newest().members.size(), 3U);
}

// The log behind the snapshot is another one: nothing of the former is in it.
TEST_F(ConfigHistoryTest, ASnapshotThatDropsTheLogDropsItsConfigurations) {
    learn(2);
    history.found(LogIndex{3});
    history.block(LogIndex{3});
    history.install(LogIndex{1}, LogIndex{1}, members(3));
    EXPECT_EQ(history.newest_index(), LogIndex{1});
    EXPECT_TRUE(history.complete());
}

TEST_F(ConfigHistoryTest, AreReadOneAfterTheOther) {
    history.found(LogIndex{1});
    history.found(LogIndex{2});
    EXPECT_FALSE(history.complete());
    EXPECT_TRUE(history.complete_up_to(LogIndex{}));
    EXPECT_FALSE(history.complete_up_to(LogIndex{1}));
    EXPECT_EQ(history.to_read(), LogIndex{1});
    history.reading(kFetch);
    EXPECT_EQ(history.to_read(), std::nullopt);
    EXPECT_TRUE(history.reads(kFetch));
    EXPECT_EQ(read(1).found, ConfigHistory::Found::Config);
    EXPECT_FALSE(history.reads(kFetch));
    EXPECT_EQ(history.to_read(), LogIndex{2});
    EXPECT_EQ(read(2).found, ConfigHistory::Found::Config);
    EXPECT_TRUE(history.complete());
    EXPECT_EQ(members_at(2), 5U);
}

TEST_F(ConfigHistoryTest, WhatCannotBeReadNowIsAskedForAgainAndWhatIsDamagedIsNot) {
    history.found(LogIndex{1});
    EXPECT_EQ(history.read(Result<storage::FetchedLog>(fail(ErrorNumber::DiskFull, "busy")), window)
                  .found,
              ConfigHistory::Found::NotRead);
    EXPECT_EQ(read(2).found, ConfigHistory::Found::Other);
    EXPECT_EQ(history.to_read(), LogIndex{1});
    storage::FetchedLog damaged;
    damaged.damaged = LogIndex{1};
    const auto told = history.read(Result<storage::FetchedLog>(damaged), window);
    EXPECT_EQ(told.found, ConfigHistory::Found::Damage);
    EXPECT_EQ(told.index, LogIndex{1});
    EXPECT_TRUE(history.complete());
}

// The base moved past the entry that was being read: what the disk says of it is not said of the
// next one.
TEST_F(ConfigHistoryTest, ALateAnswerSaysNothingOfTheNextOne) {
    history.found(LogIndex{1});
    history.found(LogIndex{2});
    history.reading(kFetch);
    history.install(LogIndex{1}, LogIndex{2}, members(4));
    EXPECT_EQ(history.to_read(), std::nullopt) << "the read is under way";
    storage::FetchedLog gone;
    gone.missing = LogIndex{1};
    EXPECT_EQ(history.read(Result<storage::FetchedLog>(gone), window).found,
              ConfigHistory::Found::Other);
    EXPECT_EQ(history.to_read(), LogIndex{2});
    history.check(LogIndex{1}, LogIndex{2});
}

// The log behind a snapshot that fits it stays, and so do its configurations.
TEST_F(ConfigHistoryTest, ASnapshotThatFitsTheLogKeepsWhatIsBehindIt) {
    learn(1);
    learn(2);
    history.install(LogIndex{1}, LogIndex{2}, members(4));
    EXPECT_EQ(history.newest_index(), LogIndex{2});
    EXPECT_EQ(members_at(2), 5U);
    history.check(LogIndex{1}, LogIndex{2});
}

TEST_F(ConfigHistoryTest, OneOfALaterWeftIsNeitherAskedForAgainNorCompacted) {
    add(of_a_later_weft());
    history.found(LogIndex{3});
    EXPECT_EQ(read(3).found, ConfigHistory::Found::LaterWeft);
    EXPECT_TRUE(history.blocked());
    EXPECT_EQ(history.to_read(), std::nullopt);
    EXPECT_TRUE(history.complete_up_to(LogIndex{2}));
    EXPECT_FALSE(history.complete_up_to(LogIndex{3}));
    history.truncate(LogIndex{3});
    EXPECT_TRUE(history.complete());
}

TEST_F(ConfigHistoryTest, TellsWhatCannotBe) {
    EXPECT_EQ(weft::test::said_by([&] { history.check(LogIndex{4}, LogIndex{4}); }),
              "no configuration at base 4");
    learn(2);
    EXPECT_EQ(weft::test::said_by([&] { history.check(LogIndex{}, LogIndex{1}); }),
              "configuration at 2 behind 0 of 1");
    history.found(LogIndex{3});
    EXPECT_EQ(weft::test::said_by([&] { history.check(LogIndex{}, LogIndex{2}); }),
              "unread configuration at 3 behind 0 of 2");
}

}  // namespace
}  // namespace weft::replication::test
