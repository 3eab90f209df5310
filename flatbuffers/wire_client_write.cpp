#include "core/error.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_types.h"

#include <client_generated.h>
#include <flatbuffers/flatbuffers.h>

#include <vector>

namespace weft::wire {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

template <class Tag>
fb::Id wire_id(const Id128<Tag>& id) {
    return fb::Id(flatbuffers::span<const std::uint8_t, 16>(id.bytes));
}

fb::RequestKey wire_key(const RequestId& id) {
    return {wire_id(id.client), id.start_ms, id.seq, id.group.value};
}

Offset<flatbuffers::String> text(FlatBufferBuilder& builder, std::string_view value) {
    return builder.CreateString(value.data(), value.size());
}

Offset<flatbuffers::String> optional_text(FlatBufferBuilder& builder, std::string_view value) {
    return value.empty() ? 0 : text(builder, value);
}

Offset<flatbuffers::Vector<std::uint8_t>> blob(FlatBufferBuilder& builder, std::string_view value) {
    return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
}

Offset<flatbuffers::Vector<std::uint8_t>> optional_blob(FlatBufferBuilder& builder,
                                                        std::string_view value) {
    return value.empty() ? 0 : blob(builder, value);
}

Offset<flatbuffers::Vector<std::uint32_t>> optional_groups(FlatBufferBuilder& builder,
                                                           const std::vector<PartitionId>& groups) {
    if (groups.empty()) return 0;
    std::vector<std::uint32_t> numbers;
    numbers.reserve(groups.size());
    for (const PartitionId group : groups) numbers.push_back(group.value);
    return builder.CreateVector(numbers);
}

// Of a reply without its payload and its error's text.
constexpr std::size_t kReplyBytes = 512;

// Texts as the wire has them: lengths, and all characters back to back.
struct Joined {
    std::vector<std::uint32_t> bytes;
    std::string texts;
    void add(std::string_view value) {
        bytes.push_back(static_cast<std::uint32_t>(value.size()));
        texts += value;
    }
};

std::string_view built(const FlatBufferBuilder& builder) {
    return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

template <class Table>
Result<void> add(FrameWriter& frame, FlatBufferBuilder& builder, MessageType type,
                 Offset<Table> root, std::uint8_t flags = kMustUnderstand) {
    builder.Finish(root);
    return frame.add(static_cast<std::uint16_t>(type), flags, built(builder));
}

Result<void> put(FrameWriter& frame, const routing::ClientHello& hello) {
    auto& builder = frame.builder();
    const auto program = text(builder, hello.program);
    const auto wanted = optional_groups(builder, hello.wanted);
    const auto client = wire_id(hello.client);
    const auto known = wire_id(hello.known.node);
    fb::ClientHelloBuilder table(builder);
    table.add_client(&client);
    table.add_wire_version(hello.wire_version);
    table.add_program(program);
    table.add_by_version(hello.by_version);
    if (!hello.known.node.is_zero()) {
        table.add_known_node(&known);
        table.add_known_boot(hello.known.boot.value);
        table.add_known_version(hello.known.version);
    }
    table.add_nodes_digest(hello.nodes_digest);
    table.add_wanted(wanted);
    return add(frame, builder, MessageType::ClientHello, table.Finish());
}

Offset<fb::Request> build(FlatBufferBuilder& builder, const Request& request, OwnTag tag) {
    const auto payload = optional_blob(builder, request.payload);
    const auto command = text(builder, request.command);
    const auto entity = text(builder, request.entity);
    const auto type = text(builder, request.type);
    const auto key = wire_key(request.id);
    const auto digest = wire_id(request.digest);
    fb::RequestBuilder table(builder);
    table.add_id(&key);
    table.add_digest(&digest);
    table.add_lowest_open(request.lowest_open);
    table.add_type(type);
    table.add_entity(entity);
    table.add_command(command);
    table.add_payload(payload);
    table.add_deadline_ms(request.deadline_ms);
    table.add_kind(static_cast<std::uint8_t>(request.kind));
    table.add_leaders_lost(request.leaders_lost);
    table.add_forced(request.forced);
    table.add_tag(tag.value);
    return table.Finish();
}

Result<void> put(FrameWriter& frame, const Request& request) {
    auto& builder = frame.builder();
    return add(frame, builder, MessageType::Request, build(builder, request, {}));
}

Result<void> put(FrameWriter& frame, const routing::AdminRequest& request) {
    Joined arguments;
    for (const std::string& argument : request.arguments) arguments.add(argument);
    auto& builder = frame.builder();
    const auto verb = text(builder, request.verb);
    const auto bytes = builder.CreateVector(arguments.bytes);
    const auto texts = blob(builder, arguments.texts);
    fb::AdminRequestBuilder table(builder);
    table.add_id(request.id);
    table.add_verb(verb);
    table.add_argument_bytes(bytes);
    table.add_arguments(texts);
    return add(frame, builder, MessageType::AdminRequest, table.Finish());
}

// For a client that knows no versions.
std::vector<std::uint8_t> byte_places(const std::vector<std::uint16_t>& leaders) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(leaders.size());
    for (const std::uint16_t place : leaders)
        bytes.push_back(place < kByteNodesMax ? static_cast<std::uint8_t>(place) : kNoByte);
    return bytes;
}

Result<void> put(FrameWriter& frame, const routing::HelloReply& hello) {
    const bool by_version = hello.version != 0;
    if (!by_version && hello.nodes.size() > kByteNodesMax)
        return fail(ErrorNumber::NewerWire,
                    "a mesh of {} nodes: the client's version can name {} of them",
                    hello.nodes.size(), kByteNodesMax);
    std::vector<fb::Id> ids;
    std::vector<std::uint16_t> lengths;
    std::string texts;
    for (const routing::HelloNode& node : hello.nodes) {
        ids.push_back(wire_id(node.node));
        lengths.push_back(static_cast<std::uint16_t>(node.name.size()));
        lengths.push_back(static_cast<std::uint16_t>(node.client_address.size()));
        texts += node.name;
        texts += node.client_address;
    }
    auto& builder = frame.builder();
    const auto node_ids = builder.CreateVectorOfStructs(ids);
    const auto text_bytes = builder.CreateVector(lengths);
    const auto text_blob = blob(builder, texts);
    const auto leaders =
        builder.CreateVector(by_version ? std::vector<std::uint8_t>() : byte_places(hello.leaders));
    const auto terms = builder.CreateVector(hello.terms);
    const auto told = by_version ? optional_groups(builder, hello.told) : 0;
    const auto places = by_version ? builder.CreateVector(hello.leaders) : 0;
    const auto cluster = wire_id(hello.cluster);
    const auto node = wire_id(hello.node);
    const fb::Id hash_key(flatbuffers::span<const std::uint8_t, 16>(hello.hash_key));
    fb::HelloReplyBuilder table(builder);
    table.add_cluster(&cluster);
    table.add_node(&node);
    table.add_boot(hello.boot.value);
    table.add_log_time_ms(hello.log_time_ms);
    table.add_hash_key(&hash_key);
    table.add_groups(hello.groups);
    table.add_epoch(hello.epoch.value);
    table.add_node_ids(node_ids);
    table.add_text_bytes(text_bytes);
    table.add_texts(text_blob);
    table.add_leaders(leaders);
    table.add_terms(terms);
    table.add_version(hello.version);
    table.add_nodes_digest(hello.nodes_digest);
    table.add_places(places);
    table.add_told(told);
    return add(frame, builder, MessageType::HelloReply, table.Finish());
}

Offset<fb::Reply> build(FlatBufferBuilder& builder, const Reply& reply, OwnTag tag,
                        Offset<flatbuffers::Vector<std::uint8_t>> payload) {
    const bool failed = reply.outcome != Outcome::Done;
    const auto message = optional_text(builder, failed ? reply.error.message : std::string_view{});
    const auto key = wire_key(reply.id);
    const auto hint = wire_id(reply.leader_hint);
    fb::ReplyBuilder table(builder);
    table.add_id(&key);
    table.add_index(reply.index.value);
    table.add_revision(reply.revision.value);
    table.add_version(reply.version.value);
    table.add_generation(reply.generation.value);
    if (!reply.leader_hint.is_zero()) table.add_leader_hint(&hint);
    table.add_hint_term(reply.hint_term.value);
    table.add_part(reply.part);
    table.add_payload(payload);
    table.add_error_message(message);
    if (failed) {
        table.add_error_number(reply.error.number);
        table.add_error_code(static_cast<std::uint8_t>(reply.error.code));
    }
    table.add_more(!reply.last);
    table.add_outcome(static_cast<std::uint8_t>(reply.outcome));
    table.add_exists(reply.exists);
    table.add_level(static_cast<std::uint8_t>(reply.level));
    table.add_tag(tag.value);
    return table.Finish();
}

Result<void> put(FrameWriter& frame, const Reply& reply) {
    auto& builder = frame.builder();
    const auto payload = optional_blob(builder, reply.payload.view());
    return add(frame, builder, MessageType::Reply, build(builder, reply, {}, payload));
}

Result<void> put(FrameWriter& frame, const routing::AdminReply& reply) {
    Joined columns;
    for (const std::string& column : reply.columns) columns.add(column);
    Joined cells;
    for (const std::string& cell : reply.cells) cells.add(cell);
    std::vector<std::uint8_t> kind_bytes;
    for (const routing::CellKind kind : reply.kinds)
        kind_bytes.push_back(static_cast<std::uint8_t>(kind));
    auto& builder = frame.builder();
    const auto message = optional_text(builder, reply.error ? reply.error->message : "");
    const auto cursor = optional_text(builder, reply.cursor);
    const auto kinds = builder.CreateVector(kind_bytes);
    const auto column_bytes = builder.CreateVector(columns.bytes);
    const auto cell_bytes = builder.CreateVector(cells.bytes);
    const auto texts = blob(builder, columns.texts + cells.texts);
    fb::AdminReplyBuilder table(builder);
    table.add_id(reply.id);
    table.add_more(!reply.last);
    if (reply.error) {
        table.add_error_code(static_cast<std::uint8_t>(reply.error->code));
        table.add_error_number(reply.error->number);
    }
    table.add_error_message(message);
    table.add_kinds(kinds);
    table.add_column_bytes(column_bytes);
    table.add_cell_bytes(cell_bytes);
    table.add_texts(texts);
    table.add_cursor(cursor);
    return add(frame, builder, MessageType::AdminReply, table.Finish());
}

routing::AdminReply refusal(std::uint64_t id, const Error& why) {
    routing::AdminReply refused;
    refused.id = id;
    refused.error = why;
    return refused;
}

}  // namespace

