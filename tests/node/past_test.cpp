// S18: what nodes remember of each other's disks, and what that refuses.

#include "node/past.h"

#include "lab.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kOthers[] = {0, 2};

class PastTest : public ::testing::Test {
protected:
    void SetUp() override {
        lab.start();
        ASSERT_TRUE(lab.run_until_ready());
    }
    void write(int times) {
        for (int i = 0; i < times; ++i)
            ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", "x").outcome, Outcome::Done);
        lab.run_for(milliseconds(250));
    }
    void restart(std::size_t number) {
        lab.kill(number);
        lab.run_for(milliseconds(10));
        lab.start(number);
        lab.run_for(seconds(2));
    }
    // The disk comes back as it was; its boot counter stands on it.
    void put_back(std::size_t number, const storage::MemoryStore& image, Boot boot) {
        lab[number].store = image;
        lab[number].boot = boot;
    }
    std::string cell(std::size_t at, std::size_t of, std::string_view column) {
        const auto table = lab.admin(at, "peers");
        const auto found = std::ranges::find(table.columns, column);
        const auto c = static_cast<std::size_t>(found - table.columns.begin());
        for (std::size_t row = 0; row < table.cells.size(); row += table.columns.size())
            if (table.cells[row] == std::string(1, static_cast<char>('a' + of)))
                return table.cells.at(row + c);
        return "no such row";
    }
    std::string health(std::size_t at) {
        std::string text;
        for (const std::string& one : lab.admin(at, "health").cells) text += one + " ";
        return text;
    }
    std::optional<Past> remembered(std::size_t by, std::size_t of) {
        const std::vector<KnownPast> pasts = read_pasts(lab[by].store).value();
        for (const KnownPast& known : pasts)
            if (known.node == lab[of].id()) return known.past;
        return std::nullopt;
    }
    void expect_refused(std::size_t by, std::size_t of, Verdict verdict) {
        SCOPED_TRACE(by);
        EXPECT_EQ(cell(by, of, "state"), "refused");
        EXPECT_EQ(cell(by, of, "reason"), verdict_text(verdict));
        EXPECT_NE(health(by).find(verdict_text(verdict)), std::string::npos) << health(by);
        ASSERT_TRUE(remembered(by, of));
        EXPECT_EQ(remembered(by, of)->verdict, verdict);
    }
    // Both of the others refuse b, now and after they were restarted, and b knows.
    void expect_refused_for_good(Verdict verdict) {
        for (const std::size_t by : kOthers) expect_refused(by, 1, verdict);
        for (const std::size_t by : kOthers) {
            EXPECT_EQ(cell(1, by, "state"), "refuses us");
            EXPECT_NE(cell(1, by, "reason").find(verdict_text(verdict)), std::string::npos);
            restart(by);
        }
        for (const std::size_t by : kOthers) expect_refused(by, 1, verdict);
        EXPECT_EQ(lab.call("kv", "k0", "get").payload.view(), "x");
        EXPECT_EQ(lab.call("kv", "k0", "put", "y").outcome, Outcome::Done);
    }
    Lab lab;
};

TEST_F(PastTest, RowsAreReadBackAndOthersAreNot) {
    const Past past{Boot{7}, 0x1122334455667788, Lsn{9}, Verdict::LowerPosition};
    EXPECT_EQ(decode_past(encode_past(past)), past);
    std::string bytes = encode_past(past);
    EXPECT_FALSE(decode_past(bytes + "x"));
    EXPECT_FALSE(decode_past(std::string_view(bytes).substr(1)));
    bytes.back() = 4;
    EXPECT_FALSE(decode_past(bytes)) << "no such verdict";
    bytes = encode_past(past);
    bytes.front() = 2;
    EXPECT_FALSE(decode_past(bytes)) << "of a newer weft";
}

TEST_F(PastTest, EveryNodeRemembersBootNonceAndPositionOfTheOthers) {
    write(5);
    const auto past = remembered(0, 1);
    ASSERT_TRUE(past);
    EXPECT_EQ(past->boot, lab[1].boot);
    EXPECT_NE(past->nonce, 0u);
    EXPECT_GT(past->durable, Lsn{0});
    EXPECT_LE(past->durable, lab[1].store.stats().durable);
    EXPECT_EQ(past->verdict, Verdict::Sound);
}

