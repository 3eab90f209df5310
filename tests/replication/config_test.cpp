// Configurations and their history in the log (checklist S13; thesis 4.1, 4.3).

#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

// S13: a configuration counts from its append, and truncation takes it back.
TEST(Configuration, IsRolledBackWithTheLog) {
    MadeLog log({1});
    MadeLog changed = log;
    changed.add(1, kWallMs, encode_config(members(5)), EntryKind::Config);
    MadeLog other = log;
    other.add(2);
    Lab lab;
    lab.step(changed.append(1, 1, 0, 2));
    EXPECT_EQ(lab.replica->config(), members(5));
    lab.step(other.append(2, 2, 1, 2));
    EXPECT_EQ(lab.replica->config(), members(3));
}

// S13: history survives a restart, and compaction keeps the configuration of a committed index.
TEST(Configuration, IsReadBackFromTheLogBeforeAnyCampaign) {
    MadeLog log({1});
    log.add(1, kWallMs, encode_config(members(1)), EntryKind::Config);
    log.add(1);
    Lab lab({}, log, 3, {Term{1}, NodeId{}});
    EXPECT_EQ(lab.replica->config(), members(3));
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::Follower) << "who votes is not known yet";
    lab.answer_fetch();
    EXPECT_EQ(lab.replica->config(), members(1));
    lab.run(ms(1000));
    lab.persist();
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    lab.replica->applied(LogIndex{3});
    lab.call([](Replica& r, Effects& out) { r.compact(LogIndex{3}, kWallMs, out); });
    lab.persist();
    lab.crash();
    EXPECT_EQ(lab.replica->config(), members(1));
    EXPECT_TRUE(lab.fetches.empty());
}

// S13: who stands by a configuration that is not on disk could win by it and forget it.
TEST(Configuration, MustBeDurableBeforeACampaign) {
    MadeLog log({1});
    log.add(1, kWallMs, encode_config(members(1)), EntryKind::Config);
    Lab lab({}, log, 1, {Term{1}, NodeId{}});
    lab.step(log.append(1, 1, 1, 2));
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    lab.persist();
    lab.run(ms(1000));
    EXPECT_EQ(lab.replica->role(), Role::Candidate);
}

TEST(Configuration, DecodesWhatItEncodesAndNothingElse) {
    Config config = members(5);
    config.outgoing = PeerSet::from_bits(0b00111);
    const std::string bytes = encode_config(config);
    const auto decoded = decode_config(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, config);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
        EXPECT_FALSE(decode_config(bytes.substr(0, cut)));
    EXPECT_FALSE(decode_config(bytes + "x"));
    std::string twice = bytes;
    twice.replace(twice.size() - 16, 16, bytes.substr(bytes.size() - 32, 16));
    EXPECT_FALSE(decode_config(twice)) << "one member twice";
    Config none = config;
    none.voters = {};
    EXPECT_FALSE(decode_config(encode_config(none)));
}

// Thesis 4.3: while joint, both majorities.
TEST(Configuration, NeedsBothMajoritiesWhileJoint) {
    Config config = members(5);
    config.voters = PeerSet::from_bits(0b00111);
    config.outgoing = PeerSet::from_bits(0b11100);
    EXPECT_FALSE(config.quorum(PeerSet::from_bits(0b00011)));
    EXPECT_FALSE(config.quorum(PeerSet::from_bits(0b11000)));
    EXPECT_TRUE(config.quorum(PeerSet::from_bits(0b01110)));
}

}  // namespace
}  // namespace weft::replication::test
