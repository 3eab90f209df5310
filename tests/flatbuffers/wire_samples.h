#pragma once
// One message of every type with no field at its default, and helpers around frames.

#include "core/entry.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_frame.h"
#include "flatbuffers/wire_link.h"
#include "flatbuffers/wire_mesh.h"

#include <string>
#include <utility>
#include <vector>

namespace weft::test {

template <class Id>
Id sample_id(std::uint8_t first) {
    Id id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i)
        id.bytes[i] = static_cast<std::uint8_t>(first + i);
    return id;
}

inline wire::FrameHeader sample_header(wire::Channel channel) {
    wire::FrameHeader header;
    header.channel = channel;
    header.cluster = sample_id<ClusterId>(0x10);
    header.sender = sample_id<NodeId>(0x30);
    header.sender_boot = Boot{7};
    header.receiver = sample_id<NodeId>(0x50);
    header.durable = Lsn{0x0102030405060708};
    return header;
}

inline RequestId sample_request_id() {
    return {sample_id<ClientId>(0xa0), 1700000000123, PartitionId{17}, 42};
}

inline Request sample_request() {
    Request request;
    request.id = sample_request_id();
    request.lowest_open = 40;
    request.digest = sample_id<Digest>(0xc0);
    request.kind = RequestKind::Tell;
    request.deadline_ms = 4999;
    request.leaders_lost = 1;
    request.type = "kv";
    request.entity = "cart/42";
    request.command = "put";
    request.payload = std::string_view("\0payload", 8);
    return request;
}

inline Reply sample_reply() {
    Reply reply;
    reply.id = sample_request_id();
    reply.part = 3;
    reply.last = false;
    reply.outcome = Outcome::Rejected;
    reply.error = {ErrorCode::Conflict, 8101, "another value"};
    reply.payload = Bytes::copy_of("answer");
    reply.index = LogIndex{101};
    reply.revision = Revision{99};
    reply.version = Version{5};
    reply.generation = Generation{12};
    reply.exists = true;
    reply.level = Level::Linearizable;
    reply.leader_hint = sample_id<NodeId>(0x60);
    reply.hint_term = Term{8};
    return reply;
}

inline routing::HelloReply sample_hello_reply() {
    routing::HelloReply hello;
    hello.cluster = sample_id<ClusterId>(0x10);
    hello.node = sample_id<NodeId>(0x30);
    hello.boot = Boot{7};
    hello.log_time_ms = 1700000000456;
    hello.hash_key = sample_id<Digest>(0x70).bytes;
    hello.groups = 2;
    hello.epoch = Epoch{1};
    hello.nodes = {{sample_id<NodeId>(0x30), "a", "127.0.0.1:7341"},
                   {sample_id<NodeId>(0x50), "b", "127.0.0.1:7351"}};
    hello.leaders = {0, 1, routing::kNoPlace};
    hello.terms = {3, 4, 5};
    return hello;
}

// What has changed, to a client that has the list of nodes.
inline routing::HelloReply sample_hello_changes() {
    routing::HelloReply hello = sample_hello_reply();
    hello.groups = 600;
    hello.nodes.clear();
    hello.leaders = {4095, routing::kNoPlace};
    hello.terms = {9, 10};
    hello.told = {PartitionId{1}, PartitionId{600}};
    hello.version = 40;
    hello.nodes_digest = 0x1122334455667788;
    return hello;
}

inline routing::ClientHello sample_hello_known() {
    routing::ClientHello hello{sample_id<ClientId>(0xa0), 1, "weft bench"};
    hello.by_version = true;
    hello.known = {sample_id<NodeId>(0x30), Boot{7}, 39};
    hello.nodes_digest = 0x1122334455667788;
    hello.wanted = {PartitionId{3}, PartitionId{600}};
    return hello;
}

inline routing::AdminReply sample_admin_reply() {
    routing::AdminReply reply;
    reply.id = 9;
    reply.error = Error{ErrorCode::NotFound, 8102, "no such group"};
    reply.columns = {"group", "role"};
    reply.kinds = {routing::CellKind::Number, routing::CellKind::Text};
    reply.cells = {"1", "leader", "2", ""};
    reply.last = false;
    reply.cursor = "2";
    return reply;
}

