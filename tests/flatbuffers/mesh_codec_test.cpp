#include "core/error.h"
#include "flatbuffers/wire_mesh.h"
#include "flatbuffers/wire_types.h"
#include "tests/flatbuffers/message_fields.h"
#include "tests/flatbuffers/wire_samples.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>

namespace weft::wire {
namespace {

Result<std::optional<node::MeshMessage>> there_and_back(const node::MeshMessage& message) {
    return read_mesh(test::only_message(test::frame_of(message, Channel::Peer)));
}

TEST(MeshCodec, CarriesEveryMessage) {
    for (const auto& sample : test::mesh_samples()) {
        SCOPED_TRACE(sample.name);
        const auto back = there_and_back(sample.message);
        ASSERT_TRUE(back) << back.error().message;
        ASSERT_TRUE(*back);
        EXPECT_TRUE(test::same(**back, sample.message));
    }
}

TEST(MeshCodec, CarriesEmptyLists) {
    using namespace replication;
    const node::MeshMessage messages[] = {
        PeerMessage(VoteAsks{}),        PeerMessage(AppendBatch{}), PeerMessage(Heartbeat{}),
        PeerMessage(HeartbeatAnswer{}), PeerMessage(Confirm{}),     PeerMessage(ConfirmAnswer{}),
        PeerMessage(AppendAnswers{}),   PeerMessage(VoteAnswers{}), node::PeerHello{},
    };
    for (const node::MeshMessage& message : messages) {
        const auto back = there_and_back(message);
        ASSERT_TRUE(back) << back.error().message;
        ASSERT_TRUE(*back);
        EXPECT_TRUE(test::same(**back, message));
    }
}

// FlatBuffers aligns no empty vector, so its reader must not ask for that.
TEST(MeshCodec, CarriesAnEmptyListBesideBytesOfAnyLength) {
    for (std::size_t size = 0; size < 16; ++size) {
        SCOPED_TRACE(size);
        replication::AppendBatch batch;
        batch.blob = Bytes::copy_of(std::string(size, 'x'));
        const node::MeshMessage message = replication::PeerMessage(batch);
        const auto back = there_and_back(message);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_TRUE(*back && test::same(**back, message));
    }
}

// The fields that the first nodes did not know.
TEST(MeshCodec, CarriesClocksAndWhoCannotStand) {
    using namespace replication;
    Heartbeat beat{77, {}, 340, 0xfeed, 12};
    beat.wall_ms = 1'700'000'000'000;
    HeartbeatAnswer answer{77, {{GroupId{3}, Term{6}}}, true, 13};
    answer.wall_ms = 1'700'000'000'001;
    answer.cannot_stand = {GroupId{0}, GroupId{7}, GroupId{16384}};
    AppendAnswer refusal{GroupId{3}, Term{5}, false, false, LogIndex{12}, Term{2}};
    refusal.stamp_ahead = true;
    const node::MeshMessage messages[] = {PeerMessage(beat), PeerMessage(answer),
                                          PeerMessage(AppendAnswers{{refusal}})};
    for (const node::MeshMessage& message : messages) {
        const auto back = there_and_back(message);
        ASSERT_TRUE(back) << back.error().message;
        ASSERT_TRUE(*back);
        EXPECT_TRUE(test::same(**back, message));
    }
}

TEST(MeshCodec, CarriesTheNumberOfATransfer) {
    using namespace replication;
    const LogPosition at{Term{4}, LogIndex{11}};
    SnapshotChunk chunk{GroupId{3}, Term{5}, at, 1, true, {}, {}};
    chunk.transfer = TransferId{std::uint64_t{1} << 40};
    SnapshotAnswer answer{GroupId{3}, Term{5}, at};
    answer.transfer = chunk.transfer;
    const node::MeshMessage messages[] = {PeerMessage(chunk), PeerMessage(answer)};
    for (const node::MeshMessage& message : messages) {
        const auto back = there_and_back(message);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_TRUE(*back && test::same(**back, message));
    }
}

TEST(MeshCodec, SeveralMessagesShareAFrame) {
    FrameWriter writer;
    const auto samples = test::mesh_samples();
    for (const auto& sample : samples) EXPECT_TRUE(write(writer, sample.message));
    auto reader = FrameReader::open(writer.finish(test::sample_header(Channel::Peer)));
    ASSERT_TRUE(reader);
    for (const auto& sample : samples) {
        SCOPED_TRACE(sample.name);
        auto raw = reader->next();
        ASSERT_TRUE(raw && *raw);
        auto back = read_mesh(**raw);
        ASSERT_TRUE(back && *back);
        EXPECT_TRUE(test::same(**back, sample.message));
    }
    auto end = reader->next();
    EXPECT_TRUE(end && !*end);
}

TEST(MeshCodec, EntriesShareTheFramesBlock) {
    const RawMessage raw = test::only_message(test::frame_of(
        node::MeshMessage(replication::PeerMessage(test::sample_append())), Channel::Peer));
    const auto back = read_mesh(raw);
    ASSERT_TRUE(back && *back);
    const auto& batch =
        std::get<replication::AppendBatch>(std::get<replication::PeerMessage>(**back));
    EXPECT_GE(batch.blob.data(), raw.body.data());
    EXPECT_LE(batch.blob.data() + batch.blob.size(), raw.body.data() + raw.body.size());
}

// What an append must fulfil before a core sees it.
TEST(MeshCodec, RefusesAppendsWhoseBoundsDoNotHold) {
    using replication::AppendBatch;
    struct Case {
        const char* why;
        std::function<void(AppendBatch&)> change;
    };
    const Case cases[] = {
        {"count above the entries", [](AppendBatch& b) { b.items[0].count = 3; }},
        {"count below the entries", [](AppendBatch& b) { b.items[0].count = 1; }},
        {"no count but bytes", [](AppendBatch& b) { b.items[0].count = 0; }},
        {"count but no bytes", [](AppendBatch& b) { b.items[1].count = 1; }},
        {"offset past the blob", [](AppendBatch& b) { b.items[2].offset = 0xffffffff; }},
        {"bytes past the blob", [](AppendBatch& b) { b.items[2].bytes += 8; }},
        {"bytes that overflow", [](AppendBatch& b) { b.items[2].bytes = 0xffffffff; }},
        {"overlapping items", [](AppendBatch& b) { b.items[2].offset -= 1; }},
        {"items out of order", [](AppendBatch& b) { std::swap(b.items[0], b.items[2]); }},
        {"another group's entries", [](AppendBatch& b) { b.items[0].group = GroupId{9}; }},
        {"a gap behind prev", [](AppendBatch& b) { b.items[0].prev.index = LogIndex{9}; }},
        {"entries newer than the sender",
         [](AppendBatch& b) {
             b.items[0].term = Term{3};
             b.items[0].prev.term = Term{3};
         }},
        {"entries older than prev", [](AppendBatch& b) { b.items[0].prev.term = Term{5}; }},
        {"a group that cannot be", [](AppendBatch& b) { b.items[1].group = GroupId{16385}; }},
        {"term 0", [](AppendBatch& b) { b.items[1].term = Term{0}; }},
        {"a term near the end of numbers",
         [](AppendBatch& b) { b.items[1].term = Term{~std::uint64_t{0}}; }},
        {"no blob", [](AppendBatch& b) { b.blob = {}; }},
        {"a flipped entry header",
         [](AppendBatch& b) {
             std::string bytes(b.blob.view());
             bytes[20] = static_cast<char>(bytes[20] ^ 1);
             b.blob = Bytes::copy_of(bytes);
         }},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        AppendBatch batch = test::sample_append();
        c.change(batch);
        const auto back = there_and_back(replication::PeerMessage(batch));
        ASSERT_FALSE(back);
        EXPECT_EQ(back.error().number, std::uint16_t(ErrorNumber::BadMessage));
    }
}

TEST(MeshCodec, RefusesValuesOutOfRange) {
    using namespace replication;
    const LogPosition at{Term{4}, LogIndex{11}};
    const Term far{kCounterMax + 1};
    const GroupId none{16385};
    struct Case {
        const char* why;
        PeerMessage message;
    };
    Heartbeat early{1, {}, 0, 0, 0};
    early.wall_ms = -1;
    HeartbeatAnswer late{1, {}, false, 0};
    late.wall_ms = std::int64_t{1} << 53;
    HeartbeatAnswer twice{1, {}, false, 0};
    twice.cannot_stand = {GroupId{4}, GroupId{4}};
    HeartbeatAnswer nowhere{1, {}, false, 0};
    nowhere.cannot_stand = {none};
    const Case cases[] = {
        {"vote in term 0", VoteAsks{{{GroupId{1}, Term{0}, at, false, false}}}},
        {"vote in a far term", VoteAsks{{{GroupId{1}, far, at, false, false}}}},
        {"vote with a far log",
         VoteAsks{{{GroupId{1}, Term{1}, {Term{1}, LogIndex{kCounterMax + 1}}, false, false}}}},
        {"vote of no group", VoteAsks{{{none, Term{1}, at, false, false}}}},
        {"answer in a far term", VoteAnswers{{{GroupId{1}, far, false, true}}}},
        {"append answer far away",
         AppendAnswers{{{GroupId{1}, Term{1}, true, false, LogIndex{~std::uint64_t{0}}, {}}}}},
        {"timeout of no group", TimeoutNow{none, Term{1}}},
        {"timeout in term 0", TimeoutNow{GroupId{1}, Term{0}}},
        {"chunk newer than its sender", SnapshotChunk{GroupId{1}, Term{3}, at, 0, false, {}, {}}},
        {"chunk answer of no group", SnapshotAnswer{none, Term{4}, at, 0, false}},
        {"beat in term 0", Heartbeat{1, {{GroupId{1}, Term{0}, LogIndex{1}}}, 0, 0, 0}},
        {"refusal in a far term", HeartbeatAnswer{1, {{GroupId{1}, far}}, false, 0}},
        {"beat before 1970", early},
        {"answer from far in the future", late},
        {"one group that cannot stand, twice", twice},
        {"no group that cannot stand", nowhere},
        {"confirm of no group", Confirm{1, {{none, Term{1}}}}},
        {"confirm refusal of no group", ConfirmAnswer{1, {{none, Term{1}}}}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        const auto back = there_and_back(c.message);
        ASSERT_FALSE(back);
        EXPECT_EQ(back.error().number, std::uint16_t(ErrorNumber::BadMessage));
    }
}

}  // namespace
}  // namespace weft::wire
