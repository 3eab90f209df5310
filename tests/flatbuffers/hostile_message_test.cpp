// Messages inside frames whose checksum holds: the sender means harm.

#include "core/error.h"
#include "core/random.h"
#include "flatbuffers/wire_types.h"
#include "tests/flatbuffers/wire_samples.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>

namespace weft::wire {
namespace {

struct Sample {
    std::string name;
    std::uint16_t type;
    std::string body;
};

std::vector<Sample> all_samples() {
    std::vector<Sample> out;
    const auto add = [&](const char* name, const std::string& frame) {
        const RawMessage raw = test::only_message(frame);
        out.push_back({name, raw.type, std::string(raw.body.view())});
    };
    for (const auto& s : test::to_node_samples())
        add(s.name, test::frame_of(s.message, Channel::Client));
    for (const auto& s : test::to_client_samples())
        add(s.name, test::frame_of(s.message, Channel::Client));
    for (const auto& s : test::mesh_samples())
        add(s.name, test::frame_of(s.message, Channel::Peer));
    for (const auto& s : test::link_samples())
        add(s.name, test::frame_of(s.message, Channel::Peer));
    return out;
}

// Reads by every codec, touching all that comes out; true when any of them took it.
bool read_everything(std::uint16_t type, std::string_view body) {
    const RawMessage raw = test::raw_message(type, body);
    bool taken = false;
    if (auto read = read_to_node(raw); read && *read) {
        FrameWriter writer;
        EXPECT_TRUE(write(writer, **read));
        taken = true;
    }
    if (auto read = read_to_client(raw); read && *read) {
        FrameWriter writer;
        EXPECT_TRUE(write(writer, **read));
        taken = true;
    }
    if (auto read = read_mesh(raw); read && *read) {
        FrameWriter writer;
        EXPECT_TRUE(write(writer, **read));
        taken = true;
    }
    if (auto read = read_link(raw); read && *read) {
        FrameWriter writer;
        EXPECT_TRUE(write(writer, **read));
        taken = true;
    }
    return taken;
}

TEST(HostileMessage, EverySampleIsReadByItsCodec) {
    for (const Sample& sample : all_samples())
        EXPECT_TRUE(read_everything(sample.type, sample.body)) << sample.name;
}

TEST(HostileMessage, TruncationsDoNotCrash) {
    for (const Sample& sample : all_samples()) {
        SCOPED_TRACE(sample.name);
        // The last bytes may be alignment that no field reaches; half a message is never read.
        for (std::size_t size = 0; size < sample.body.size(); ++size) {
            const bool taken = read_everything(sample.type, sample.body.substr(0, size));
            if (size <= sample.body.size() / 2) {
                EXPECT_FALSE(taken) << size;
            }
        }
    }
}

TEST(HostileMessage, FlippedBitsDoNotCrash) {
    for (const Sample& sample : all_samples()) {
        for (std::size_t bit = 0; bit < sample.body.size() * 8; ++bit) {
            std::string flipped = sample.body;
            flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
            read_everything(sample.type, flipped);
        }
    }
}

// Offsets to themselves, backwards, past the end, unaligned: each 32-bit word takes each such
// value.
TEST(HostileMessage, WildOffsetsDoNotCrash) {
    for (const Sample& sample : all_samples()) {
        for (std::size_t at = 0; at + 4 <= sample.body.size(); at += 4) {
            const auto size = static_cast<std::uint32_t>(sample.body.size());
            for (const std::uint32_t value :
                 {0u, 1u, 3u, 4u, size, size - 4, 0x7fffffffu, 0x80000000u, 0xfffffffcu, ~0u}) {
                std::string changed = sample.body;
                std::memcpy(changed.data() + at, &value, sizeof value);
                read_everything(sample.type, changed);
            }
        }
    }
}

TEST(HostileMessage, RandomBytesDoNotCrash) {
    Random random(20240607);
    for (int i = 0; i < 4000; ++i) {
        std::string body(random.below(512), '\0');
        for (char& c : body) c = static_cast<char>(random.next());
        // Half of them begin with a root offset that lies inside.
        if (body.size() >= 64 && random.chance(1, 2)) {
            const auto root = static_cast<std::uint32_t>(8 + 4 * random.below(8));
            std::memcpy(body.data(), &root, sizeof root);
        }
        const auto type = static_cast<std::uint16_t>(random.below(128));
        EXPECT_FALSE(read_everything(type, body));
    }
}

// A table of 8,000 references to one table of 8,000 references is 64 KB, and a verifier with
// default options follows each. Here the work must not grow with the references.
TEST(HostileMessage, SharedOffsetsAreRefusedAtOnce) {
    constexpr std::size_t kWords = (std::size_t{1} << 20) / 4;
    std::vector<std::uint32_t> words(kWords, 0);
    // Root table at 16 with a vtable at 4 of fourteen fields, which all point at one vector that
    // consists of references to further tables.
    words[0] = 40;
    auto* vtable = reinterpret_cast<std::uint16_t*>(&words[1]);
    vtable[0] = 4 + 2 * 14;
    vtable[1] = 4 + 4 * 14;
    for (int i = 0; i < 14; ++i) vtable[2 + i] = static_cast<std::uint16_t>(4 + 4 * i);
    words[10] = 40 - 4;
    constexpr std::size_t kVector = 32;
    for (std::size_t i = 11; i < 25; ++i) words[i] = static_cast<std::uint32_t>((kVector - i) * 4);
    words[kVector] = static_cast<std::uint32_t>(kWords - kVector - 1);
    for (std::size_t i = kVector + 1; i < kWords; ++i)
        words[i] = static_cast<std::uint32_t>((kWords - i) * 2) & ~3u;
    const std::string body(reinterpret_cast<const char*>(words.data()), kWords * 4);
    const auto begin = std::chrono::steady_clock::now();
    for (const Sample& sample : all_samples()) EXPECT_FALSE(read_everything(sample.type, body));
    const auto spent = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(spent, std::chrono::seconds(2)) << "for 54 readings of 1 MiB each";
}

// Many items over one range of the blob would make the same entries be walked again and again.
TEST(HostileMessage, ItemsThatShareEntriesAreRefused) {
    replication::AppendBatch batch;
    const std::string entries = test::sample_entries(PartitionId{3}, {Term{4}, LogIndex{10}}, 1000);
    const replication::AppendItem item{PartitionId{3},
                                       Term{5},
                                       {Term{4}, LogIndex{10}},
                                       LogIndex{9},
                                       1000,
                                       0,
                                       static_cast<std::uint32_t>(entries.size())};
    batch.items.assign(replication::kBatchItemsMax, item);
    batch.blob = Bytes::copy_of(entries);
    const auto read = read_mesh(test::only_message(
        test::frame_of(node::MeshMessage(replication::PeerMessage(batch)), Channel::Peer)));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().number, std::uint16_t(ErrorNumber::BadMessage));
}

TEST(HostileMessage, ABatchOfMoreItemsThanANodeSendsIsRefused) {
    replication::AppendBatch batch;
    replication::AppendItem item;
    item.group = PartitionId{3};
    item.term = Term{5};
    for (const std::size_t more : {0u, 1u}) {
        batch.items.assign(replication::kBatchItemsMax + more, item);
        const auto read = read_mesh(test::only_message(
            test::frame_of(node::MeshMessage(replication::PeerMessage(batch)), Channel::Peer)));
        EXPECT_EQ(read.has_value(), more == 0) << (read ? "" : read.error().message);
    }
}

TEST(HostileMessage, UnknownTypesAreSkippedUnlessTheyMustBeUnderstood) {
    const RawMessage skippable = test::raw_message(999, "12345678", 0);
    const auto node = read_to_node(skippable);
    const auto client = read_to_client(skippable);
    const auto mesh = read_mesh(skippable);
    EXPECT_TRUE(node && !*node);
    EXPECT_TRUE(client && !*client);
    EXPECT_TRUE(mesh && !*mesh);
    const RawMessage strict = test::raw_message(999, "12345678", kMustUnderstand);
    for (const Error& error : {read_to_node(strict).error(), read_to_client(strict).error(),
                               read_mesh(strict).error()}) {
        EXPECT_EQ(error.number, std::uint16_t(ErrorNumber::NewerWire));
        EXPECT_NE(error.message.find("999"), std::string::npos);
    }
}

TEST(HostileMessage, NewerVersionsOfATypeNameBoth) {
    RawMessage raw = test::only_message(
        test::frame_of(routing::ToNode(test::sample_request()), Channel::Client));
    raw.version = 4;
    const auto read = read_to_node(raw);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().number, std::uint16_t(ErrorNumber::NewerWire));
    EXPECT_NE(read.error().message.find("version 4"), std::string::npos);
    EXPECT_NE(read.error().message.find("version 1"), std::string::npos);
}

