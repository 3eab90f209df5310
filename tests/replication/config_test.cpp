// Configurations and their history in the log (S13; thesis 4.1, 4.3).

#include "core/error.h"
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
    lab.call([](Replica& r, Effects& out) { r.move_base(LogIndex{3}, kWallMs, out); });
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

// The entry that makes `config` the configuration in force.
EntryBuilder change_to(const Config& config) {
    EntryBuilder entry;
    entry.begin(EntryKind::Config);
    entry.section(SectionType::Config, encode_config(config));
    return entry;
}

Config of(std::vector<Member> members) {
    Config config;
    config.voters = PeerSet::first(members.size());
    config.members = std::move(members);
    return config;
}

void propose(Lab& lab, const Config& config) {
    lab.call([&](Replica& replica, Effects& out) {
        EntryBuilder entry = change_to(config);
        replica.propose(lab.now, entry, out);
    });
}

// A leader that a change has left out still leads while its entry is under way.
TEST(Configuration, ContactHasRoomForAllMembersAndOneWhoIsNoneAnyMore) {
    ContactTimes contact;
    for (std::size_t i = 0; i <= kMembersMax; ++i)
        contact.set(node(i), Instant{static_cast<std::int64_t>(i) + 1});
    for (std::size_t i = 0; i <= kMembersMax; ++i)
        EXPECT_EQ(contact.of(node(i)), Instant{static_cast<std::int64_t>(i) + 1});
    contact.set(node(3), Instant{100});
    EXPECT_EQ(contact.of(node(3)), Instant{100});
    EXPECT_EQ(contact.of(node(kMembersMax + 1)), Instant::long_ago());
}

// Places move with a change of members; what is known of a node stays with the node.
TEST(Configuration, WhatIsKnownOfANodeStaysKnownWhenPlacesMove) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.accepts(2, 1);
    lab.contact_all(lab.now.mono);
    lab.step(Tick{lab.contact});
    lab.step(CrashEvidence{node(2)});
    lab.step(PeerStands{node(1), false});
    propose(lab, of({{node(2), {}}, {node(0), {}}, {node(1), {}}, {node(3), LogIndex{2}}}));
    EXPECT_FALSE(lab.replica->in_contact(lab.now, node(2))) << "it has crashed";
    EXPECT_TRUE(lab.replica->in_contact(lab.now, node(1)));
    EXPECT_FALSE(lab.replica->can_stand(node(1)));
    EXPECT_TRUE(lab.replica->can_stand(node(2)));
    EXPECT_EQ(lab.replica->match(node(1)), LogIndex{1});
    EXPECT_EQ(lab.replica->match(node(3)), LogIndex{});
}

// Old places and new ones in one step would send the entry to somebody else.
TEST(Configuration, ItsEntryIsSentToNodesBehindTheWordThatMembersHaveChanged) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.accepts(2, 1);
    EntryBuilder entry = change_to(of({{node(2), {}}, {node(0), {}}, {node(3), LogIndex{2}}}));
    Effects out;
    lab.replica->propose(lab.now, entry, out);
    std::vector<NodeId> to;
    bool told = false;
    for (const Effect& effect : out.list) {
        told = told || std::holds_alternative<ConfigChanged>(effect);
        const auto* append = std::get_if<SendAppend>(&effect);
        if (append == nullptr) continue;
        EXPECT_TRUE(told);
        to.push_back(append->to);
    }
    EXPECT_EQ(to, (std::vector<NodeId>{node(2), node(3)}));
}

// S17: the node is the same, but its disk holds nothing of what the former replica acknowledged.
TEST(Configuration, ASecondReplicaOfANodeIsTakenForNothingThatTheFirstHasSaid) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.accepts(2, 1);
    propose(lab, of({{node(0), {}}, {node(1), {}}, {node(2), LogIndex{2}}}));
    EXPECT_EQ(lab.replica->match(node(1)), LogIndex{1});
    EXPECT_EQ(lab.replica->match(node(2)), LogIndex{});
}

constexpr LogIndex kFirst{0}, kSecond{2};

Lab::Options numbered(LogIndex since) {
    Lab::Options options;
    options.since = since;
    return options;
}

// node(2) was removed and added again, by the entry of that index.
Config second_replica_of_2() { return of({{node(0), {}}, {node(1), {}}, {node(2), kSecond}}); }