Result<void> write(FrameWriter& frame, const routing::ToNode& message) {
    return std::visit([&](const auto& each) { return put(frame, each); }, message);
}

Result<void> write(FrameWriter& frame, const routing::ToClient& message) {
    return std::visit([&](const auto& each) { return put(frame, each); }, message);
}

// The builder makes room for the payload, which is never touched.
Result<SharedFrame> shared_frame(const Reply& reply, const FrameHeader& header) {
    FlatBufferBuilder builder(kReplyBytes + reply.error.message.size() + reply.payload.size());
    std::uint8_t* room = nullptr;
    const auto payload = builder.CreateUninitializedVector(reply.payload.size(), &room);
    builder.Finish(build(builder, reply, {}, payload));
    const std::string_view message = built(builder);
    const auto* place = flatbuffers::GetRoot<fb::Reply>(message.data())->payload()->data();
    const auto at = static_cast<std::size_t>(reinterpret_cast<const char*>(place) - message.data());
    return shared_frame(header, static_cast<std::uint16_t>(MessageType::Reply), kMustUnderstand,
                        message, at, reply.payload);
}

routing::ToClient too_large(const routing::ToClient& message, const Error& why) {
    if (const auto* admin = std::get_if<routing::AdminReply>(&message))
        return refusal(admin->id, why);
    const auto* whole = std::get_if<Reply>(&message);
    if (whole == nullptr) return refusal(0, why);  // a hello's: answers no question in particular
    return too_large(*whole, why);
}

