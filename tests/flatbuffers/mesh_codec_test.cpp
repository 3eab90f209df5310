#include "core/error.h"
#include "flatbuffers/wire_mesh.h"
#include "flatbuffers/wire_types.h"
#include "tests/flatbuffers/message_fields.h"
#include "tests/flatbuffers/wire_samples.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

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
    Heartbeat beat{ContactRound{77}, {}, 340, 0xfeed, 12};
    beat.wall_ms = 1'700'000'000'000;
    HeartbeatAnswer answer{ContactRound{77}, {{PartitionId{3}, Term{6}}}, true, 13};
    answer.wall_ms = 1'700'000'000'001;
    answer.cannot_stand = {PartitionId{0}, PartitionId{7}, PartitionId{16384}};
    AppendAnswer refusal{PartitionId{3}, Term{5}, false, false, LogIndex{12}, Term{2}};
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
    SnapshotChunk chunk{PartitionId{3}, Term{5}, at, 1, true, {}, {}};
    chunk.transfer = TransferId{std::uint64_t{1} << 40};
    SnapshotAnswer answer{PartitionId{3}, Term{5}, at};
    answer.transfer = chunk.transfer;
    const node::MeshMessage messages[] = {PeerMessage(chunk), PeerMessage(answer)};
    for (const node::MeshMessage& message : messages) {
        const auto back = there_and_back(message);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_TRUE(*back && test::same(**back, message));
    }
}

// The body of a frame of `message`, and the same with another count of numbers beside its items,
// which are two with the numbers kMark and kMark + 1.
constexpr std::uint64_t kMark = 0x00a1a2a3a4a5a6a7;
RawMessage with_numbers(const node::MeshMessage& message, std::uint32_t count) {
    const RawMessage raw = test::only_message(test::frame_of(message, Channel::Peer));
    std::string body(raw.body.view());
    const std::string mark(reinterpret_cast<const char*>(&kMark), sizeof kMark);
    const std::size_t at = body.find(mark);
    EXPECT_NE(at, std::string::npos);
    std::memcpy(body.data() + at - sizeof count, &count, sizeof count);
    return test::raw_message(raw.type, body);
}

TEST(MeshCodec, RefusesNumbersThatAreNotOneForEachItem) {
    using namespace replication;
    AppendBatch batch = test::sample_append();
    batch.items.pop_back();
    batch.blob = batch.blob.slice(0, batch.items[0].bytes);
    batch.items[0].receiver_since = LogIndex{kMark};
    batch.items[1].receiver_since = LogIndex{kMark + 1};
    VoteAnswers votes{{{PartitionId{1}, Term{1}, false, true, LogIndex{kMark}},
                       {PartitionId{2}, Term{1}, false, true, LogIndex{kMark + 1}}}};
    AppendAnswers answers{
        {{PartitionId{1}, Term{1}, true, false, {}, {}, false, LogIndex{kMark}},
         {PartitionId{2}, Term{1}, true, false, {}, {}, false, LogIndex{kMark + 1}}}};
    const node::MeshMessage messages[] = {PeerMessage(batch), PeerMessage(votes),
                                          PeerMessage(answers)};
    for (const node::MeshMessage& message : messages) {
        const auto right = read_mesh(with_numbers(message, 2));
        ASSERT_TRUE(right && *right) << right.error().message;
        EXPECT_TRUE(test::same(**right, message));
        for (const std::uint32_t count : {0U, 1U, 3U, 0xffffffffU}) {
            SCOPED_TRACE(count);
            const auto read = read_mesh(with_numbers(message, count));
            ASSERT_FALSE(read);
            EXPECT_EQ(read.error().number, std::uint16_t(ErrorNumber::BadMessage));
        }
    }
}