// S17: a vote of a replica that is gone is none of the empty one that took its place.
TEST(SecondReplica, IsNotTakenToHaveVotedByALateVoteOfTheFirst) {
    MadeLog log({1});
    log.add(1, kWallMs, encode_config(second_replica_of_2()), EntryKind::Config);
    Lab lab({}, log, 2, {Term{1}, NodeId{}});
    lab.answer_fetch();
    lab.run(ms(2000));
    ASSERT_EQ(lab.replica->role(), Role::PreCandidate);
    lab.votes_yes(2, true, kFirst);
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
    lab.votes_yes(2, true, kSecond);
    ASSERT_EQ(lab.replica->role(), Role::Candidate);
    lab.persist();
    lab.votes_yes(2, false, kFirst);
    EXPECT_EQ(lab.replica->role(), Role::Candidate);
    EXPECT_EQ(lab.replica->counters().other_replicas, 2U);
    const VoteAnswer no{kGroup, lab.replica->term(), false, false};
    lab.hears(1, no);
    lab.hears(2, no);
    EXPECT_EQ(lab.replica->role(), Role::Candidate) << "only one of two has refused";
    lab.votes_yes(2, false, kSecond);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
}

// A term is a fact, whoever tells it.
TEST(SecondReplica, IsNotNeededToBelieveTheTermThatTheFirstTells) {
    Lab lab;
    lab.lead();
    propose(lab, second_replica_of_2());
    VoteAnswer no{kGroup, Term{9}, false, false};
    lab.hears(2, no);
    EXPECT_EQ(lab.replica->term(), Term{9});
    AppendAnswer higher;
    higher.group = kGroup;
    higher.term = Term{10};
    lab.hears(2, higher);
    EXPECT_EQ(lab.replica->term(), Term{10});
    EXPECT_EQ(lab.replica->role(), Role::Follower);
}

// S1: what the first has told of its term does not make ours certain.
TEST(SecondReplica, HasToTellItsTermItselfToWhoHasLostItsVote) {
    MadeLog log({1});
    log.add(1, kWallMs, encode_config(second_replica_of_2()), EntryKind::Config);
    storage::MemoryStore disk;
    log.write(disk, 2, {Term{3}, node(0)});
    ASSERT_TRUE(disk.corrupt_hard(kGroup));
    Lab lab({}, std::move(disk));
    lab.answer_fetch();
    VoteAnswer no{kGroup, Term{1}, true, false};
    lab.hears(1, no);
    lab.hears(2, no);
    EXPECT_FALSE(lab.replica->term_certain());
    no.sender_since = kSecond;
    lab.hears(2, no);
    EXPECT_TRUE(lab.replica->term_certain());
}

// S17: the entries are on no disk that the second has.
TEST(SecondReplica, HoldsNothingByALateAnswerOfTheFirst) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.accepts(2, 1);
    propose(lab, second_replica_of_2());
    lab.persist();
    lab.forget_sent();
    lab.accepts(2, 2, kFirst);
    EXPECT_EQ(lab.replica->match(node(2)), LogIndex{});
    EXPECT_EQ(lab.replica->commit(), LogIndex{1});
    AppendAnswer late;
    late.group = kGroup;
    late.term = lab.replica->term();
    lab.hears(2, late);
    late.damaged = true;
    lab.hears(2, late);
    EXPECT_TRUE(lab.appends.empty()) << "nor is its stream moved by a refusal";
    EXPECT_EQ(lab.replica->counters().other_replicas, 3U);
    EXPECT_EQ(lab.replica->counters().messages_refused, 0U);
    lab.accepts(2, 2, kSecond);
    EXPECT_EQ(lab.replica->match(node(2)), LogIndex{2});
    EXPECT_EQ(lab.replica->commit(), LogIndex{2});
}

// S17: its stream begins behind a base that it does not hold.
TEST(SecondReplica, HasNoSnapshotByAnAnswerOfTheFirst) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    propose(lab, second_replica_of_2());
    lab.persist();
    lab.accepts(1, 2);
    lab.replica->applied(LogIndex{2});
    lab.call([](Replica& r, Effects& out) { r.move_base(LogIndex{2}, kWallMs, out); });
    lab.contact_all(lab.now.mono + ms(5000));
    lab.run(Timings{}.heartbeat * 2);
    const Member second{node(2), kSecond};
    ASSERT_EQ(lab.replica->needs_snapshot(lab.now, std::nullopt), second);
    lab.replica->snapshot_sent({node(2), kFirst}, {Term{1}, LogIndex{2}});
    EXPECT_EQ(lab.replica->needs_snapshot(lab.now, std::nullopt), second);
    lab.replica->snapshot_sent(second, {Term{1}, LogIndex{2}});
    EXPECT_FALSE(lab.replica->needs_snapshot(lab.now, std::nullopt));
}

TEST(SecondReplica, IsNamedByWhatItsLeaderSendsIt) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.accepts(2, 1);
    lab.forget_sent();
    propose(lab, second_replica_of_2());
    lab.contact_all(lab.now.mono);
    lab.run(ms(1000));  // nobody answers: it is sent again
    std::size_t to_second = 0;
    for (const SendAppend& append : lab.appends) {
        EXPECT_EQ(append.item.receiver_since, append.to == node(2) ? kSecond : kFirst);
        if (append.to == node(2)) ++to_second;
    }
    EXPECT_GE(to_second, 2U);
}

