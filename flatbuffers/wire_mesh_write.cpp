#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_mesh.h"
#include "flatbuffers/wire_types.h"

#include <flatbuffers/flatbuffers.h>
#include <mesh_generated.h>

#include <algorithm>
#include <string>
#include <vector>

namespace weft::wire {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

fb::VoteAsk wire_of(const replication::VoteAsk& ask) {
    return {ask.term.value, ask.last.term.value, ask.last.index.value, ask.group.value,
            ask.pre,        ask.transfer};
}
fb::VoteAnswer wire_of(const replication::VoteAnswer& answer) {
    return {answer.term.value, answer.group.value, answer.pre, answer.granted};
}
fb::AppendItem wire_of(const replication::AppendItem& item) {
    return {item.term.value,  item.prev.term.value, item.prev.index.value, item.commit.value,
            item.group.value, item.count,           item.offset,           item.bytes};
}
fb::AppendAnswer wire_of(const replication::AppendAnswer& answer) {
    return {answer.term.value, answer.index.value, answer.hint_term.value, answer.group.value,
            answer.accepted,   answer.damaged,     answer.stamp_ahead};
}
fb::GroupBeat wire_of(const replication::GroupBeat& beat) {
    return {beat.term.value, beat.commit.value, beat.group.value};
}
fb::GroupTerm wire_of(const replication::GroupTerm& group) {
    return {group.term.value, group.group.value};
}

template <class Item>
auto structs(FlatBufferBuilder& builder, const std::vector<Item>& items) {
    using Wire = decltype(wire_of(items.front()));
    Wire (*const pack)(const Item&) = wire_of;
    return builder.CreateVectorOfNativeStructs<Wire, Item>(items.data(), items.size(), pack);
}

// Lists that are mostly empty are left out then.
template <class Item>
auto optional_structs(FlatBufferBuilder& builder, const std::vector<Item>& items) {
    return items.empty() ? decltype(structs(builder, items)){0} : structs(builder, items);
}

// What structs lack (wire_checks.h, read_beside): left out while it is 0 of all.
template <class Item, class Number>
Offset<flatbuffers::Vector<std::uint64_t>> beside(FlatBufferBuilder& builder,
                                                  const std::vector<Item>& items,
                                                  Number Item::* field) {
    const auto told = [field](const Item& item) { return item.*field != Number{}; };
    if (std::ranges::none_of(items, told)) return 0;
    return builder.CreateVector<std::uint64_t>(
        items.size(), [&](std::size_t i) { return (items[i].*field).value; });
}

Offset<flatbuffers::Vector<std::uint8_t>> optional_blob(FlatBufferBuilder& builder,
                                                        std::string_view value) {
    if (value.empty()) return 0;
    return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
}

template <class Table>
Result<void> add(FrameWriter& frame, FlatBufferBuilder& builder, MessageType type,
                 Offset<Table> root, std::uint8_t flags = kMustUnderstand) {
    builder.Finish(root);
    return frame.add(
        static_cast<std::uint16_t>(type), flags,
        {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
}

Result<void> put(FrameWriter& frame, const node::PeerHello& hello) {
    std::vector<std::uint32_t> lengths;
    std::string texts;
    for (const std::string& type : hello.types) {
        lengths.push_back(static_cast<std::uint32_t>(type.size()));
        texts += type;
    }
    auto& builder = frame.builder();
    const fb::Id genesis(flatbuffers::span<const std::uint8_t, 16>(hello.genesis.bytes));
    const auto address = builder.CreateString(hello.mesh_address);
    const auto type_bytes = builder.CreateVector(lengths);
    const auto types =
        builder.CreateVector(reinterpret_cast<const std::uint8_t*>(texts.data()), texts.size());
    fb::PeerHelloBuilder table(builder);
    table.add_genesis(&genesis);
    table.add_mesh_address(address);
    table.add_answer(hello.answer);
    table.add_type_bytes(type_bytes);
    table.add_types(types);
    table.add_nonce(hello.nonce);
    table.add_token(hello.token.value);
    table.add_refused(static_cast<std::uint8_t>(hello.refused));
    table.add_wall_ms(hello.wall_ms);
    return add(frame, builder, MessageType::PeerHello, table.Finish());
}

Result<void> put(FrameWriter& frame, const replication::VoteAsks& asks) {
    auto& builder = frame.builder();
    const auto items = structs(builder, asks.items);
    return add(frame, builder, MessageType::VoteAsks, fb::CreateVoteAsks(builder, items));
}

Result<void> put(FrameWriter& frame, const replication::VoteAnswers& answers) {
    auto& builder = frame.builder();
    const auto items = structs(builder, answers.items);
    const auto since = beside(builder, answers.items, &replication::VoteAnswer::sender_since);
    return add(frame, builder, MessageType::VoteAnswers,
               fb::CreateVoteAnswers(builder, items, since));
}

Result<void> put(FrameWriter& frame, const replication::AppendBatch& batch) {
    auto& builder = frame.builder();
    const auto blob = optional_blob(builder, batch.blob.view());
    const auto items = structs(builder, batch.items);
    const auto since = beside(builder, batch.items, &replication::AppendItem::receiver_since);
    return add(frame, builder, MessageType::AppendBatch,
               fb::CreateAppendBatch(builder, items, blob, since));
}

Result<void> put(FrameWriter& frame, const replication::AppendAnswers& answers) {
    auto& builder = frame.builder();
    const auto items = structs(builder, answers.items);
    const auto since = beside(builder, answers.items, &replication::AppendAnswer::sender_since);
    return add(frame, builder, MessageType::AppendAnswers,
               fb::CreateAppendAnswers(builder, items, since));
}

Result<void> put(FrameWriter& frame, const replication::TimeoutNow& now) {
    auto& builder = frame.builder();
    return add(frame, builder, MessageType::TimeoutNow,
               fb::CreateTimeoutNow(builder, now.term.value, now.group.value));
}

Result<void> put(FrameWriter& frame, const replication::SnapshotChunk& chunk) {
    auto& builder = frame.builder();
    const auto rows = optional_blob(builder, chunk.rows.view());
    const auto base = optional_blob(builder, chunk.base.view());
    fb::SnapshotChunkBuilder table(builder);
    table.add_term(chunk.term.value);
    table.add_at_term(chunk.at.term.value);
    table.add_at_index(chunk.at.index.value);
    table.add_group(chunk.group.value);
    table.add_sequence(chunk.sequence);
    table.add_last(chunk.last);
    table.add_base(base);
    table.add_rows(rows);
    table.add_transfer(chunk.transfer.value);
    table.add_receiver_since(chunk.receiver_since.value);
    return add(frame, builder, MessageType::SnapshotChunk, table.Finish());
}

Result<void> put(FrameWriter& frame, const replication::SnapshotAnswer& answer) {
    auto& builder = frame.builder();
    fb::SnapshotAnswerBuilder table(builder);
    table.add_term(answer.term.value);
    table.add_at_term(answer.at.term.value);
    table.add_at_index(answer.at.index.value);
    table.add_group(answer.group.value);
    table.add_next(answer.next);
    table.add_refused(answer.refused);
    table.add_transfer(answer.transfer.value);
    table.add_sender_since(answer.sender_since.value);
    return add(frame, builder, MessageType::SnapshotAnswer, table.Finish());
}

Result<void> put(FrameWriter& frame, const replication::Heartbeat& beat) {
    auto& builder = frame.builder();
    const auto listed = optional_structs(builder, beat.listed);
    return add(frame, builder, MessageType::Heartbeat,
               fb::CreateHeartbeat(builder, beat.round.value, beat.unlisted_hash, beat.unlisted,
                                   beat.disk_age_ms, listed, beat.wall_ms));
}

Result<void> put(FrameWriter& frame, const replication::HeartbeatAnswer& answer) {
    auto& builder = frame.builder();
    const auto refused = optional_structs(builder, answer.refused);
    flatbuffers::Offset<flatbuffers::Vector<std::uint32_t>> cannot_stand;
    if (!answer.cannot_stand.empty())
        cannot_stand = builder.CreateVector<std::uint32_t>(
            answer.cannot_stand.size(),
            [&](std::size_t i) { return answer.cannot_stand[i].value; });
    return add(frame, builder, MessageType::HeartbeatAnswer,
               fb::CreateHeartbeatAnswer(builder, answer.round.value, answer.disk_age_ms,
                                         answer.want_all, refused, answer.wall_ms, cannot_stand));
}

Result<void> put(FrameWriter& frame, const replication::Confirm& confirm) {
    auto& builder = frame.builder();
    const auto groups = structs(builder, confirm.groups);
    return add(frame, builder, MessageType::Confirm,
               fb::CreateConfirm(builder, confirm.round.value, groups));
}

Result<void> put(FrameWriter& frame, const replication::ConfirmAnswer& answer) {
    auto& builder = frame.builder();
    const auto refused = optional_structs(builder, answer.refused);
    return add(frame, builder, MessageType::ConfirmAnswer,
               fb::CreateConfirmAnswer(builder, answer.round.value, refused));
}

Result<void> put(FrameWriter& frame, const node::NodeRequest& asked) {
    return write_node_request(frame, asked.request, asked.tag);
}

// What fits no frame is told to be so, else the asker would ask for it again and again.
Result<void> put(FrameWriter& frame, const node::NodeReply& answer) {
    auto written = write_node_reply(frame, answer.reply, answer.tag);
    if (written || !frame.empty()) return written;
    return write_node_reply(frame, too_large(answer.reply, written.error()), answer.tag);
}

// An older weft goes on without it.
Result<void> put(FrameWriter& frame, const node::MemberMessage& message) {
    auto& builder = frame.builder();
    const std::string_view bytes = message.content.view();
    const auto content =
        builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return add(frame, builder, MessageType::MemberMessage,
               fb::CreateMemberMessage(builder, content), std::uint8_t{0});
}

Result<void> put(FrameWriter& frame, const replication::PeerMessage& message) {
    return std::visit([&](const auto& each) { return put(frame, each); }, message);
}

}  // namespace

Result<void> write(FrameWriter& frame, const node::MeshMessage& message) {
    return std::visit([&](const auto& each) { return put(frame, each); }, message);
}

}  // namespace weft::wire
