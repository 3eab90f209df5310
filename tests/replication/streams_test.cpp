// A leader's streams by themselves: what is sent to whom, and what is known of each.

#include "replication/raft/streams.h"

#include "replica_lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace weft::replication::test {
namespace {

constexpr Seat kOne{1}, kTwo{2};  // the others; the leader is 0

class StreamsTest : public testing::Test {
protected:
    StreamsTest() {
        options.group = kGroup;
        window.reset({});
        for (int i = 0; i < 5; ++i) append();
        streams.begin(3, LogIndex{6});
    }
    void append() {
        log.add(1);
        EntryHeader header = log.header(log.size());
        header.body_bytes =
            static_cast<std::uint32_t>(log.at(log.size()).size() - kEntryHeaderBytes);
        window.append(header, log.at(log.size()));
    }
    Streams::Leader leader() {
        return {options, config, window, Seat{0}, Term{1}, LogIndex{}, fetches};
    }
    Step step() { return {now, out}; }
    // What was sent to `seat` since the last time: first index behind the one before, and how
    // many.
    std::vector<std::pair<std::uint64_t, std::uint32_t>> sent(Seat seat) {
        std::vector<std::pair<std::uint64_t, std::uint32_t>> all;
        for (const Effect& effect : out.list)
            if (const auto* append = std::get_if<SendAppend>(&effect);
                append != nullptr && append->to == node(seat.place))
                all.emplace_back(append->item.prev.index.value, append->item.count);
        out.list.clear();
        return all;
    }
    static AppendAnswer answer(std::uint64_t index) {
        AppendAnswer said;
        said.index = LogIndex{index};
        return said;
    }
    // The peer holds everything up to `index`, and is sent what is behind.
    void accept(Seat seat, std::uint64_t index) {
        if (streams.accepted(step(), leader(), seat, answer(index)))
            streams.send_more(step(), leader(), seat);
        streams.check(window.last());
    }
    void refuse(Seat seat, const AppendAnswer& said) {
        if (streams.refused(seat, said)) streams.go_back(step(), leader(), seat, said);
    }
    using Sent = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