// Item 32: right checksum, wrong place.
TEST(HostileMessage, MessagesOutOfPlaceAreNamedSo) {
    const RawMessage reply = test::only_message(
        test::frame_of(routing::ToClient(test::sample_reply()), Channel::Client));
    const RawMessage request = test::only_message(
        test::frame_of(routing::ToNode(test::sample_request()), Channel::Client));
    const RawMessage append = test::only_message(test::frame_of(
        node::MeshMessage(replication::PeerMessage(test::sample_append())), Channel::Peer));
    const auto expect_unexpected = [](const auto& read) {
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().number, std::uint16_t(ErrorNumber::UnexpectedMessage));
    };
    expect_unexpected(read_to_node(reply));
    expect_unexpected(read_to_node(append));
    expect_unexpected(read_to_client(request));
    expect_unexpected(read_to_client(append));
    expect_unexpected(read_mesh(request));
    expect_unexpected(read_mesh(reply));
    for (const auto& link : test::link_samples()) {
        const RawMessage raw = test::only_message(test::frame_of(link.message, Channel::Peer));
        expect_unexpected(read_mesh(raw));
        expect_unexpected(read_to_node(raw));
    }
}

// What nodes ask each other has the tables of Request and Reply, and no place at clients' ports.
TEST(HostileMessage, WhatNodesAskIsNoClients) {
    for (const auto& sample : test::mesh_samples()) {
        if (!std::holds_alternative<node::NodeRequest>(sample.message) &&
            !std::holds_alternative<node::NodeReply>(sample.message))
            continue;
        SCOPED_TRACE(sample.name);
        const RawMessage raw = test::only_message(test::frame_of(sample.message, Channel::Peer));
        EXPECT_EQ(raw.flags & kMustUnderstand, 0) << "an older weft skips it";
        for (const Error& error : {read_to_node(raw).error(), read_to_client(raw).error()})
            EXPECT_EQ(error.number, std::uint16_t(ErrorNumber::UnexpectedMessage));
        EXPECT_FALSE(request_id_of(raw));
    }
}