// `count` encoded entries of `group` behind `prev`, back to back.
inline std::string sample_entries(PartitionId group, replication::LogPosition prev, int count) {
    std::string out;
    Chain chain;
    for (int i = 0; i < count; ++i) {
        EntryBuilder builder;
        builder.begin(EntryKind::Command);
        builder.section(SectionType::Entity, "kv/cart");
        EntryHeader header;
        header.group = group;
        header.index = LogIndex{prev.index.value + 1 + static_cast<std::uint64_t>(i)};
        header.term = prev.term;
        header.stamp_ms = 1700000000000;
        out += builder.finish(header, chain).view();
        chain = header.chain;
    }
    return out;
}

inline replication::AppendBatch sample_append() {
    const std::string first = sample_entries(PartitionId{3}, {Term{4}, LogIndex{10}}, 2);
    const std::string second = sample_entries(PartitionId{5}, {Term{6}, LogIndex{20}}, 1);
    const auto size = [](const std::string& s) { return static_cast<std::uint32_t>(s.size()); };
    replication::AppendBatch batch;
    batch.items = {
        {PartitionId{3}, Term{5}, {Term{4}, LogIndex{10}}, LogIndex{9}, 2, 0, size(first)},
        {PartitionId{4}, Term{2}, {Term{2}, LogIndex{7}}, LogIndex{7}, 0, 0, 0},
        {PartitionId{5},
         Term{6},
         {Term{6}, LogIndex{20}},
         LogIndex{18},
         1,
         size(first),
         size(second)}};
    batch.blob = Bytes::copy_of(first + second);
    return batch;
}

struct NamedToNode {
    const char* name;
    routing::ToNode message;
};
inline std::vector<NamedToNode> to_node_samples() {
    return {{"client-hello", routing::ClientHello{sample_id<ClientId>(0xa0), 1, "weft bench"}},
            {"client-hello-known", sample_hello_known()},
            {"request", sample_request()},
            {"admin-request", routing::AdminRequest{9, "partition", {"17", "", "cursor"}}}};
}

struct NamedToClient {
    const char* name;
    routing::ToClient message;
};
inline std::vector<NamedToClient> to_client_samples() {
    return {{"hello-reply", sample_hello_reply()},
            {"hello-reply-changes", sample_hello_changes()},
            {"reply", sample_reply()},
            {"admin-reply", sample_admin_reply()}};
}

// Of members that were not all there at the founding.
inline replication::AppendBatch sample_append_since() {
    replication::AppendBatch batch = sample_append();
    batch.items[1].receiver_since = LogIndex{21};
    return batch;
}

