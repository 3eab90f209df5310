// What becomes of one entry that a leader sends (S20, S22, S29).

#include "replication/raft/entry_rule.h"

#include "replica_lab.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace weft::replication::test {
namespace {

const MadeLog& made() {
    static const MadeLog log = MadeLog({2, 2, 3});
    return log;
}

EntryInfo held(std::uint64_t index) {
    EntryInfo info;
    info.term = made().header(index).term;
    info.chain = made().header(index).chain;
    info.stamp_ms = made().header(index).stamp_ms;
    return info;
}

TEST(Fate, BehindTheEndContinuesTheLog) {
    EXPECT_EQ(fate_of(made().header(2), std::nullopt, false), Fate::Continues);
}

TEST(Fate, OfARepetitionIsHeld) { EXPECT_EQ(fate_of(made().header(2), held(2), true), Fate::Held); }

TEST(Fate, OfADamagedRecordIsRepaired) {
    EntryInfo info = held(2);
    info.damaged = true;
    EXPECT_EQ(fate_of(made().header(2), info, true), Fate::Repairs) << "its header can be read";
    info.readable = false;
    info.term = {};
    info.chain = {};
    EXPECT_EQ(fate_of(made().header(2), info, true), Fate::Repairs);
    info = held(1);
    info.damaged = true;
    EXPECT_EQ(fate_of(made().header(2), info, false), Fate::Conflicts) << "it was another";
    EXPECT_EQ(fate_of(made().header(3), info, false), Fate::Replaces) << "of another term";
}

TEST(Fate, OfAnotherTermReplacesWhatIsNotSettled) {
    EXPECT_EQ(fate_of(made().header(3), held(2), false), Fate::Replaces);
    EXPECT_EQ(fate_of(made().header(3), held(2), true), Fate::Conflicts);
}

// One leader writes one entry at an index.
TEST(Fate, OfTheSameTermNeverReplaces) {
    EXPECT_EQ(fate_of(made().header(2), held(1), false), Fate::Conflicts);
}

// The entry at 2 of a log whose second is made with `stamp` and `body`, behind `before`.
std::optional<Flaw> flaw(std::int64_t stamp, const EntryInfo& before, EntryKind kind,
                         std::string body) {
    MadeLog log({2});
    log.add(2, stamp, std::move(body), kind);
    return flaw_of(log.header(2), log.at(2).view(), before, WallTime{kWallMs});
}
std::optional<Flaw> flaw(std::int64_t stamp, const EntryInfo& before) {
    return flaw(stamp, before, EntryKind::Command, "x");
}

TEST(Flaw, IsNoneOfAnEntryThatContinuesTheOneBefore) {
    EXPECT_FALSE(flaw(kWallMs, held(1)));
    EXPECT_FALSE(flaw(kWallMs, held(1), EntryKind::Config, encode_config(members(3))));
}

TEST(Flaw, IsABadChecksumOrAnotherChain) {
    std::string bytes(made().at(2).view());
    EXPECT_FALSE(flaw_of(made().header(2), bytes, held(1), WallTime{kWallMs}));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    EXPECT_TRUE(flaw_of(made().header(2), bytes, held(1), WallTime{kWallMs}));
    EntryInfo other = held(1);
    other.chain = made().chain(2);
    EXPECT_TRUE(flaw(kWallMs, other));
}

TEST(Flaw, IsATermOrAStampThatFalls) {
    EntryInfo later = held(1);
    later.term = Term{3};
    EXPECT_EQ(flaw(kWallMs, later)->why, "term falls");
    later = held(1);
    later.stamp_ms = kWallMs + 1;
    EXPECT_EQ(flaw(kWallMs, later)->why, "stamp falls");
    later.term = Term{3};
    later.readable = false;  // it tells neither
    EXPECT_FALSE(flaw(kWallMs, later));
}

TEST(Flaw, IsAStampAheadUnlessTheOneBeforeWasThereToo) {
    EXPECT_FALSE(flaw(kWallMs + kStampAheadMs, held(1)));
    const auto ahead = flaw(kWallMs + kStampAheadMs + 1, held(1));
    ASSERT_TRUE(ahead);
    EXPECT_TRUE(ahead->stamp_ahead);
    EntryInfo there = held(1);
    there.stamp_ms = kWallMs + kStampAheadMs + 1;
    EXPECT_FALSE(flaw(kWallMs + kStampAheadMs + 1, there));
}

TEST(Flaw, IsAConfigurationThatCannotBeRead) {
    const auto unread = flaw(kWallMs, held(1), EntryKind::Config, "none");
    ASSERT_TRUE(unread);
    EXPECT_EQ(unread->why, "configuration");
    EXPECT_FALSE(unread->stamp_ahead);
}

}  // namespace
}  // namespace weft::replication::test
