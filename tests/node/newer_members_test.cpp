// A replica that lags behind a change of its group's members: what the new ones say counts by its
// term, as what the old ones said did.

#include "core/entry.h"
#include "lab.h"
#include "replication/raft/config.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node::test {
namespace {

using replication::PeerMessage;

class NewerMembers : public testing::Test {
protected:
    NewerMembers() {
        lab.start();
        EXPECT_TRUE(lab.run_until_ready());
        while (lab[0].node().hosts(group) == false || lab[stranger].node().hosts(group))
            if (++stranger == lab.size()) stranger = 1, ++group.value;
        term = Term{replica().term().value + 1};
    }
    const replication::Replica& replica() { return lab[0].node().partition(group).replica(); }
    void hears(PeerMessage message) {
        lab[0].event(FromPeer{lab[stranger].id(), lab[stranger].boot,
                              lab[stranger].store.stats().durable, std::move(message)});
        lab[0].round();
    }
    template <class Message>
    std::optional<Message> said() {
        for (const MeshMessage& message : lab[0].messages)
            if (const auto* to_peer = std::get_if<PeerMessage>(&message))
                if (const auto* found = std::get_if<Message>(to_peer)) return *found;
        return std::nullopt;
    }

    Lab lab{{.nodes = 5, .groups = 16, .replicas = 3}};
    std::size_t stranger = 1;  // to the group, not to the mesh
    PartitionId group{0};
    Term term;
};

TEST_F(NewerMembers, TheLeaderIsFollowedWhenItSendsEntries) {
    replication::AppendBatch batch;
    batch.items.resize(1);
    batch.items[0].group = group;
    batch.items[0].term = term;
    lab[0].keep_messages = true;
    hears(std::move(batch));
    EXPECT_EQ(replica().term(), term);
    EXPECT_EQ(replica().leader(), lab[stranger].id());
    lab.run_for(std::chrono::milliseconds(1));
    const auto answers = said<replication::AppendAnswers>();
    ASSERT_TRUE(answers) << "it does not learn where to go on from";
    EXPECT_EQ(answers->items.at(0).group, group);
}

TEST_F(NewerMembers, TheLeadersHeartbeatsAndConfirmRoundsAreNotRefused) {
    replication::Heartbeat beat;
    beat.round = {(lab[stranger].boot.value << 40) + 1'000'000};
    beat.listed.push_back({group, term, LogIndex{}});
    lab[0].keep_messages = true;
    hears(std::move(beat));
    EXPECT_EQ(replica().leader(), lab[stranger].id());
    const auto answer = said<replication::HeartbeatAnswer>();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->refused.empty());
    hears(replication::Confirm{ConfirmRound{7}, {{group, term}}});
    const auto confirmed = said<replication::ConfirmAnswer>();
    ASSERT_TRUE(confirmed);
    EXPECT_TRUE(confirmed->refused.empty());
}

// S17: a former replica of its node may have voted in a newer term, of which it has not heard.
TEST_F(NewerMembers, WhoIsNoMemberYetFollowsButConfirmsNothing) {
    const LogIndex last = replica().last_index();
    const auto before = replica().window().find(last);
    ASSERT_TRUE(before);
    EntryBuilder entry;
    entry.begin(EntryKind::Config);
    entry.section(SectionType::Config,
                  encode_config(replication::Config::of({lab[stranger].id()})));
    EntryHeader header;
    header.group = group;
    header.index = next(last);
    header.term = term;
    header.stamp_ms = before->stamp_ms;
    replication::AppendBatch batch;
    batch.blob = entry.finish(header, before->chain);
    batch.items.push_back({group,
                           term,
                           {before->term, last},
                           {},
                           1,
                           0,
                           static_cast<std::uint32_t>(batch.blob.size())});
    hears(std::move(batch));
    ASSERT_EQ(replica().config().members.size(), 1U);
    EXPECT_EQ(replica().leader(), lab[stranger].id());
    lab[0].keep_messages = true;
    hears(replication::Confirm{ConfirmRound{7}, {{group, term}}});
    const auto confirmed = said<replication::ConfirmAnswer>();
    ASSERT_TRUE(confirmed);
    ASSERT_EQ(confirmed->refused.size(), 1U);
    EXPECT_EQ(confirmed->refused[0].term, term);
    EXPECT_EQ(replica().leader(), lab[stranger].id());
}

// S15: who may stand is in a configuration that the voter does not have yet.
TEST_F(NewerMembers, ACandidatesAskIsAnswered) {
    lab[0].keep_messages = true;
    replication::VoteAsks asks;
    asks.items.push_back({group, Term{1}, {}, false, false});  // of a term that is over
    hears(std::move(asks));
    const auto answers = said<replication::VoteAnswers>();
    ASSERT_TRUE(answers);
    EXPECT_EQ(answers->items.at(0).term, replica().term());
    EXPECT_FALSE(answers->items.at(0).granted);
}

}  // namespace
}  // namespace weft::node::test