TEST(SecondReplica, TakesNoAppendToTheFirstNorTheFirstOneToTheSecond) {
    const MadeLog log({1, 1});
    for (const LogIndex own : {kFirst, kSecond}) {
        SCOPED_TRACE(own.value);
        const LogIndex other = own == kFirst ? kSecond : kFirst;
        Lab lab(numbered(own));
        Append append = log.append(1, 1, 0, 2);
        append.item.receiver_since = other;
        lab.step(append);
        EXPECT_EQ(lab.replica->last_index(), LogIndex{});
        EXPECT_EQ(lab.replica->leader(), std::nullopt);
        EXPECT_EQ(lab.replica->counters().other_replicas, 1U);
        EXPECT_TRUE(lab.sent<AppendAnswer>().empty());
        append.item.receiver_since = own;
        lab.step(append);
        lab.persist();
        ASSERT_EQ(lab.sent<AppendAnswer>().size(), 1U);
        EXPECT_EQ(lab.sent<AppendAnswer>()[0].second.sender_since, own);
    }
}

// Its log begins before the entry that added it, and names the first until then.
TEST(SecondReplica, IsNoMemberBeforeItsLogSaysSo) {
    MadeLog log({1});
    log.add(1, kWallMs, encode_config(of({{node(0), kSecond}})), EntryKind::Config);
    for (const LogIndex own : {kFirst, kSecond}) {
        SCOPED_TRACE(own.value);
        Lab lab(numbered(own));
        Append append = log.append(1, 1, 0, 1);
        append.item.receiver_since = own;
        lab.step(append);
        lab.persist();
        lab.run(ms(3000));
        EXPECT_EQ(lab.replica->role(), own == kFirst ? Role::PreCandidate : Role::Follower);
        lab.forget_sent();
        lab.hears(1, VoteAsk{kGroup, Term{5}, {Term{1}, LogIndex{1}}, false, true});
        lab.persist();
        ASSERT_EQ(lab.sent<VoteAnswer>().size(), 1U) << "it votes all the same (S15)";
        EXPECT_TRUE(lab.sent<VoteAnswer>()[0].second.granted);
        EXPECT_EQ(lab.sent<VoteAnswer>()[0].second.sender_since, own);
        append = log.append(1, 5, 1, 2);
        append.item.receiver_since = own;
        lab.step(append);
        lab.persist();
        lab.run(ms(3000));
        EXPECT_EQ(lab.replica->role(), own == kFirst ? Role::Follower : Role::Candidate);
    }
}

// Its members have changed since: the leader is none of those that it knows.
TEST(Configuration, ALaggingReplicaFollowsALeaderThatItHasNeverHeardOf) {
    MadeLog log({1});
    log.add(2, kWallMs, encode_config(of({{node(0), {}}, {node(4), LogIndex{2}}})),
            EntryKind::Config);
    Lab lab({}, log, 1, {Term{1}, NodeId{}});
    lab.step(log.append(4, 2, 1, 2));
    EXPECT_EQ(lab.replica->leader(), node(4));
    lab.persist();
    const auto answers = lab.sent<AppendAnswer>();
    ASSERT_FALSE(answers.empty());
    EXPECT_EQ(answers.back().first, node(4));
    EXPECT_TRUE(answers.back().second.accepted);
    EXPECT_TRUE(lab.replica->config().seat(node(4)));
}

// Its bytes, from which it comes back, and from no part of them.
std::string spelling_of(const Config& config) {
    std::string bytes = encode_config(config);
    const auto decoded = decode_config(bytes);
    EXPECT_TRUE(decoded && *decoded == config);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
        EXPECT_FALSE(decode_config(bytes.substr(0, cut)));
    return bytes;
}

TEST(Configuration, TellsSinceWhenItsMembersAreThatAreNotOfTheFounding) {
    const Config config = of({{node(0), {}}, {node(1), LogIndex{77}}});
    const std::string bytes = spelling_of(config);
    std::string founding = encode_config(members(2));
    ASSERT_EQ(founding[0], 1);
    founding[0] = 2;
    EXPECT_FALSE(decode_config(founding)) << "format 2, and no room for since when";
    std::string zero = bytes;
    zero.replace(zero.size() - 8, 8, std::string(8, '\0'));
    EXPECT_FALSE(decode_config(zero)) << "two spellings of one configuration";
    std::string later = bytes;
    later[0] = 3;
    EXPECT_EQ(decode_config(later).error().number,
              static_cast<std::uint16_t>(ErrorNumber::NewerFormat));
}

TEST(Configuration, DecodesWhatItEncodesAndNothingElse) {
    Config config = members(5);
    config.outgoing = PeerSet::from_bits(0b00111);
    const std::string bytes = spelling_of(config);
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
