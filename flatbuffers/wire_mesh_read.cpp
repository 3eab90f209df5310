#include "flatbuffers/wire_batch.h"
#include "flatbuffers/wire_checks.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_mesh.h"
#include "routing/genesis.h"

#include <flatbuffers/flatbuffers.h>
#include <mesh_generated.h>

#include <algorithm>

namespace weft::wire {

namespace {

template <class Table>
using Checked = Verified<Table, flatbuffers::Verifier>;

constexpr std::size_t kHelloBytesMax = std::size_t{64} << 10;
constexpr std::size_t kAddressBytesMax = 256;
constexpr std::size_t kTypesMax = 1024;
constexpr std::size_t kTypeLineBytesMax = 128;
constexpr std::size_t kSnapshotBaseBytesMax = std::size_t{64} << 10;
// What membership reads over a stream, and the table around it.
constexpr std::size_t kMemberBytesMax = (std::size_t{256} << 10) + 64;
// One struct for each group that two nodes may share, and room for the rest of the message.
constexpr std::size_t kListBytesMax = (std::size_t{routing::kGroupsMax} + 1) * 48 + 256;

bool group_ok(std::uint32_t group) { return group <= routing::kGroupsMax; }
bool term_ok(std::uint64_t term) { return term != 0 && counter_ok(term); }
bool position_ok(std::uint64_t term, std::uint64_t index) {
    return counter_ok(term) && counter_ok(index);
}

bool item_ok(const fb::VoteAsk& ask) {
    return group_ok(ask.group()) && term_ok(ask.term()) &&
           position_ok(ask.last_term(), ask.last_index());
}
replication::VoteAsk plain(const fb::VoteAsk& ask) {
    return {PartitionId{ask.group()},
            Term{ask.term()},
            {Term{ask.last_term()}, LogIndex{ask.last_index()}},
            ask.pre(),
            ask.transfer()};
}

bool item_ok(const fb::VoteAnswer& answer) {
    return group_ok(answer.group()) && counter_ok(answer.term());
}
replication::VoteAnswer plain(const fb::VoteAnswer& answer) {
    return {PartitionId{answer.group()}, Term{answer.term()}, answer.pre(), answer.granted()};
}

bool item_ok(const fb::AppendItem& item) {
    return group_ok(item.group()) && term_ok(item.term()) && counter_ok(item.commit()) &&
           position_ok(item.prev_term(), item.prev_index()) && item.prev_term() <= item.term();
}
replication::AppendItem plain(const fb::AppendItem& item) {
    return {PartitionId{item.group()},
            Term{item.term()},
            {Term{item.prev_term()}, LogIndex{item.prev_index()}},
            LogIndex{item.commit()},
            item.count(),
            item.offset(),
            item.bytes()};
}

bool item_ok(const fb::AppendAnswer& answer) {
    return group_ok(answer.group()) && counter_ok(answer.term()) &&
           position_ok(answer.hint_term(), answer.index());
}
replication::AppendAnswer plain(const fb::AppendAnswer& answer) {
    return {.group = PartitionId{answer.group()},
            .term = Term{answer.term()},
            .accepted = answer.accepted(),
            .damaged = answer.damaged(),
            .index = LogIndex{answer.index()},
            .hint_term = Term{answer.hint_term()},
            .stamp_ahead = answer.stamp_ahead()};
}

bool item_ok(const fb::GroupBeat& beat) {
    return group_ok(beat.group()) && term_ok(beat.term()) && counter_ok(beat.commit());
}
replication::GroupBeat plain(const fb::GroupBeat& beat) {
    return {PartitionId{beat.group()}, Term{beat.term()}, LogIndex{beat.commit()}};
}

bool item_ok(const fb::GroupTerm& group) {
    return group_ok(group.group()) && counter_ok(group.term());
}
replication::GroupTerm plain(const fb::GroupTerm& group) {
    return {PartitionId{group.group()}, Term{group.term()}};
}

// Checks and copies a vector of structs; an absent one is empty.
template <class Wire, class Item>
Result<void> read_items(const flatbuffers::Vector<const Wire*>* wire, std::vector<Item>& out) {
    if (wire == nullptr) return {};
    if (!aligned(wire, alignof(Wire)))
        return fail(ErrorNumber::BadMessage, "a vector is not aligned");
    out.reserve(wire->size());
    for (const Wire* item : *wire) {
        if (!item_ok(*item))
            return fail(ErrorNumber::BadMessage, "item {} of {} is out of range", out.size(),
                        wire->size());
        out.push_back(plain(*item));
    }
    return {};
}

// Rising, so that no group comes twice.
Result<void> read_groups(const flatbuffers::Vector<std::uint32_t>* wire,
                         std::vector<PartitionId>& out) {
    if (wire == nullptr) return {};
    if (!aligned(wire, alignof(std::uint32_t)))
        return fail(ErrorNumber::BadMessage, "a vector is not aligned");
    for (const std::uint32_t group : *wire) {
        if (!group_ok(group) || (!out.empty() && group <= out.back().value))
            return fail(ErrorNumber::BadMessage, "group {} is out of range or order", group);
        out.push_back(PartitionId{group});
    }
    return {};
}

// A message that is nothing but a vector of structs.
template <class Wire, class Batch>
Result<node::MeshMessage> read_batch(const RawMessage& raw) {
    const auto table = Checked<Wire>::from(raw, kListBytesMax);
    if (!table) return std::unexpected(table.error());
    Batch batch;
    if (auto read = read_items((*table)->items(), batch.items); !read)
        return std::unexpected(read.error());
    if constexpr (requires(const Wire& wire) { wire.sender_since(); }) {
        using Item = decltype(batch.items)::value_type;
        if (auto read = read_beside((*table)->sender_since(), batch.items, &Item::sender_since);
            !read)
            return std::unexpected(read.error());
    }
    return replication::PeerMessage(std::move(batch));
}

Result<node::MeshMessage> read_append(const RawMessage& raw) {
    const auto table = Checked<fb::AppendBatch>::from(raw, kFrameBytesMax);
    if (!table) return std::unexpected(table.error());
    const fb::AppendBatch& wire = **table;
    if (wire.items()->size() > replication::kBatchItemsMax)
        return fail(ErrorNumber::BadMessage, "a batch of {} items, the limit is {}",
                    wire.items()->size(), replication::kBatchItemsMax);
    replication::AppendBatch batch;
    if (auto read = read_items(wire.items(), batch.items); !read)
        return std::unexpected(read.error());
    if (auto read = read_beside(wire.receiver_since(), batch.items,
                                &replication::AppendItem::receiver_since);
        !read)
        return std::unexpected(read.error());
    batch.blob = slice_of(raw, wire.blob());
    if (auto checked = check_batch(batch.items, batch.blob.view()); !checked)
        return std::unexpected(checked.error());
    return replication::PeerMessage(std::move(batch));
}

Result<node::MeshMessage> read_hello(const RawMessage& raw) {
    const auto table = Checked<fb::PeerHello>::from(raw, kHelloBytesMax);
    if (!table) return std::unexpected(table.error());
    const fb::PeerHello& wire = **table;
    if (wire.mesh_address()->size() > kAddressBytesMax || wire.type_bytes()->size() > kTypesMax)
        return fail(ErrorNumber::BadMessage, "a hello over its limits");
    if (!wall_ok(wire.wall_ms()))
        return fail(ErrorNumber::BadMessage, "a clock of {} ms", wire.wall_ms());
    node::PeerHello hello;
    hello.genesis = id_of<Digest>(*wire.genesis());
    hello.mesh_address = wire.mesh_address()->str();
    hello.answer = wire.answer();
    hello.nonce = wire.nonce();
    hello.token = HelloToken{wire.token()};
    hello.wall_ms = wire.wall_ms();
    // A reason of a newer weft is a refusal all the same.
    hello.refused = wire.refused() > static_cast<std::uint8_t>(node::kVerdictLast)
                        ? node::kVerdictLast
                        : static_cast<node::Verdict>(wire.refused());
    std::string_view texts = view_of(wire.types());
    for (const std::uint32_t length : *wire.type_bytes()) {
        if (length > texts.size() || length > kTypeLineBytesMax)
            return fail(ErrorNumber::BadMessage, "a type of {} bytes", length);
        hello.types.emplace_back(texts.substr(0, length));
        texts.remove_prefix(length);
    }
    if (!texts.empty())
        return fail(ErrorNumber::BadMessage, "{} bytes behind the types", texts.size());
    return hello;
}

Result<node::MeshMessage> read_timeout_now(const RawMessage& raw) {
    const auto table = Checked<fb::TimeoutNow>::from(raw, kHelloBytesMax);
    if (!table) return std::unexpected(table.error());
    const fb::TimeoutNow& wire = **table;
    if (!group_ok(wire.group()) || !term_ok(wire.term()))
        return fail(ErrorNumber::BadMessage, "group {} in term {}", wire.group(), wire.term());
    return replication::PeerMessage(
        replication::TimeoutNow{PartitionId{wire.group()}, Term{wire.term()}});
}

Result<node::MeshMessage> read_chunk(const RawMessage& raw) {
    const auto table = Checked<fb::SnapshotChunk>::from(raw, kFrameBytesMax);
    if (!table) return std::unexpected(table.error());
    const fb::SnapshotChunk& wire = **table;
    if (!group_ok(wire.group()) || !term_ok(wire.term()) ||
        !position_ok(wire.at_term(), wire.at_index()) || wire.at_term() > wire.term() ||
        !counter_ok(wire.receiver_since()))
        return fail(ErrorNumber::BadMessage, "a chunk of group {} out of range", wire.group());
    if (wire.base() != nullptr && wire.base()->size() > kSnapshotBaseBytesMax)
        return fail(ErrorNumber::BadMessage, "a base of {} bytes", wire.base()->size());
    replication::SnapshotChunk chunk;
    chunk.group = PartitionId{wire.group()};
    chunk.term = Term{wire.term()};
    chunk.at = {Term{wire.at_term()}, LogIndex{wire.at_index()}};
    chunk.sequence = wire.sequence();
    chunk.last = wire.last();
    chunk.base = slice_of(raw, wire.base());
    chunk.rows = slice_of(raw, wire.rows());
    chunk.transfer = TransferId{wire.transfer()};
    chunk.receiver_since = LogIndex{wire.receiver_since()};
    return replication::PeerMessage(std::move(chunk));
}

Result<node::MeshMessage> read_chunk_answer(const RawMessage& raw) {
    const auto table = Checked<fb::SnapshotAnswer>::from(raw, kHelloBytesMax);
    if (!table) return std::unexpected(table.error());
    const fb::SnapshotAnswer& wire = **table;
    if (!group_ok(wire.group()) || !counter_ok(wire.term()) || !counter_ok(wire.sender_since()) ||
        !position_ok(wire.at_term(), wire.at_index()))
        return fail(ErrorNumber::BadMessage, "an answer of group {} out of range", wire.group());
    return replication::PeerMessage(
        replication::SnapshotAnswer{PartitionId{wire.group()},
                                    Term{wire.term()},
                                    {Term{wire.at_term()}, LogIndex{wire.at_index()}},
                                    wire.next(),
                                    wire.refused(),
                                    TransferId{wire.transfer()},
                                    LogIndex{wire.sender_since()}});
}

Result<node::MeshMessage> read_heartbeat(const RawMessage& raw) {
    const auto table = Checked<fb::Heartbeat>::from(raw, kListBytesMax);
    if (!table) return std::unexpected(table.error());
    const fb::Heartbeat& wire = **table;
    replication::Heartbeat beat;
    beat.round = ContactRound{wire.round()};
    beat.unlisted = wire.unlisted();
    beat.unlisted_hash = wire.unlisted_hash();
    beat.disk_age_ms = wire.disk_age_ms();
    if (!wall_ok(wire.wall_ms()))
        return fail(ErrorNumber::BadMessage, "a clock of {} ms", wire.wall_ms());
    beat.wall_ms = wire.wall_ms();
    if (auto read = read_items(wire.listed(), beat.listed); !read)
        return std::unexpected(read.error());
    return replication::PeerMessage(std::move(beat));
}

Result<node::MeshMessage> read_heartbeat_answer(const RawMessage& raw) {
    const auto table = Checked<fb::HeartbeatAnswer>::from(raw, kListBytesMax);
    if (!table) return std::unexpected(table.error());
    const fb::HeartbeatAnswer& wire = **table;
    replication::HeartbeatAnswer answer;
    answer.round = ContactRound{wire.round()};
    answer.want_all = wire.want_all();
    answer.disk_age_ms = wire.disk_age_ms();
    if (!wall_ok(wire.wall_ms()))
        return fail(ErrorNumber::BadMessage, "a clock of {} ms", wire.wall_ms());
    answer.wall_ms = wire.wall_ms();
    if (auto read = read_items(wire.refused(), answer.refused); !read)
        return std::unexpected(read.error());
    if (auto read = read_groups(wire.cannot_stand(), answer.cannot_stand); !read)
        return std::unexpected(read.error());
    return replication::PeerMessage(std::move(answer));
}

Result<node::MeshMessage> read_confirm(const RawMessage& raw) {
    const auto table = Checked<fb::Confirm>::from(raw, kListBytesMax);
    if (!table) return std::unexpected(table.error());
    replication::Confirm confirm;
    confirm.round = ConfirmRound{(*table)->round()};
    if (auto read = read_items((*table)->groups(), confirm.groups); !read)
        return std::unexpected(read.error());
    return replication::PeerMessage(std::move(confirm));
}

Result<node::MeshMessage> read_confirm_answer(const RawMessage& raw) {
    const auto table = Checked<fb::ConfirmAnswer>::from(raw, kListBytesMax);
    if (!table) return std::unexpected(table.error());
    replication::ConfirmAnswer answer;
    answer.round = ConfirmRound{(*table)->round()};
    if (auto read = read_items((*table)->refused(), answer.refused); !read)
        return std::unexpected(read.error());
    return replication::PeerMessage(std::move(answer));
}

Result<node::MeshMessage> read_member_message(const RawMessage& raw) {
    const auto table = Checked<fb::MemberMessage>::from(raw, kMemberBytesMax);
    if (!table) return std::unexpected(table.error());
    return node::MemberMessage{slice_of(raw, (*table)->content())};
}

template <class Message, auto Read>
Result<node::MeshMessage> read_asked(const RawMessage& raw) {
    auto read = Read(raw);
    if (!read) return std::unexpected(std::move(read).error());
    return Message{read->second, std::move(read->first)};
}

using Reader = Result<node::MeshMessage> (*)(const RawMessage&);

Reader reader_of(MessageType type) {
    switch (type) {
        case MessageType::PeerHello:
            return read_hello;
        case MessageType::VoteAsks:
            return read_batch<fb::VoteAsks, replication::VoteAsks>;
        case MessageType::VoteAnswers:
            return read_batch<fb::VoteAnswers, replication::VoteAnswers>;
        case MessageType::AppendBatch:
            return read_append;
        case MessageType::AppendAnswers:
            return read_batch<fb::AppendAnswers, replication::AppendAnswers>;
        case MessageType::TimeoutNow:
            return read_timeout_now;
        case MessageType::SnapshotChunk:
            return read_chunk;
        case MessageType::SnapshotAnswer:
            return read_chunk_answer;
        case MessageType::Heartbeat:
            return read_heartbeat;
        case MessageType::HeartbeatAnswer:
            return read_heartbeat_answer;
        case MessageType::Confirm:
            return read_confirm;
        case MessageType::ConfirmAnswer:
            return read_confirm_answer;
        case MessageType::MemberMessage:
            return read_member_message;
        case MessageType::NodeRequest:
            return read_asked<node::NodeRequest, read_node_request>;
        case MessageType::NodeReply:
            return read_asked<node::NodeReply, read_node_reply>;
        default:
            return nullptr;
    }
}

}  // namespace

Result<std::optional<node::MeshMessage>> read_mesh(const RawMessage& message) {
    const MessageType type{message.type};
    const bool known = message.version == kMessageVersion;
    const Reader reader = known ? reader_of(type) : nullptr;
    if (reader == nullptr) {
        const bool of_clients = type >= MessageType::ClientHello && type <= MessageType::AdminReply;
        const bool of_links = type == MessageType::LinkChallenge || type == MessageType::LinkAnswer;
        return not_read<node::MeshMessage>(message, known && (of_clients || of_links));
    }
    auto read = reader(message);
    if (!read) return std::unexpected(std::move(read).error());
    return std::optional<node::MeshMessage>(*std::move(read));
}

}  // namespace weft::wire
