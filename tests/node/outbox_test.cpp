// A round's messages to one peer become as few messages as there are kinds.

#include "flatbuffers/wire_mesh.h"
#include "node/node.h"
#include "node/peer.h"
#include "routing/genesis.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::node {
namespace {

using replication::AppendBatch;
using replication::AppendItem;
using replication::PeerMessage;

AppendItem item(std::uint32_t group) {
    AppendItem made;
    made.group = PartitionId{group};
    made.count = 1;
    return made;
}

template <class Message>
const Message& sent(const std::vector<Effect>& effects, std::size_t place) {
    return std::get<Message>(std::get<PeerMessage>(std::get<SendPeer>(effects[place]).message));
}

TEST(Outbox, MergesEveryKindIntoOneMessage) {
    Outbox outbox;
    std::vector<Effect> effects;
    for (std::uint32_t group = 1; group <= 50; ++group) {
        outbox.add(replication::VoteAsk{PartitionId{group}, Term{1}, {}, false, false});
        outbox.add(replication::VoteAnswer{PartitionId{group}, Term{1}, false, true});
        outbox.add(replication::AppendAnswer{PartitionId{group}, Term{1}, true, false, {}, {}});
    }
    outbox.add(MeshMessage{PeerHello{}});
    EXPECT_FALSE(outbox.empty());
    outbox.flush(NodeId{}, NodeOptions{}.batch_bytes, effects);
    EXPECT_TRUE(outbox.empty());
    ASSERT_EQ(effects.size(), 4u);
    EXPECT_EQ(sent<replication::VoteAsks>(effects, 0).items.size(), 50u);
    EXPECT_EQ(sent<replication::VoteAnswers>(effects, 1).items.size(), 50u);
    EXPECT_EQ(sent<replication::AppendAnswers>(effects, 2).items.size(), 50u);
}

// A follower that lacks what came before refuses every append of the leader's window by itself.
TEST(Outbox, SplitsAListAtAQuarterOfAMiB) {
    constexpr std::uint64_t kAnswers = 3 * routing::kGroupsMax + 1;
    Outbox outbox;
    std::vector<Effect> effects;
    for (std::uint64_t i = 0; i < kAnswers; ++i)
        outbox.add(
            replication::AppendAnswer{PartitionId{1}, Term{1}, false, false, LogIndex{i}, {}});
    outbox.flush(NodeId{}, NodeOptions{}.batch_bytes, effects);
    EXPECT_TRUE(outbox.empty());
    std::uint64_t next = 0;
    for (std::size_t place = 0; place < effects.size(); ++place) {
        wire::FrameWriter frame;
        EXPECT_TRUE(wire::write(frame, std::get<SendPeer>(effects[place]).message));
        EXPECT_LE(frame.bytes(), wire::kFrameCloseBytes);
        auto reader = wire::FrameReader::open(frame.finish({}));
        ASSERT_TRUE(reader.has_value()) << reader.error().message;
        const auto raw = reader->next();
        ASSERT_TRUE(raw && *raw);
        const auto read = wire::read_mesh(**raw);
        ASSERT_TRUE(read.has_value()) << read.error().message;
        for (const auto& answer : sent<replication::AppendAnswers>(effects, place).items)
            EXPECT_EQ(answer.index.value, next++);
    }
    EXPECT_EQ(next, kAnswers);
    EXPECT_EQ(effects.size(), 13u);
}

// Finding 8 of the hostile tests: what a round of forged batches makes us answer was one message of
// 11 MiB.
TEST(Outbox, NoListOfARoundBecomesAMessageThatFitsNoFrame) {
    constexpr std::size_t kItems = 240'000;
    Outbox outbox;
    std::vector<Effect> effects;
    for (std::size_t i = 0; i < kItems; ++i) {
        outbox.add(replication::VoteAsk{PartitionId{1}, Term{1}, {}, false, false});
        outbox.add(replication::VoteAnswer{PartitionId{1}, Term{1}, false, true});
        outbox.add(replication::AppendAnswer{PartitionId{1}, Term{1}, false, false, {}, {}});
        outbox.add(item(1), Bytes());
    }
    outbox.flush(NodeId{}, NodeOptions{}.batch_bytes, effects);
    for (const Effect& effect : effects) {
        wire::FrameWriter frame;
        ASSERT_TRUE(wire::write(frame, std::get<SendPeer>(effect).message));
        EXPECT_LE(frame.bytes(), wire::kFrameCloseBytes);
    }
    EXPECT_EQ(effects.size(), 4 * (kItems / 4096 + 1));
}

TEST(Outbox, LaysEntriesBackToBackAndSaysWhereTheyAre) {
    Outbox outbox;
    std::vector<Effect> effects;
    outbox.add(item(1), Bytes::copy_of("aaa"));
    outbox.add(item(2), Bytes());
    outbox.add(item(3), Bytes::copy_of("bb"));
    outbox.flush(NodeId{}, NodeOptions{}.batch_bytes, effects);
    ASSERT_EQ(effects.size(), 1u);
    const auto& batch = sent<AppendBatch>(effects, 0);
    EXPECT_EQ(batch.blob.view(), "aaabb");
    ASSERT_EQ(batch.items.size(), 3u);
    EXPECT_EQ(batch.blob.slice(batch.items[0].offset, batch.items[0].bytes).view(), "aaa");
    EXPECT_EQ(batch.items[1].bytes, 0u);
    EXPECT_EQ(batch.blob.slice(batch.items[2].offset, batch.items[2].bytes).view(), "bb");
}

TEST(Outbox, AnAppendThatIsAloneIsNotCopied) {
    for (const bool with_empty_one : {false, true}) {
        Outbox outbox;
        std::vector<Effect> effects;
        const Bytes entries = Bytes::copy_of("entries");
        outbox.add(item(1), entries);
        if (with_empty_one) outbox.add(item(2), Bytes());
        outbox.flush(NodeId{}, NodeOptions{}.batch_bytes, effects);
        const auto& batch = sent<AppendBatch>(effects, 0);
        EXPECT_EQ(batch.blob.view(), "entries");
        EXPECT_EQ(batch.items[0].bytes, 7u);
        if (!with_empty_one) {
            EXPECT_EQ(batch.blob.data(), entries.data());
        }
    }
}

TEST(Outbox, ClosesABatchAt256KiBUnlessOneEntryAloneIsBigger) {
    Outbox outbox;
    std::vector<Effect> effects;
    const std::size_t sizes[] = {200 << 10, 100 << 10, 900 << 10, 10, 10};
    for (const std::size_t size : sizes) outbox.add(item(1), Bytes::adopt(std::string(size, 'x')));
    outbox.flush(NodeId{}, NodeOptions{}.batch_bytes, effects);
    ASSERT_EQ(effects.size(), 4u);
    EXPECT_EQ(sent<AppendBatch>(effects, 0).items.size(), 1u);
    EXPECT_EQ(sent<AppendBatch>(effects, 2).blob.size(), std::size_t{900} << 10);
    EXPECT_EQ(sent<AppendBatch>(effects, 3).items.size(), 2u);
}

}  // namespace
}  // namespace weft::node
