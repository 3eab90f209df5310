// What counts as contact beside heartbeats: answered appends and confirm rounds.

#include "lab.h"
#include "node/contact/confirm_rounds.h"
#include "node/contact/peer_contact.h"

#include <gtest/gtest.h>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool is_beat(const MeshMessage& message) {
    const auto* mesh = std::get_if<replication::PeerMessage>(&message);
    return mesh != nullptr && (std::holds_alternative<replication::Heartbeat>(*mesh) ||
                               std::holds_alternative<replication::HeartbeatAnswer>(*mesh));
}

// Sends `command` every 50 ms for five seconds in a mesh whose heartbeats get lost; true when the
// group kept its leader and term.
bool keeps_its_leader(std::string_view command) {
    Lab lab;
    lab.start();
    EXPECT_TRUE(lab.run_until_ready());
    EXPECT_EQ(lab.call("kv", "a", "put", "v").outcome, Outcome::Done);
    const PartitionId group = lab.group_of("kv", "a");
    const std::size_t leader = *lab.leader_of(group);
    const Term term = lab[leader].node().partition(group).replica().term();
    const auto same = [&] {
        for (std::size_t i = 0; i < lab.size(); ++i) {
            const auto& replica = lab[i].node().partition(group).replica();
            if (replica.term() != term || replica.leader() != lab[leader].id()) return false;
        }
        return true;
    };
    lab.loses = is_beat;
    for (const Instant end = lab.clock + seconds(5); lab.clock < end;) {
        if (command.empty()) {
            lab.run_for(milliseconds(50));
        } else {
            const std::string_view payload = command == "put" ? "w" : "";
            EXPECT_EQ(lab.ask(leader, lab.request("kv", "a", command, payload)).outcome,
                      Outcome::Done);
            lab.run_for(milliseconds(50));
        }
        if (!same()) return false;
    }
    return true;
}

TEST(ContactDates, AnsweredAppendsKeepALeaderWhoseHeartbeatsAreLost) {
    EXPECT_TRUE(keeps_its_leader("put"));
}

TEST(ContactDates, AnsweredConfirmRoundsKeepALeaderWhoseHeartbeatsAreLost) {
    EXPECT_TRUE(keeps_its_leader("get"));
}

TEST(ContactDates, WithoutAnyAnswerALeaderWhoseHeartbeatsAreLostIsReplaced) {
    EXPECT_FALSE(keeps_its_leader(""));
}

// A round counts from when it was sent, for the groups it named and the answer did not refuse.
TEST(ContactDates, AConfirmRoundIsDatedByWhenItWasSentAndRefusedGroupsNotAtAll) {
    const auto id = [](std::uint8_t number) {
        NodeId node;
        node.bytes[0] = number;
        return node;
    };
    const auto config = replication::Config::of({id(1), id(2), id(3)});
    ConfirmRounds rounds({.self = id(1)});
    for (const std::uint32_t group : {3U, 5U, 6U})
        rounds.want(PartitionId{group}, Term{2}, ReadTicket{1}, config);
    std::vector<ConfirmRounds::Outgoing> out;
    std::vector<Confirmed> confirmed;
    rounds.begin(Instant{400}, out, confirmed);
    rounds.forget(PartitionId{6});  // led no longer
    replication::ConfirmAnswer answer;
    answer.round = out.at(0).confirm.round;
    answer.refused.push_back({PartitionId{5}, Term{3}});
    std::vector<ConfirmRounds::Contact> contacts;
    rounds.contacts(id(4), answer, contacts);
    EXPECT_TRUE(contacts.empty()) << "not a voter";
    rounds.contacts(id(2), answer, contacts);
    ASSERT_EQ(contacts.size(), 1u);
    EXPECT_EQ(contacts[0].group, PartitionId{3});
    EXPECT_EQ(contacts[0].term, Term{2});
    EXPECT_EQ(contacts[0].sent, Instant{400});
    // A repeat is as old as the round.
    contacts.clear();
    rounds.contacts(id(2), answer, contacts);
    ASSERT_EQ(contacts.size(), 1u);
    EXPECT_EQ(contacts[0].sent, Instant{400});

    PeerContact contact(id(2));
    contact.leads(PartitionId{3}, Term{3}, LogIndex{});
    contact.note_contact({PartitionId{3}, Term{2}}, Instant{400});
    EXPECT_EQ(contact.contacted(PartitionId{3}), Instant::long_ago()) << "of a former term";
    contact.note_contact({PartitionId{3}, Term{3}}, Instant{400});
    EXPECT_EQ(contact.contacted(PartitionId{3}), Instant{400});
}

}  // namespace
}  // namespace weft::node::test