TEST_F(PastTest, AnHonestNodeIsTakenBackHoweverOftenAnybodyRestarts) {
    for (int turn = 0; turn < 3; ++turn) {
        write(3);
        for (std::size_t number = 0; number < lab.size(); ++number) restart(number);
    }
    for (std::size_t by = 0; by < lab.size(); ++by)
        for (std::size_t of = 0; of < lab.size(); ++of) {
            if (by == of) continue;
            EXPECT_EQ(cell(by, of, "state"), "well") << by << " of " << of;
        }
}

// What was written but not synced when the node died was never told to anybody.
TEST_F(PastTest, ALostTailIsNotHeldAgainstANode) {
    lab[1].hold_disk(true);
    write(3);
    restart(1);
    EXPECT_EQ(cell(0, 1, "state"), "well") << cell(0, 1, "reason");
}

// The first row of a boot is durable before anything of that boot is used.
TEST_F(PastTest, NothingOfABootIsUsedBeforeItsRowIsDurable) {
    lab.kill(1);
    lab.run_for(milliseconds(10));
    lab[0].hold_disk(true);
    lab.start(1);
    lab[1].keep_messages = true;
    lab.run_for(seconds(1));
    const Term before = lab[0].node().partition(PartitionId{1}).replica().term();
    replication::VoteAsks asks;
    asks.items.push_back({PartitionId{1}, Term{99}, {Term{99}, LogIndex{99}}, false, true});
    const FromPeer frame{lab[1].id(), lab[1].boot, lab[1].store.stats().durable,
                         replication::PeerMessage{asks}};
    lab[0].event(FromPeer(frame));
    lab.run_for(milliseconds(10));
    EXPECT_EQ(lab[0].node().partition(PartitionId{1}).replica().term(), before);
    EXPECT_EQ(cell(1, 0, "link"), "no hello") << "an answer before the row is durable";
    lab[0].hold_disk(false);
    lab.run_for(seconds(1));
    EXPECT_EQ(cell(0, 1, "state"), "well");
    EXPECT_EQ(cell(1, 0, "state"), "well");
    lab[0].event(FromPeer(frame));
    lab.run_for(milliseconds(10));
    EXPECT_GE(lab[0].node().partition(PartitionId{1}).replica().term(), Term{99});
}

// A node says nothing but hello to a peer that has not vouched for it.
TEST_F(PastTest, NothingButHellosGoesToAPeerThatHasNotAnswered) {
    lab.kill(1);
    lab.run_for(milliseconds(10));
    lab[0].hold_disk(true);
    lab[2].hold_disk(true);
    lab[1].keep_messages = true;
    lab.start(1);
    lab.run_for(seconds(2));
    ASSERT_FALSE(lab[1].messages.empty());
    for (const MeshMessage& message : lab[1].messages)
        EXPECT_TRUE(std::holds_alternative<PeerHello>(message));
}

TEST_F(PastTest, APositionRidesInRoundsThatWriteAnywayAndMakesNone) {
    write(5);
    lab.run_for(seconds(1));
    const auto count = [this] { return std::ranges::count(lab[0].trace, std::string("persist")); };
    const auto before = count();
    lab[0].event(FromPeer{lab[1].id(), lab[1].boot, Lsn{1'000'000},
                          replication::PeerMessage{replication::VoteAsks{}}});
    lab.run_for(seconds(1));
    EXPECT_EQ(count(), before);
    EXPECT_LT(remembered(0, 1)->durable, Lsn{1'000'000});
    write(8);
    EXPECT_EQ(remembered(0, 1)->durable, Lsn{1'000'000});
}

// The usual backup: taken before a restart, put back after it. Boot and position may both fit.
TEST_F(PastTest, AnEqualBootWithAnotherNonceIsRefused) {
    const storage::MemoryStore image = lab[1].store;
    const Boot boot = lab[1].boot;
    restart(1);
    lab.kill(1);
    put_back(1, image, boot);
    lab.start(1);
    lab.run_for(seconds(2));
    write(1);
    expect_refused_for_good(Verdict::OtherNonce);
}

TEST_F(PastTest, ALowerPositionIsRefusedAlsoByWitnessesThatRestarted) {
    const storage::MemoryStore image = lab[1].store;
    write(20);
    const Boot boot = lab[1].boot;
    for (std::size_t i = 0; i < lab.size(); ++i) lab.kill(i);
    put_back(1, image, boot);
    for (std::size_t i = 0; i < lab.size(); ++i) lab.start(i);
    lab.run_for(seconds(3));
    expect_refused_for_good(Verdict::LowerPosition);
}