Reply too_large(const Reply& reply, const Error& why) {
    Reply cut = reply;
    cut.payload = Bytes();
    if (reply.outcome == Outcome::Done) {
        cut.outcome = Outcome::Unknown;
        cut.error = why;
    } else {
        cut.error.message.clear();  // number and code say what there is to do
    }
    return cut;
}

routing::ToClient too_large(const routing::ToNode& message, const Error& why) {
    const auto* request = std::get_if<Request>(&message);
    if (request == nullptr) {
        const auto* admin = std::get_if<routing::AdminRequest>(&message);
        return refusal(admin == nullptr ? 0 : admin->id, why);
    }
    Reply refused;
    refused.id = request->id;
    refused.outcome = Outcome::NotDone;
    refused.error = why;
    return refused;
}

// ---- between nodes ------------------------------------------------------------------------------

// Not to be understood: a node of an older weft skips it, and the asker tries another.
Result<void> write_node_request(FrameWriter& frame, const Request& request, OwnTag tag) {
    auto& builder = frame.builder();
    return add(frame, builder, MessageType::NodeRequest, build(builder, request, tag), 0);
}

Result<void> write_node_reply(FrameWriter& frame, const Reply& reply, OwnTag tag) {
    auto& builder = frame.builder();
    const auto payload = optional_blob(builder, reply.payload.view());
    return add(frame, builder, MessageType::NodeReply, build(builder, reply, tag, payload), 0);
}

}  // namespace weft::wire
