#include "flatbuffers/wire_checks.h"
#include "flatbuffers/wire_client.h"
#include "routing/genesis.h"

#include <client_generated.h>
#include <flatbuffers/flatbuffers.h>

#include <algorithm>

namespace weft::wire {

namespace {

template <class Table>
using Checked = Verified<Table, flatbuffers::Verifier>;

constexpr std::size_t kSmallMessageBytes = std::size_t{64} << 10;
static_assert(kSmallMessageBytes >= 2 * kArgumentBytesMax, "room for lengths and a cursor");
constexpr std::size_t kHelloReplyBytes = std::size_t{3} << 20;

RequestId key_of(const fb::RequestKey& key) {
    RequestId id;
    id.client = id_of<ClientId>(key.client());
    id.start_ms = key.start_ms();
    id.group = PartitionId{key.group()};
    id.seq = key.seq();
    return id;
}

bool key_ok(const fb::RequestKey& key) {
    return key.group() <= routing::kGroupsMax && counter_ok(key.seq()) && key.start_ms() >= 0;
}

bool error_code_ok(std::uint8_t code) {
    return code >= static_cast<std::uint8_t>(ErrorCode::NotLeader) &&
           code <= static_cast<std::uint8_t>(ErrorCode::Internal);
}

// Cuts `texts` into pieces of the given lengths, from `begin` on; false when they run past its end.
template <class Lengths>
bool cut(const Lengths& lengths, std::string_view texts, std::size_t& begin,
         std::vector<std::string>& out) {
    out.reserve(lengths.size());
    for (const auto length : lengths) {
        if (length > texts.size() - begin) return false;
        out.emplace_back(texts.substr(begin, length));
        begin += length;
    }
    return true;
}

// Groups, at most `most` of them; false when one cannot exist.
bool read_groups(const flatbuffers::Vector<std::uint32_t>* wire, std::size_t most,
                 std::vector<PartitionId>& out) {
    if (wire == nullptr) return true;
    if (wire->size() > most || !aligned(wire, alignof(std::uint32_t))) return false;
    out.reserve(wire->size());
    for (const std::uint32_t group : *wire) {
        if (group > routing::kGroupsMax) return false;
        out.push_back(PartitionId{group});
    }
    return true;
}

Result<routing::ToNode> read_client_hello(const RawMessage& raw) {
    const auto table = Checked<fb::ClientHello>::from(raw, kSmallMessageBytes);
    if (!table) return std::unexpected(table.error());
    const fb::ClientHello& wire = **table;
    if (wire.program()->size() > kProgramBytesMax)
        return fail(ErrorNumber::BadMessage, "a program name of {} bytes", wire.program()->size());
    routing::ClientHello hello;
    hello.client = id_of<ClientId>(*wire.client());
    hello.wire_version = wire.wire_version();
    hello.program = wire.program()->str();
    hello.by_version = wire.by_version();
    if (wire.known_node() != nullptr) {
        hello.known.node = id_of<NodeId>(*wire.known_node());
        hello.known.boot = Boot{wire.known_boot()};
        hello.known.version = wire.known_version();
    }
    hello.nodes_digest = wire.nodes_digest();
    if (!counter_ok(wire.known_version()))
        return fail(ErrorNumber::BadMessage, "a version out of range");
    if (!read_groups(wire.wanted(), routing::kWantedMax, hello.wanted))
        return fail(ErrorNumber::BadMessage, "a hello wants groups that cannot be");
    return hello;
}

Result<void> check_request(const fb::Request& wire) {
    constexpr auto kLast = static_cast<std::uint8_t>(RequestKind::Resolve);
    if (wire.kind() == 0 || wire.kind() > kLast)
        return fail(ErrorNumber::BadMessage, "request kind {}", wire.kind());
    if (!key_ok(*wire.id()) || !counter_ok(wire.lowest_open()))
        return fail(ErrorNumber::BadMessage, "a request id out of range");
    if (wire.type()->size() > kTypeBytesMax)
        return fail(ErrorNumber::BadEntityId, "a type of {} bytes, the limit is {}",
                    wire.type()->size(), kTypeBytesMax);
    if (wire.entity()->size() > kIdBytesMax)
        return fail(ErrorNumber::BadEntityId, "an entity id of {} bytes, the limit is {}",
                    wire.entity()->size(), kIdBytesMax);
    if (wire.command()->size() > kCommandNameBytesMax)
        return fail(ErrorNumber::UnknownCommand, "a command of {} bytes, the limit is {}",
                    wire.command()->size(), kCommandNameBytesMax);
    if (wire.payload() != nullptr && wire.payload()->size() > kPayloadBytesMax)
        return fail(ErrorNumber::PayloadTooLarge, "a payload of {} bytes, the limit is {}",
                    wire.payload()->size(), kPayloadBytesMax);
    return {};
}

Result<Request> request_of(const RawMessage& raw, const fb::Request& wire) {
    if (auto checked = check_request(wire); !checked) return std::unexpected(checked.error());
    Request request;
    request.id = key_of(*wire.id());
    request.lowest_open = wire.lowest_open();
    request.digest = id_of<Digest>(*wire.digest());
    request.kind = RequestKind{wire.kind()};
    request.deadline_ms = wire.deadline_ms();
    request.leaders_lost = wire.leaders_lost();
    request.forced = wire.forced();
    request.owner = raw.body;
    request.type = view_of(wire.type());
    request.entity = view_of(wire.entity());
    request.command = view_of(wire.command());
    request.payload = view_of(wire.payload());
    return request;
}

Result<routing::ToNode> read_request(const RawMessage& raw) {
    auto read = read_node_request(raw);
    if (!read) return std::unexpected(std::move(read).error());
    return std::move(read->first);
}

Result<routing::ToNode> read_admin_request(const RawMessage& raw) {
    const auto table = Checked<fb::AdminRequest>::from(raw, kSmallMessageBytes);
    if (!table) return std::unexpected(table.error());
    const fb::AdminRequest& wire = **table;
    if (wire.verb()->size() > kVerbBytesMax || wire.argument_bytes()->size() > kArgumentsMax)
        return fail(ErrorNumber::BadMessage, "an admin request over its limits");
    routing::AdminRequest request;
    request.id = wire.id();
    request.verb = wire.verb()->str();
    const std::string_view texts = view_of(wire.arguments());
    std::size_t end = 0;
    if (!cut(*wire.argument_bytes(), texts, end, request.arguments) || end != texts.size())
        return fail(ErrorNumber::BadMessage, "arguments do not add up to {} bytes", texts.size());
    return request;
}

// The nodes and their texts.
Result<void> read_nodes(const fb::HelloReply& wire, routing::HelloReply& hello) {
    const std::size_t nodes = wire.node_ids()->size();
    const std::size_t most = wire.version() == 0 ? kByteNodesMax : routing::kHelloNodesMax;
    if (nodes > most || wire.text_bytes()->size() != 2 * nodes)
        return fail(ErrorNumber::BadMessage, "a hello of {} nodes with {} texts", nodes,
                    wire.text_bytes()->size());
    std::vector<std::string> parts;
    const std::string_view texts = view_of(wire.texts());
    std::size_t end = 0;
    if (!cut(*wire.text_bytes(), texts, end, parts) || end != texts.size())
        return fail(ErrorNumber::BadMessage, "node texts do not add up to {} bytes", texts.size());
    hello.nodes.reserve(nodes);
    for (flatbuffers::uoffset_t i = 0; i < nodes; ++i)
        hello.nodes.push_back({id_of<NodeId>(*wire.node_ids()->Get(i)), std::move(parts[2 * i]),
                               std::move(parts[2 * i + 1])});
    return {};
}

// Who leads which group. Places in a list that is not sent are checked by who has it.
Result<void> read_leaders(const fb::HelloReply& wire, routing::HelloReply& hello) {
    if (wire.groups() > routing::kGroupsMax || !counter_ok(wire.version()))
        return fail(ErrorNumber::BadMessage, "a hello of {} groups in version {}", wire.groups(),
                    wire.version());
    hello.version = wire.version();
    hello.nodes_digest = wire.nodes_digest();
    std::size_t groups = std::size_t{wire.groups()} + 1;
    if (hello.version == 0) {
        for (const std::uint8_t leader : *wire.leaders())
            hello.leaders.push_back(leader == kNoByte ? routing::kNoPlace : leader);
    } else {
        if (!aligned(wire.places(), alignof(std::uint16_t)) ||
            !read_groups(wire.told(), groups, hello.told))
            return fail(ErrorNumber::BadMessage, "a hello tells of groups that cannot be");
        if (wire.places() != nullptr)
            hello.leaders.assign(wire.places()->begin(), wire.places()->end());
        if (!std::ranges::is_sorted(hello.told, std::ranges::less_equal{}) ||
            (!hello.told.empty() && hello.told.back().value > wire.groups()))
            return fail(ErrorNumber::BadMessage, "groups of a hello that do not rise");
        if (!hello.told.empty()) groups = hello.told.size();
    }
    const std::size_t leaders = hello.leaders.size();
    if (wire.terms()->size() != leaders ||
        (leaders != groups && (leaders | hello.told.size()) != 0))
        return fail(ErrorNumber::BadMessage, "a hello of {} groups with {} leaders and {} terms",
                    groups, leaders, wire.terms()->size());
    const bool listed = hello.version == 0 || !hello.nodes.empty();
    const std::size_t places = listed ? hello.nodes.size() : routing::kHelloNodesMax;
    if (std::ranges::any_of(hello.leaders, [&](std::uint16_t place) {
            return place != routing::kNoPlace && place >= places;
        }))
        return fail(ErrorNumber::BadMessage, "a leader that is not in the list of nodes");
    if (!aligned(wire.terms(), alignof(std::uint64_t)))
        return fail(ErrorNumber::BadMessage, "a vector is not aligned");
    hello.terms.assign(wire.terms()->begin(), wire.terms()->end());
    if (!std::ranges::all_of(hello.terms, counter_ok))
        return fail(ErrorNumber::BadMessage, "a term out of range");
    return {};
}

Result<routing::ToClient> read_hello_reply(const RawMessage& raw) {
    const auto table = Checked<fb::HelloReply>::from(raw, kHelloReplyBytes);
    if (!table) return std::unexpected(table.error());
    const fb::HelloReply& wire = **table;
    routing::HelloReply hello;
    if (auto read = read_nodes(wire, hello); !read) return std::unexpected(read.error());
    if (auto read = read_leaders(wire, hello); !read) return std::unexpected(read.error());
    hello.cluster = id_of<ClusterId>(*wire.cluster());
    hello.node = id_of<NodeId>(*wire.node());
    hello.boot = Boot{wire.boot()};
    if (!wall_ok(wire.log_time_ms()))
        return fail(ErrorNumber::BadMessage, "a log time of {} ms", wire.log_time_ms());
    hello.log_time_ms = wire.log_time_ms();
    std::memcpy(hello.hash_key.data(), wire.hash_key()->bytes()->Data(), hello.hash_key.size());
    hello.groups = wire.groups();
    hello.epoch = Epoch{wire.epoch()};
    return hello;
}

Result<Reply> reply_of(const RawMessage& raw, const fb::Reply& wire) {
    if (wire.outcome() == 0 || wire.outcome() > static_cast<std::uint8_t>(Outcome::Unknown) ||
        wire.level() > static_cast<std::uint8_t>(Level::Linearizable))
        return fail(ErrorNumber::BadMessage, "outcome {}, level {}", wire.outcome(), wire.level());
    Reply reply;
    reply.outcome = Outcome{wire.outcome()};
    if (reply.outcome != Outcome::Done) {
        if (!error_code_ok(wire.error_code()))
            return fail(ErrorNumber::BadMessage, "error code {}", wire.error_code());
        reply.error = {ErrorCode{wire.error_code()}, wire.error_number(),
                       std::string(view_of(wire.error_message()))};
    }
    if (!key_ok(*wire.id()) || !counter_ok(wire.hint_term()))
        return fail(ErrorNumber::BadMessage, "a reply with a number out of range");
    reply.id = key_of(*wire.id());
    reply.part = wire.part();
    reply.last = !wire.more();
    reply.payload = slice_of(raw, wire.payload());
    reply.index = LogIndex{wire.index()};
    reply.revision = Revision{wire.revision()};
    reply.version = Version{wire.version()};
    reply.generation = Generation{wire.generation()};
    reply.exists = wire.exists();
    reply.level = Level{wire.level()};
    if (wire.leader_hint() != nullptr) reply.leader_hint = id_of<NodeId>(*wire.leader_hint());
    reply.hint_term = Term{wire.hint_term()};
    return reply;
}

Result<routing::ToClient> read_reply(const RawMessage& raw) {
    auto read = read_node_reply(raw);
    if (!read) return std::unexpected(std::move(read).error());
    return std::move(read->first);
}

Result<routing::ToClient> read_admin_reply(const RawMessage& raw) {
    const auto table = Checked<fb::AdminReply>::from(raw, kFrameBytesMax);
    if (!table) return std::unexpected(table.error());
    const fb::AdminReply& wire = **table;
    routing::AdminReply reply;
    reply.id = wire.id();
    reply.last = !wire.more();
    reply.cursor = view_of(wire.cursor());
    if (wire.error_code() != 0) {
        if (!error_code_ok(wire.error_code()))
            return fail(ErrorNumber::BadMessage, "error code {}", wire.error_code());
        reply.error = Error{ErrorCode{wire.error_code()}, wire.error_number(),
                            std::string(view_of(wire.error_message()))};
    }
    const std::size_t columns = wire.column_bytes()->size();
    if (wire.kinds()->size() != columns || (columns == 0 && wire.cell_bytes()->size() != 0) ||
        (columns != 0 && wire.cell_bytes()->size() % columns != 0))
        return fail(ErrorNumber::BadMessage, "{} cells in {} columns of {} kinds",
                    wire.cell_bytes()->size(), columns, wire.kinds()->size());
    for (const std::uint8_t kind : *wire.kinds()) {
        if (kind > static_cast<std::uint8_t>(routing::CellKind::Flag))
            return fail(ErrorNumber::BadMessage, "cell kind {}", kind);
        reply.kinds.push_back(routing::CellKind{kind});
    }
    const std::string_view texts = view_of(wire.texts());
    std::size_t end = 0;
    if (!cut(*wire.column_bytes(), texts, end, reply.columns) ||
        !cut(*wire.cell_bytes(), texts, end, reply.cells) || end != texts.size())
        return fail(ErrorNumber::BadMessage, "cells do not add up to {} bytes", texts.size());
    return reply;
}

template <class Message>
Result<std::optional<Message>> present(Result<Message> read) {
    if (!read) return std::unexpected(std::move(read).error());
    return std::optional<Message>(*std::move(read));
}

bool is_to_node(MessageType type) {
    return type >= MessageType::ClientHello && type <= MessageType::AdminRequest;
}
bool is_to_client(MessageType type) {
    return type >= MessageType::HelloReply && type <= MessageType::AdminReply;
}
bool is_mesh(MessageType type) {
    return (type >= MessageType::PeerHello && type <= MessageType::MemberMessage) ||
           type == MessageType::NodeRequest || type == MessageType::NodeReply;
}

}  // namespace

Result<std::optional<routing::ToNode>> read_to_node(const RawMessage& message) {
    const MessageType type{message.type};
    const bool known = message.version == kMessageVersion;
    if (known && type == MessageType::Request) return present(read_request(message));
    if (known && type == MessageType::ClientHello) return present(read_client_hello(message));
    if (known && type == MessageType::AdminRequest) return present(read_admin_request(message));
    return not_read<routing::ToNode>(message, known && (is_to_client(type) || is_mesh(type)));
}

Result<std::optional<routing::ToClient>> read_to_client(const RawMessage& message) {
    const MessageType type{message.type};
    const bool known = message.version == kMessageVersion;
    if (known && type == MessageType::Reply) return present(read_reply(message));
    if (known && type == MessageType::HelloReply) return present(read_hello_reply(message));
    if (known && type == MessageType::AdminReply) return present(read_admin_reply(message));
    return not_read<routing::ToClient>(message, known && (is_to_node(type) || is_mesh(type)));
}

std::optional<RequestId> request_id_of(const RawMessage& message) {
    if (MessageType{message.type} != MessageType::Request || message.version != kMessageVersion)
        return std::nullopt;
    const auto table = Checked<fb::Request>::from(message, kFrameBytesMax);
    if (!table || !key_ok(*(*table)->id())) return std::nullopt;
    return key_of(*(*table)->id());
}

Result<std::pair<Request, OwnTag>> read_node_request(const RawMessage& raw) {
    const auto table = Checked<fb::Request>::from(raw, kFrameBytesMax);
    if (!table) return std::unexpected(table.error());
    auto request = request_of(raw, **table);
    if (!request) return std::unexpected(std::move(request).error());
    return std::pair(*std::move(request), OwnTag{(*table)->tag()});
}

Result<std::pair<Reply, OwnTag>> read_node_reply(const RawMessage& raw) {
    const auto table = Checked<fb::Reply>::from(raw, kFrameBytesMax);
    if (!table) return std::unexpected(table.error());
    auto reply = reply_of(raw, **table);
    if (!reply) return std::unexpected(std::move(reply).error());
    return std::pair(*std::move(reply), OwnTag{(*table)->tag()});
}

}  // namespace weft::wire