    ReplicaOptions options;
    Config config = members(3);
    LogWindow window;
    MadeLog log;
    OwnFetchIds fetches;
    Streams streams;
    Now now;
    Effects out;
};

TEST_F(StreamsTest, AskOnceAndThenSendAhead) {
    streams.send_more(step(), leader(), kOne);
    EXPECT_EQ(sent(kOne), (Sent{{5, 0}})) << "does it hold what we hold?";
    append();
    streams.send_new(step(), leader(), LogIndex{6}, log.at(6));
    EXPECT_EQ(sent(kOne), Sent{}) << "the question is open";
    accept(kOne, 5);
    EXPECT_EQ(sent(kOne), (Sent{{5, 1}}));
    append();
    append();
    streams.send_new(step(), leader(), LogIndex{7}, log.at(7));
    streams.send_new(step(), leader(), LogIndex{8}, log.at(8));
    EXPECT_EQ(sent(kOne), (Sent{{6, 1}, {7, 1}})) << "without an answer in between";
    EXPECT_EQ(streams.match(kOne), LogIndex{5});
}

TEST_F(StreamsTest, GoBackAsARefusalSaysAndNotTwiceForOne) {
    streams.send_more(step(), leader(), kOne);
    sent(kOne);
    refuse(kOne, answer(2));
    EXPECT_EQ(sent(kOne), (Sent{{2, 3}}));
    refuse(kOne, answer(2));
    EXPECT_EQ(sent(kOne), Sent{}) << "it leads nowhere new: the timer asks again";
    EXPECT_EQ(streams.match(kOne), LogIndex{}) << "a refusal acknowledges nothing";
}

TEST_F(StreamsTest, AskAgainAfterSilenceAndTheSecondTimeWithoutTheEntries) {
    streams.send_more(step(), leader(), kOne);
    accept(kOne, 3);
    sent(kOne);
    EXPECT_EQ(streams.resend(step(), leader()), 0U);
    now.mono = streams.deadline();
    EXPECT_EQ(now.mono, Instant{} + 2 * options.timings.heartbeat);
    EXPECT_EQ(streams.resend(step(), leader()), 1U);
    EXPECT_EQ(sent(kOne), (Sent{{3, 2}}));
    now.mono = streams.deadline();
    EXPECT_EQ(streams.resend(step(), leader()), 1U);
    EXPECT_EQ(sent(kOne), (Sent{{3, 0}}));
}

TEST_F(StreamsTest, StopAtTheBytesThatMayBeUnderWay) {
    options.limits.append_entries = 1;
    options.limits.peer_inflight_bytes = 1;
    streams.send_more(step(), leader(), kOne);
    sent(kOne);
    accept(kOne, 1);
    EXPECT_EQ(sent(kOne), (Sent{{1, 1}})) << "one entry always fits";
    accept(kOne, 2);
    EXPECT_EQ(sent(kOne), (Sent{{2, 1}}));
}

TEST_F(StreamsTest, WaitForASnapshotWhereTheLogBeginsTooLate) {
    streams.send_more(step(), leader(), kOne);
    window.move_base(LogIndex{4});
    refuse(kOne, answer(2));
    EXPECT_TRUE(streams.needing_snapshot().has(kOne));
    EXPECT_FALSE(streams.refused(kOne, answer(1))) << "nothing else helps it";
    streams.has_snapshot(kTwo, {Term{1}, LogIndex{4}});
    sent(kOne);
    streams.has_snapshot(kOne, {Term{1}, LogIndex{4}});
    EXPECT_EQ(streams.resend(step(), leader()), 1U) << "the other waited for none";
    EXPECT_EQ(sent(kOne), (Sent{{4, 1}}));
}

TEST_F(StreamsTest, ReadFromDiskWhatMemoryHasNot) {
    for (int i = 0; i < 3; ++i) window.drop_first_cached();
    streams.send_more(step(), leader(), kOne);
    refuse(kOne, answer(0));
    ASSERT_EQ(out.list.size(), 2U);
    const auto& fetch = std::get<Fetch>(out.list.back());
    EXPECT_TRUE(OwnFetchIds::is_own(fetch.id));
    EXPECT_EQ(streams.waits_for(fetch.id), kOne);
    EXPECT_EQ(streams.waits_for(FetchId{fetch.id.value + 1}), std::nullopt);
    sent(kOne);
    storage::FetchedLog read;
    for (std::uint64_t i = 1; i <= 3; ++i) read.entries.push_back(log.at(i));
    const Fetched good{fetch.id, Result<storage::FetchedLog>(read)};
    EXPECT_EQ(streams.fetched(step(), leader(), kOne, good), std::nullopt);
    EXPECT_EQ(sent(kOne), (Sent{{0, 3}}));
}

// What it reads of its own log is not what it wrote (S23).
TEST_F(StreamsTest, TellWhereTheirOwnLogDoesNotHold) {
    for (int i = 0; i < 3; ++i) window.drop_first_cached();
    streams.send_more(step(), leader(), kOne);
    refuse(kOne, answer(1));
    storage::FetchedLog read;
    read.entries.push_back(log.at(3));
    const Fetched other{std::get<Fetch>(out.list.back()).id, Result<storage::FetchedLog>(read)};
    EXPECT_EQ(streams.fetched(step(), leader(), kOne, other), LogIndex{2});
}

TEST_F(StreamsTest, AskAnotherLifeOfAPeerWhatItHas) {
    streams.send_more(step(), leader(), kOne);
    accept(kOne, 5);
    sent(kOne);
    streams.crashed(kOne);
    append();
    streams.came_back(step(), leader(), kOne);
    EXPECT_EQ(sent(kOne), (Sent{{5, 1}})) << "one append, and no more before its answer";
    append();
    streams.send_new(step(), leader(), LogIndex{7}, log.at(7));
    EXPECT_EQ(sent(kOne), Sent{});
}

TEST_F(StreamsTest, SendAgainWhatAPeerHasLost) {
    streams.send_more(step(), leader(), kOne);
    accept(kOne, 5);
    streams.wanted_again(step(), leader(), kOne, LogIndex{2});
    EXPECT_EQ(streams.match(kOne), LogIndex{1});
    EXPECT_EQ(sent(kOne).back(), std::pair(std::uint64_t{1}, 4U));
}

// S17: who stands elsewhere is known all the same, another replica of the node is not.
TEST_F(StreamsTest, KeepWhatIsKnownOfAReplicaInAnotherConfiguration) {
    streams.send_more(step(), leader(), kOne);
    accept(kOne, 4);
    streams.send_more(step(), leader(), kTwo);
    accept(kTwo, 3);
    Config other = config;
    std::swap(other.members[1], other.members[2]);
    streams.adopt(config, other, LogIndex{6});
    EXPECT_EQ(streams.match(kOne), LogIndex{3});
    EXPECT_EQ(streams.match(kTwo), LogIndex{4});
    Config newer = other;
    newer.members[2].since = LogIndex{5};
    streams.adopt(other, newer, LogIndex{6});
    EXPECT_EQ(streams.match(kOne), LogIndex{3});
    EXPECT_EQ(streams.match(kTwo), LogIndex{});
}

// S29.
TEST_F(StreamsTest, KnowWhoRefusesOurStampsAndWhatItMayHold) {
    AppendAnswer ahead = answer(3);
    ahead.stamp_ahead = true;
    EXPECT_TRUE(streams.refused(kOne, ahead));
    EXPECT_FALSE(streams.stamp_takers().takers.has(kOne));
    EXPECT_TRUE(streams.stamp_takers().takers.has(kTwo));
    EXPECT_EQ(streams.stamp_takers().refusers_may_hold, LogIndex{3});
    accept(kOne, 4);
    EXPECT_TRUE(streams.stamp_takers().takers.has(kOne));
    EXPECT_EQ(streams.stamp_takers().refusers_may_hold, LogIndex{});
}

TEST_F(StreamsTest, TellTheLeastThatOthersHold) {
    accept(kOne, 4);
    accept(kTwo, 2);
    PeerSet others;
    for (const Seat seat : {kOne, kTwo}) others.add(seat);
    EXPECT_EQ(streams.least_match(others, LogIndex{9}), LogIndex{2});
    EXPECT_EQ(streams.least_match(others, LogIndex{1}), LogIndex{1});
    EXPECT_EQ(streams.most_caught_up(others), kOne);
    others.remove(kOne);
    EXPECT_EQ(streams.most_caught_up(others), kTwo);
    EXPECT_EQ(streams.most_caught_up({}), std::nullopt);
    streams.end();
    EXPECT_TRUE(streams.seats().empty());
    EXPECT_EQ(streams.deadline(), Instant::never());
}

// An acknowledgement proves contact from when its entry was proposed (S6).
TEST_F(StreamsTest, CountContactFromTheProposalThatIsAcknowledged) {
    now.mono = Instant{100};
    streams.proposed(now, LogIndex{4}, Duration{10});
    now.mono = Instant{105};
    streams.proposed(now, LogIndex{5}, Duration{10});  // too near to be noted
    now.mono = Instant{900};
    accept(kOne, 3);
    EXPECT_EQ(streams.contacts()[kOne], Instant::long_ago()) << "others may have sent it";
    accept(kOne, 5);
    EXPECT_EQ(streams.contacts()[kOne], Instant{100});
}

TEST_F(StreamsTest, CheckThatNobodyHoldsMoreThanThereIs) {
    accept(kOne, 5);
    streams.check(LogIndex{5});
    EXPECT_EQ(weft::test::said_by([&] { streams.check(LogIndex{4}); }), "peer 1 matches 5 past 4");
}

TEST(ProposalDates, LetTheOldestGo) {
    ProposalDates dates;
    for (std::int64_t i = 0; i < 65; ++i)
        dates.note({Instant{i * 10}, {}}, LogIndex{static_cast<std::uint64_t>(i) + 1},
                   Duration{10});
    EXPECT_EQ(dates.of(LogIndex{1}), Instant::long_ago());
    EXPECT_EQ(dates.of(LogIndex{2}), Instant{10});
    EXPECT_EQ(dates.of(LogIndex{99}), Instant{640});
}

}  // namespace
}  // namespace weft::replication::test
