#include "core/error.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_types.h"
#include "tests/flatbuffers/wire_samples.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::wire {
namespace {

template <class Message>
RawMessage raw_of(const Message& message) {
    return test::only_message(test::frame_of(message, Channel::Client));
}

Result<std::optional<routing::ToNode>> there_and_back(const routing::ToNode& message) {
    return read_to_node(raw_of(message));
}
Result<std::optional<routing::ToClient>> there_and_back(const routing::ToClient& message) {
    return read_to_client(raw_of(message));
}

template <class Type, class Message>
Type decoded(const Message& message) {
    auto back = there_and_back(message);
    if (!back || !*back) {
        ADD_FAILURE() << (back ? "skipped" : back.error().message);
        return {};
    }
    return std::get<Type>(**std::move(back));
}

// What was perhaps done is not called undone, and what was refused stays refused.
TEST(TooLarge, IsToldInPlaceOfTheMessage) {
    const Error why = make_error(ErrorNumber::FrameTooLarge, "5 MiB");
    Reply done;
    done.id.seq = 7;
    done.outcome = Outcome::Done;
    done.payload = Bytes::adopt(std::string(kFrameBytesMax, 'x'));
    const routing::ToClient told = too_large(routing::ToClient(done), why);
    const auto& unknown = std::get<Reply>(told);
    EXPECT_EQ(unknown.id.seq, 7u);
    EXPECT_EQ(unknown.outcome, Outcome::Unknown);
    EXPECT_EQ(unknown.error.number, why.number);
    EXPECT_TRUE(unknown.payload.empty());

    Reply rejected;
    rejected.outcome = Outcome::Rejected;
    rejected.error = make_error(ErrorNumber::EntityRejected, std::string(kFrameBytesMax, 'x'));
    const routing::ToClient cut = too_large(routing::ToClient(rejected), why);
    EXPECT_EQ(std::get<Reply>(cut).outcome, Outcome::Rejected);
    EXPECT_EQ(std::get<Reply>(cut).error.number, std::uint16_t(ErrorNumber::EntityRejected));

    routing::AdminReply page;
    page.id = 8;
    page.cells.assign(10, std::string(kFrameBytesMax, 'x'));
    const routing::ToClient refused = too_large(routing::ToClient(page), why);
    EXPECT_EQ(std::get<routing::AdminReply>(refused).id, 8u);
    EXPECT_EQ(std::get<routing::AdminReply>(refused).error->number, why.number);
    EXPECT_TRUE(std::get<routing::AdminReply>(refused).cells.empty());

    Request request;
    request.id.seq = 9;
    const routing::ToClient never = too_large(routing::ToNode(request), why);
    EXPECT_EQ(std::get<Reply>(never).id.seq, 9u);
    EXPECT_EQ(std::get<Reply>(never).outcome, Outcome::NotDone);
    FrameWriter writer;
    for (const routing::ToClient* message : {&told, &cut, &refused, &never})
        EXPECT_TRUE(write(writer, *message));
}

void expect_same(const Request& back, const Request& sent) {
    EXPECT_EQ(back.id, sent.id);
    EXPECT_EQ(back.lowest_open, sent.lowest_open);
    EXPECT_EQ(back.digest, sent.digest);
    EXPECT_EQ(back.kind, sent.kind);
    EXPECT_EQ(back.deadline_ms, sent.deadline_ms);
    EXPECT_EQ(back.leaders_lost, sent.leaders_lost);
    EXPECT_EQ(back.forced, sent.forced);
    EXPECT_EQ(back.type, sent.type);
    EXPECT_EQ(back.entity, sent.entity);
    EXPECT_EQ(back.command, sent.command);
    EXPECT_EQ(back.payload, sent.payload);
}

TEST(ClientCodec, CarriesAHello) {
    const auto back = decoded<routing::ClientHello>(test::to_node_samples()[0].message);
    EXPECT_EQ(back.client, test::sample_id<ClientId>(0xa0));
    EXPECT_EQ(back.wire_version, 1);
    EXPECT_EQ(back.program, "weft bench");
}

TEST(ClientCodec, CarriesARequest) {
    const Request sent = test::sample_request();
    expect_same(decoded<Request>(routing::ToNode(sent)), sent);
}

TEST(ClientCodec, CarriesAResolveWithoutTexts) {
    Request sent;
    sent.id = test::sample_request_id();
    sent.kind = RequestKind::Resolve;
    expect_same(decoded<Request>(routing::ToNode(sent)), sent);
}

TEST(ClientCodec, RequestViewsLieInsideTheirOwner) {
    const Request back = decoded<Request>(routing::ToNode(test::sample_request()));
    for (const std::string_view view : {back.type, back.entity, back.command, back.payload}) {
        EXPECT_GE(view.data(), back.owner.data());
        EXPECT_LE(view.data() + view.size(), back.owner.data() + back.owner.size());
    }
}

RC_GTEST_PROP(ClientCodec, CarriesAnyRequest, ()) {
    const auto text = [](std::size_t limit) {
        auto value = *rc::gen::arbitrary<std::string>();
        return value.substr(0, limit);
    };
    const std::string type = text(kTypeBytesMax), entity = text(kIdBytesMax),
                      command = text(kCommandNameBytesMax), payload = text(100000);
    Request sent = test::sample_request();
    sent.id.seq = *rc::gen::inRange<std::uint64_t>(0, kCounterMax);
    sent.id.group = PartitionId{*rc::gen::inRange<std::uint32_t>(0, 16385)};
    sent.deadline_ms = *rc::gen::arbitrary<std::uint32_t>();
    sent.kind = RequestKind{*rc::gen::inRange<std::uint8_t>(1, 4)};
    sent.leaders_lost = *rc::gen::arbitrary<std::uint8_t>();
    sent.forced = *rc::gen::arbitrary<bool>();
    sent.type = type;
    sent.entity = entity;
    sent.command = command;
    sent.payload = payload;
    const auto back = there_and_back(routing::ToNode(sent));
    RC_ASSERT(back.has_value() && back->has_value());
    expect_same(std::get<Request>(**back), sent);
}

RC_GTEST_PROP(ClientCodec, AReplyFromItsOwnMemoryHasTheBytesOfACopiedOne, ()) {
    Reply reply = test::sample_reply();
    const bool failed = *rc::gen::arbitrary<bool>();
    reply.outcome = failed ? Outcome::Rejected : Outcome::Done;
    reply.error = {};
    if (failed)
        reply.error = make_error(ErrorNumber::BadPayload, *rc::gen::arbitrary<std::string>());
    const auto size = *rc::gen::inRange<std::size_t>(1, 200000);
    reply.payload = Bytes::copy_of(std::string(size, 'v') + "end").slice(1, size);
    FrameWriter copied;
    RC_ASSERT(write(copied, routing::ToClient(reply)).has_value());
    const FrameHeader header = test::sample_header(Channel::Client);
    const auto shared = shared_frame(reply, header);
    RC_ASSERT(shared.has_value());
    RC_ASSERT(shared->shared.data() == reply.payload.data());
    RC_ASSERT(shared->begin + std::string(shared->shared.view()) + shared->end ==
              copied.finish(header));
}

TEST(ClientCodec, AReplyThatFitsNoFrameIsRefusedFromItsOwnMemoryToo) {
    Reply reply = test::sample_reply();
    reply.payload = Bytes::copy_of(std::string(kFrameBytesMax, 'v'));
    const auto shared = shared_frame(reply, test::sample_header(Channel::Client));
    ASSERT_FALSE(shared);
    EXPECT_EQ(shared.error().number, std::to_underlying(ErrorNumber::FrameTooLarge));
}

TEST(ClientCodec, CarriesAnAdminRequest) {
    const auto back = decoded<routing::AdminRequest>(test::to_node_samples()[3].message);
    EXPECT_EQ(back.id, 9u);
    EXPECT_EQ(back.verb, "partition");
    EXPECT_EQ(back.arguments, (std::vector<std::string>{"17", "", "cursor"}));
}

TEST(ClientCodec, CarriesAHelloReply) {
    const auto sent = test::sample_hello_reply();
    const auto back = decoded<routing::HelloReply>(routing::ToClient(sent));
    EXPECT_EQ(back.cluster, sent.cluster);
    EXPECT_EQ(back.node, sent.node);
    EXPECT_EQ(back.boot, sent.boot);
    EXPECT_EQ(back.log_time_ms, sent.log_time_ms);
    EXPECT_EQ(back.hash_key, sent.hash_key);
    EXPECT_EQ(back.groups, sent.groups);
    EXPECT_EQ(back.epoch, sent.epoch);
    ASSERT_EQ(back.nodes.size(), 2u);
    EXPECT_EQ(back.nodes[1].node, sent.nodes[1].node);
    EXPECT_EQ(back.nodes[1].name, "b");
    EXPECT_EQ(back.nodes[1].client_address, "127.0.0.1:7351");
    EXPECT_EQ(back.leaders, sent.leaders);
    EXPECT_EQ(back.terms, sent.terms);
}

TEST(ClientCodec, CarriesTheLeadersOfTheMostGroups) {
    auto sent = test::sample_hello_reply();
    sent.groups = 16384;
    sent.leaders.assign(16385, 1);
    sent.terms.assign(16385, 900);
    EXPECT_EQ(decoded<routing::HelloReply>(routing::ToClient(sent)).terms, sent.terms);
}

TEST(ClientCodec, CarriesAReply) {
    const Reply sent = test::sample_reply();
    const auto back = decoded<Reply>(routing::ToClient(sent));
    EXPECT_EQ(back.id, sent.id);
    EXPECT_EQ(back.part, sent.part);
    EXPECT_EQ(back.last, sent.last);
    EXPECT_EQ(back.outcome, sent.outcome);
    EXPECT_EQ(back.error, sent.error);
    EXPECT_EQ(back.payload, sent.payload);
    EXPECT_EQ(back.index, sent.index);
    EXPECT_EQ(back.revision, sent.revision);
    EXPECT_EQ(back.version, sent.version);
    EXPECT_EQ(back.generation, sent.generation);
    EXPECT_EQ(back.exists, sent.exists);
    EXPECT_EQ(back.level, sent.level);
    EXPECT_EQ(back.leader_hint, sent.leader_hint);
    EXPECT_EQ(back.hint_term, sent.hint_term);
}

TEST(ClientCodec, ADoneReplyHasNoError) {
    Reply sent;
    sent.id = test::sample_request_id();
    sent.outcome = Outcome::Done;
    sent.error = {ErrorCode::Conflict, 8101, "left over"};
    const auto back = decoded<Reply>(routing::ToClient(sent));
    EXPECT_EQ(back.error, Error{});
    EXPECT_TRUE(back.last);
    EXPECT_TRUE(back.leader_hint.is_zero());
}

TEST(ClientCodec, CarriesAnAdminReply) {
    const auto sent = test::sample_admin_reply();
    const auto back = decoded<routing::AdminReply>(routing::ToClient(sent));
    EXPECT_EQ(back.id, sent.id);
    EXPECT_EQ(back.error, sent.error);
    EXPECT_EQ(back.columns, sent.columns);
    EXPECT_EQ(back.kinds, sent.kinds);
    EXPECT_EQ(back.cells, sent.cells);
    EXPECT_EQ(back.last, sent.last);
    EXPECT_EQ(back.cursor, sent.cursor);
}

TEST(ClientCodec, NamesTheLimitThatARequestBreaks) {
    const std::string long_type(kTypeBytesMax + 1, 't');
    const std::string long_id(kIdBytesMax + 1, 'i');
    const std::string long_command(kCommandNameBytesMax + 1, 'c');
    const std::string long_payload(kPayloadBytesMax + 1, 'p');
    struct Case {
        const char* why;
        std::string_view Request::* field;
        const std::string& value;
        ErrorNumber number;
    };
    const Case cases[] = {
        {"type", &Request::type, long_type, ErrorNumber::BadEntityId},
        {"id", &Request::entity, long_id, ErrorNumber::BadEntityId},
        {"command", &Request::command, long_command, ErrorNumber::UnknownCommand},
        {"payload", &Request::payload, long_payload, ErrorNumber::PayloadTooLarge},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Request request = test::sample_request();
        request.*c.field = c.value;
        const RawMessage raw = raw_of(routing::ToNode(request));
        const auto back = read_to_node(raw);
        ASSERT_FALSE(back);
        EXPECT_EQ(back.error().number, std::uint16_t(c.number));
        EXPECT_EQ(request_id_of(raw), request.id);
    }
}

TEST(ClientCodec, CarriesTheLargestPayload) {
    const std::string payload(kPayloadBytesMax, 'p');
    Request request = test::sample_request();
    request.payload = payload;
    EXPECT_EQ(decoded<Request>(routing::ToNode(request)).payload, payload);
}

TEST(ClientCodec, RefusesValuesOutOfRange) {
    const auto refuses_request = [](auto change) {
        Request request = test::sample_request();
        change(request);
        const auto back = there_and_back(routing::ToNode(request));
        return !back && back.error().number == std::uint16_t(ErrorNumber::BadMessage);
    };
    EXPECT_TRUE(refuses_request([](Request& r) { r.kind = RequestKind{0}; }));
    EXPECT_TRUE(refuses_request([](Request& r) { r.kind = RequestKind{4}; }));
    EXPECT_TRUE(refuses_request([](Request& r) { r.id.group = PartitionId{16385}; }));
    EXPECT_TRUE(refuses_request([](Request& r) { r.id.seq = kCounterMax + 1; }));
    EXPECT_TRUE(refuses_request([](Request& r) { r.id.start_ms = -1; }));
    EXPECT_TRUE(refuses_request([](Request& r) { r.lowest_open = kCounterMax + 1; }));
    const auto refuses_hello = [](auto change) {
        auto hello = test::sample_hello_reply();
        change(hello);
        return !there_and_back(routing::ToClient(hello));
    };
    EXPECT_TRUE(refuses_hello([](auto& h) { h.leaders[0] = 2; }));
    EXPECT_TRUE(refuses_hello([](auto& h) { h.terms.pop_back(); }));
    EXPECT_TRUE(refuses_hello([](auto& h) { h.groups = 3; }));
    EXPECT_TRUE(refuses_hello([](auto& h) { h.terms[1] = kCounterMax + 1; }));
    const auto refuses_reply = [](auto change) {
        Reply reply = test::sample_reply();
        change(reply);
        return !there_and_back(routing::ToClient(reply));
    };
    EXPECT_TRUE(refuses_reply([](Reply& r) { r.outcome = Outcome{5}; }));
    EXPECT_TRUE(refuses_reply([](Reply& r) { r.error.code = ErrorCode{99}; }));
    EXPECT_TRUE(refuses_reply([](Reply& r) { r.level = Level{2}; }));
    const auto refuses_admin = [](auto change) {
        auto reply = test::sample_admin_reply();
        change(reply);
        return !there_and_back(routing::ToClient(reply));
    };
    EXPECT_TRUE(refuses_admin([](auto& a) { a.cells.pop_back(); }));
    EXPECT_TRUE(refuses_admin([](auto& a) { a.kinds.pop_back(); }));
    EXPECT_TRUE(refuses_admin([](auto& a) { a.kinds[0] = routing::CellKind{3}; }));
}

}  // namespace
}  // namespace weft::wire