struct NamedMesh {
    const char* name;
    node::MeshMessage message;
};
inline std::vector<NamedMesh> mesh_samples() {
    using namespace replication;
    const LogPosition at{Term{4}, LogIndex{11}};
    return {
        {"member-message", node::MemberMessage{Bytes::copy_of("as its own codec wrote it")}},
        {"node-request", node::NodeRequest{OwnTag{77}, sample_request()}},
        {"node-reply", node::NodeReply{OwnTag{77}, sample_reply()}},
        {"peer-hello",
         node::PeerHello{sample_id<Digest>(0x10), "127.0.0.1:7340", true, {"kv:value", "c:es"}}},
        {"peer-hello-refused", node::PeerHello{sample_id<Digest>(0x10),
                                               "127.0.0.1:7340",
                                               true,
                                               {"kv:value"},
                                               0x1122334455667788,
                                               HelloToken{9},
                                               node::Verdict::LowerPosition}},
        {"peer-hello-clock", node::PeerHello{sample_id<Digest>(0x10),
                                             "127.0.0.1:7340",
                                             true,
                                             {"kv:value"},
                                             0x1122334455667788,
                                             HelloToken{9},
                                             node::Verdict::Sound,
                                             1'790'000'000'000}},
        {"vote-asks", PeerMessage(VoteAsks{{{PartitionId{3}, Term{5}, at, true, false},
                                            {PartitionId{16384}, Term{6}, at, false, true}}})},
        {"vote-answers", PeerMessage(VoteAnswers{{{PartitionId{3}, Term{5}, true, true},
                                                  {PartitionId{4}, Term{9}, false, false}}})},
        {"vote-answers-since",
         PeerMessage(VoteAnswers{{{PartitionId{3}, Term{5}, true, true, LogIndex{8}},
                                  {PartitionId{4}, Term{9}, false, false, LogIndex{}}}})},
        {"append-batch", PeerMessage(sample_append())},
        {"append-batch-since", PeerMessage(sample_append_since())},
        {"append-answers", PeerMessage(AppendAnswers{
                               {{PartitionId{3}, Term{5}, true, false, LogIndex{12}, Term{0}},
                                {PartitionId{4}, Term{5}, false, true, LogIndex{7}, Term{2}}}})},
        {"append-answers-since",
         PeerMessage(AppendAnswers{
             {{PartitionId{3}, Term{5}, true, false, LogIndex{12}, Term{0}, false, LogIndex{0}},
              {PartitionId{4}, Term{5}, false, true, LogIndex{7}, Term{2}, false,
               LogIndex{300}}}})},
        {"timeout-now", PeerMessage(TimeoutNow{PartitionId{3}, Term{5}})},
        {"snapshot-chunk",
         PeerMessage(SnapshotChunk{PartitionId{3}, Term{5}, at, 1, true, Bytes::copy_of("base"),
                                   Bytes::copy_of("rows and rows")})},
        {"snapshot-answer", PeerMessage(SnapshotAnswer{PartitionId{3}, Term{5}, at, 2, true})},
        {"snapshot-chunk-since",
         PeerMessage(SnapshotChunk{PartitionId{3}, Term{5}, at, 1, true, Bytes::copy_of("base"),
                                   Bytes::copy_of("rows and rows"), TransferId{6}, LogIndex{8}})},
        {"snapshot-answer-since", PeerMessage(SnapshotAnswer{PartitionId{3}, Term{5}, at, 2, true,
                                                             TransferId{6}, LogIndex{8}})},
        {"heartbeat",
         PeerMessage(Heartbeat{
             ContactRound{77}, {{PartitionId{3}, Term{5}, LogIndex{12}}}, 340, 0xfeed, 12})},
        {"heartbeat-answer",
         PeerMessage(HeartbeatAnswer{ContactRound{77}, {{PartitionId{3}, Term{6}}}, true, 13})},
        {"confirm", PeerMessage(Confirm{ConfirmRound{78},
                                        {{PartitionId{3}, Term{5}}, {PartitionId{4}, Term{9}}}})},
        {"confirm-answer",
         PeerMessage(ConfirmAnswer{ConfirmRound{78}, {{PartitionId{4}, Term{0}}}})},
    };
}

struct NamedLink {
    const char* name;
    wire::LinkMessage message;
};
inline std::vector<NamedLink> link_samples() {
    return {{"link-challenge", wire::LinkChallenge{sample_id<wire::LinkSecret>(0x20)}},
            {"link-answer", wire::LinkAnswer{{sample_id<wire::LinkSecret>(0x20),
                                              sample_id<wire::LinkSecret>(0x40)}}}};
}

template <class Message>
std::string frame_of(const Message& message, wire::Channel channel) {
    wire::FrameWriter writer;
    static_cast<void>(wire::write(writer, message));
    return writer.finish(sample_header(channel));
}

// The one message of a frame that is known to be whole.
inline wire::RawMessage only_message(std::string_view frame) {
    auto reader = wire::FrameReader::open(frame);
    if (!reader) return {};
    auto message = reader->next();
    return message && *message ? **message : wire::RawMessage{};
}

// A message that did not come out of a frame: 8-aligned, as the reader makes it.
inline wire::RawMessage raw_message(std::uint16_t type, std::string_view body,
                                    std::uint8_t flags = wire::kMustUnderstand) {
    wire::FrameWriter writer;
    static_cast<void>(writer.add(type, flags, body));
    return only_message(writer.finish(sample_header(wire::Channel::Peer)));
}

}  // namespace weft::test