// Meshes whose members have not changed do not pay for the others.
TEST(MeshCodec, NumbersOfTheFoundingTakeNoBytes) {
    using namespace replication;
    VoteAnswers votes;
    AppendAnswers answers;
    AppendBatch batch;
    const auto sizes = [&] {
        const auto size = [](PeerMessage message) {
            return test::frame_of(node::MeshMessage(std::move(message)), Channel::Peer).size();
        };
        return std::vector<std::size_t>{size(votes), size(answers), size(batch)};
    };
    for (std::uint32_t i = 0; i < 100; ++i) {
        votes.items.push_back({PartitionId{i}, Term{1}, false, true});
        answers.items.push_back({PartitionId{i}, Term{1}, true, false, {}, {}});
        batch.items.push_back({PartitionId{i}, Term{1}, {}, {}});
    }
    // Header, message header, and a table of one vector, all padded to 8.
    EXPECT_EQ(sizes(), (std::vector<std::size_t>{128 + 100 * 16, 128 + 100 * 32, 128 + 100 * 48}));
    votes.items[7].sender_since = answers.items[7].sender_since = LogIndex{9};
    batch.items[7].receiver_since = LogIndex{9};
    for (const std::size_t size : sizes()) EXPECT_GE(size, 128 + 100 * (16 + 8));
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
        {"another group's entries", [](AppendBatch& b) { b.items[0].group = PartitionId{9}; }},
        {"a gap behind prev", [](AppendBatch& b) { b.items[0].prev.index = LogIndex{9}; }},
        {"entries newer than the sender",
         [](AppendBatch& b) {
             b.items[0].term = Term{3};
             b.items[0].prev.term = Term{3};
         }},
        {"entries older than prev", [](AppendBatch& b) { b.items[0].prev.term = Term{5}; }},
        {"a group that cannot be", [](AppendBatch& b) { b.items[1].group = PartitionId{16385}; }},
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
    const PartitionId none{16385};
    struct Case {
        const char* why;
        PeerMessage message;
    };
    Heartbeat early{ContactRound{1}, {}, 0, 0, 0};
    early.wall_ms = -1;
    HeartbeatAnswer late{ContactRound{1}, {}, false, 0};
    late.wall_ms = std::int64_t{1} << 53;
    HeartbeatAnswer twice{ContactRound{1}, {}, false, 0};
    twice.cannot_stand = {PartitionId{4}, PartitionId{4}};
    HeartbeatAnswer nowhere{ContactRound{1}, {}, false, 0};
    nowhere.cannot_stand = {none};
    const LogIndex past{kCounterMax + 1};
    AppendBatch strange = test::sample_append();
    strange.items[2].receiver_since = past;
    SnapshotChunk to_none{PartitionId{1}, Term{4}, at, 0, false, {}, {}};
    to_none.receiver_since = past;
    SnapshotAnswer of_none{PartitionId{1}, Term{4}, at, 0, false};
    of_none.sender_since = past;
    const Case cases[] = {
        {"vote in term 0", VoteAsks{{{PartitionId{1}, Term{0}, at, false, false}}}},
        {"vote in a far term", VoteAsks{{{PartitionId{1}, far, at, false, false}}}},
        {"vote with a far log",
         VoteAsks{{{PartitionId{1}, Term{1}, {Term{1}, LogIndex{kCounterMax + 1}}, false, false}}}},
        {"vote of no group", VoteAsks{{{none, Term{1}, at, false, false}}}},
        {"answer in a far term", VoteAnswers{{{PartitionId{1}, far, false, true}}}},
        {"append answer far away",
         AppendAnswers{{{PartitionId{1}, Term{1}, true, false, LogIndex{~std::uint64_t{0}}, {}}}}},
        {"vote of no replica", VoteAnswers{{{PartitionId{1}, Term{1}, false, true, past}}}},
        {"append answer of no replica",
         AppendAnswers{{{PartitionId{1}, Term{1}, true, false, {}, {}, false, past}}}},
        {"append to no replica", strange},
        {"chunk to no replica", to_none},
        {"chunk answer of no replica", of_none},
        {"timeout of no group", TimeoutNow{none, Term{1}}},
        {"timeout in term 0", TimeoutNow{PartitionId{1}, Term{0}}},
        {"chunk newer than its sender",
         SnapshotChunk{PartitionId{1}, Term{3}, at, 0, false, {}, {}}},
        {"chunk answer of no group", SnapshotAnswer{none, Term{4}, at, 0, false}},
        {"beat in term 0",
         Heartbeat{ContactRound{1}, {{PartitionId{1}, Term{0}, LogIndex{1}}}, 0, 0, 0}},
        {"refusal in a far term",
         HeartbeatAnswer{ContactRound{1}, {{PartitionId{1}, far}}, false, 0}},
        {"beat before 1970", early},
        {"answer from far in the future", late},
        {"one group that cannot stand, twice", twice},
        {"no group that cannot stand", nowhere},
        {"confirm of no group", Confirm{ConfirmRound{1}, {{none, Term{1}}}}},
        {"confirm refusal of no group", ConfirmAnswer{ConfirmRound{1}, {{none, Term{1}}}}},
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