TEST(HostileMessage, WhatANodeAsksHasTheLimitsOfAClient) {
    const auto read = [](const Request& request) {
        return read_mesh(test::only_message(test::frame_of(
            node::MeshMessage(node::NodeRequest{OwnTag{1}, request}), Channel::Peer)));
    };
    const Request good = test::sample_request();
    EXPECT_TRUE(read(good));
    const std::string long_text(kPayloadBytesMax + 1, 'x');
    Request request = good;
    request.type = std::string_view(long_text).substr(0, kTypeBytesMax + 1);
    EXPECT_FALSE(read(request));
    request = good;
    request.entity = std::string_view(long_text).substr(0, kIdBytesMax + 1);
    EXPECT_FALSE(read(request));
    request = good;
    request.command = std::string_view(long_text).substr(0, kCommandNameBytesMax + 1);
    EXPECT_FALSE(read(request));
    request = good;
    request.payload = long_text;
    EXPECT_FALSE(read(request));
    request = good;
    request.id.seq = kCounterMax + 1;
    EXPECT_FALSE(read(request));
}

TEST(HostileMessage, AnAnswerOfNoSecretOrOfTooManyIsRefused) {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kLinkSecretsMax,
                                    kLinkSecretsMax + 1, std::size_t{1000}}) {
        SCOPED_TRACE(count);
        const LinkMessage answer = LinkAnswer{std::vector<LinkSecret>(count)};
        const auto read = read_link(test::only_message(test::frame_of(answer, Channel::Peer)));
        EXPECT_EQ(read.has_value(), count >= 1 && count <= kLinkSecretsMax);
    }
}

}  // namespace
}  // namespace weft::wire