TEST_F(PastTest, AWipedDiskIsRefusedAlsoByWitnessesThatRestarted) {
    write(3);
    restart(1);
    for (std::size_t i = 0; i < lab.size(); ++i) lab.kill(i);
    put_back(1, {}, {});
    for (std::size_t i = 0; i < lab.size(); ++i) lab.start(i);
    lab.run_for(seconds(3));
    expect_refused_for_good(Verdict::MissingPast);
}

// A copy so old that its boots lie before the remembered one, by more than a restart.
TEST_F(PastTest, AnOldCopyIsRefusedThoughItsBootIsLower) {
    const storage::MemoryStore image = lab[1].store;
    const Boot boot = lab[1].boot;
    for (int i = 0; i < 3; ++i) restart(1);
    write(2);
    lab.kill(1);
    put_back(1, image, boot);
    lab.start(1);
    lab.run_for(seconds(2));
    expect_refused_for_good(Verdict::MissingPast);
}

// S32: what a former process said may come late and proves nothing.
TEST_F(PastTest, ALateHelloOfAFormerBootCondemnsNobody) {
    lab[1].keep_messages = true;
    restart(1);
    const std::vector<MeshMessage> former = lab[1].messages;
    const Boot boot = lab[1].boot;
    ASSERT_TRUE(std::ranges::any_of(former, [](const MeshMessage& message) {
        const auto* hello = std::get_if<PeerHello>(&message);
        return hello != nullptr && hello->answer;
    }));
    restart(1);
    for (const MeshMessage& message : former)
        if (std::holds_alternative<PeerHello>(message))
            lab[0].event(FromPeer{lab[1].id(), boot, Lsn{}, message});
    lab.run_for(seconds(1));
    EXPECT_EQ(cell(0, 1, "state"), "well") << cell(0, 1, "reason");
    EXPECT_GT(lab[0].node().counters().former_boot_frames, 0u);
}

// An older weft tells no nonce: its boots and positions are still compared.
TEST_F(PastTest, APeerWithoutANonceIsTaken) {
    lab.kill(1);
    lab.options.adjust = [](NodeOptions& options) { options.nonce = 0; };
    const storage::MemoryStore image = lab[1].store;
    lab.start(1);
    lab.run_for(seconds(2));
    EXPECT_EQ(cell(0, 1, "state"), "well");
    EXPECT_EQ(remembered(0, 1)->nonce, 0u);
    write(8);
    lab.kill(1);
    lab[1].store = image;
    lab.start(1);
    lab.run_for(seconds(2));
    expect_refused(0, 1, Verdict::LowerPosition);
}

// A record of the past that does not hold is no reason to refuse anybody.
TEST_F(PastTest, ADamagedRowIsForgotten) {
    write(3);
    lab.kill(0);
    ASSERT_TRUE(lab[0].store.flip_bit_in_row(storage::Table::Meta, past_key(lab[1].id()), 77));
    lab.start(0);
    lab.run_for(seconds(2));
    EXPECT_EQ(cell(0, 1, "state"), "well");
    EXPECT_TRUE(remembered(0, 1));
}

// Two followers of one leader have nothing to say to each other; each is asked for votes by the
// other when that leader is gone.
TEST(PastOfFollowers, IsKnownToAllWhoShareAGroup) {
    LabOptions options;
    options.nodes = 5;
    options.groups = 2;
    options.replicas = 5;
    Lab lab(options);
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", "x").outcome, Outcome::Done);
    lab.run_for(milliseconds(500));
    std::size_t pairs = 0;
    for (std::size_t by = 0; by < lab.size(); ++by) {
        const auto table = lab.admin(by, "peers");
        for (std::size_t row = 0; row < table.cells.size(); row += table.columns.size()) {
            const auto column = [&](std::string_view name) {
                const auto found = std::ranges::find(table.columns, name);
                return table.cells.at(row +
                                      static_cast<std::size_t>(found - table.columns.begin()));
            };
            if (column("shared") == "0") continue;
            ++pairs;
            const auto of = static_cast<std::size_t>(column("peer").front() - 'a');
            EXPECT_EQ(column("durable_lsn"), std::to_string(lab[of].store.stats().durable.value))
                << column("peer") << " as " << by << " knows it";
        }
    }
    EXPECT_EQ(pairs, 20U);
    const auto sent = [&] {
        std::size_t all = 0;
        for (std::size_t i = 0; i < lab.size(); ++i) all += lab[i].messages_sent;
        return all;
    };
    const std::size_t before = sent();
    lab.run_for(seconds(1));
    // Two nodes lead: a beat to each of four others and its answer, ten times in a second.
    EXPECT_LE(sent() - before, 160U) << "what has not moved is not told";
}

}  // namespace
}  // namespace weft::node::test
