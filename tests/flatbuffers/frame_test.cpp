#include "core/error.h"
#include "core/hash.h"
#include "flatbuffers/wire_frame.h"
#include "tests/flatbuffers/wire_samples.h"

#include <gtest/gtest.h>

#include <cstring>

namespace weft::wire {
namespace {

std::string two_message_frame() {
    FrameWriter writer;
    EXPECT_TRUE(writer.add(901, 0, "abc"));
    EXPECT_TRUE(writer.add(902, kMustUnderstand, "12345678"));
    return writer.finish(test::sample_header(Channel::Peer));
}

TEST(Frame, BringsBackHeaderAndMessages) {
    auto reader = FrameReader::open(two_message_frame());
    ASSERT_TRUE(reader);
    const FrameHeader& header = reader->header();
    const FrameHeader sent = test::sample_header(Channel::Peer);
    EXPECT_EQ(header.channel, sent.channel);
    EXPECT_EQ(header.messages, 2u);
    EXPECT_EQ(header.body_bytes, 32u);
    EXPECT_EQ(header.cluster, sent.cluster);
    EXPECT_EQ(header.sender, sent.sender);
    EXPECT_EQ(header.sender_boot, sent.sender_boot);
    EXPECT_EQ(header.receiver, sent.receiver);
    EXPECT_EQ(header.durable, sent.durable);
    EXPECT_EQ(header.feature_level, 1u);
    auto first = reader->next();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->type, 901);
    EXPECT_EQ((*first)->flags, 0);
    EXPECT_EQ((*first)->body.view(), "abc");
    auto second = reader->next();
    ASSERT_TRUE(second && *second);
    EXPECT_EQ((*second)->type, 902);
    EXPECT_EQ((*second)->flags, kMustUnderstand);
    EXPECT_EQ((*second)->body.view(), "12345678");
    auto end = reader->next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
}

// 96 bytes, little-endian; the layout is part of the format.
TEST(Frame, HasItsFieldsWhereTheFormatSays) {
    const std::string frame = two_message_frame();
    EXPECT_EQ(frame.substr(0, 4), "WEFT");
    EXPECT_EQ(frame[4], 1);
    EXPECT_EQ(frame[5], 1);
    EXPECT_EQ(frame.substr(8, 8), std::string("\x20\0\0\0\x02\0\0\0", 8));
    EXPECT_EQ(frame[16], 0x10);
    EXPECT_EQ(frame[32], 0x30);
    EXPECT_EQ(frame[48], 7);
    EXPECT_EQ(frame[56], 0x50);
    EXPECT_EQ(frame[72], 8);
    EXPECT_EQ(frame[80], 1);
    EXPECT_EQ(frame.size(), kFrameHeaderBytes + 32);
}

TEST(Frame, WriterIsReusable) {
    FrameWriter writer;
    EXPECT_TRUE(writer.empty());
    EXPECT_EQ(writer.bytes(), kFrameHeaderBytes);
    EXPECT_TRUE(writer.add(901, 0, "abc"));
    EXPECT_EQ(writer.bytes(), kFrameHeaderBytes + 16);
    const std::string sealed(writer.seal(test::sample_header(Channel::Peer)));
    EXPECT_TRUE(writer.empty());
    EXPECT_EQ(writer.bytes(), kFrameHeaderBytes);
    EXPECT_TRUE(writer.add(901, 0, "abc"));
    EXPECT_EQ(writer.finish(test::sample_header(Channel::Peer)), sealed);
    EXPECT_TRUE(writer.empty());
    EXPECT_TRUE(writer.add(901, 0, "dropped"));
    writer.clear();
    EXPECT_TRUE(writer.add(901, 0, "abc"));
    EXPECT_EQ(writer.finish(test::sample_header(Channel::Peer)), sealed);
}

// ZeroMQ delivers payloads at any address.
TEST(Frame, IsReadFromAnyAddress) {
    for (std::size_t shift = 0; shift < 8; ++shift) {
        SCOPED_TRACE(shift);
        const std::string shifted = std::string(shift, 'x') + two_message_frame();
        auto reader = FrameReader::open(std::string_view(shifted).substr(shift));
        ASSERT_TRUE(reader);
        auto message = reader->next();
        ASSERT_TRUE(message && *message);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>((*message)->body.data()) % 8, 0u);
    }
}

TEST(Frame, RefusesEveryTruncationAndExtension) {
    const std::string frame = two_message_frame();
    for (std::size_t size = 0; size < frame.size(); ++size) {
        auto reader = FrameReader::open(frame.substr(0, size));
        ASSERT_FALSE(reader) << size;
        EXPECT_EQ(reader.error().code, ErrorCode::Malformed) << size;
    }
    EXPECT_FALSE(FrameReader::open(frame + std::string(8, '\0')));
}

TEST(Frame, RefusesEveryFlippedBit) {
    const std::string frame = two_message_frame();
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
        std::string flipped = frame;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_FALSE(FrameReader::open(flipped)) << "bit " << bit;
    }
}

TEST(Frame, OfANewerVersionNamesBoth) {
    std::string frame = two_message_frame();
    frame[4] = 9;
    auto reader = FrameReader::open(frame);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().number, std::uint16_t(ErrorNumber::NewerWire));
    EXPECT_EQ(reader.error().code, ErrorCode::Unsupported);
    EXPECT_NE(reader.error().message.find("version 9"), std::string::npos);
    EXPECT_NE(reader.error().message.find("up to 1"), std::string::npos);
}

TEST(Frame, OverItsLimitIsTooLarge) {
    auto reader = FrameReader::open(std::string(kFrameBytesMax + 1, 'x'));
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().number, std::uint16_t(ErrorNumber::FrameTooLarge));
}

// What a message weighs is decided by whoever asked for it: no invariant, and the frame stays good.
TEST(Frame, RefusesAMessagePastItsLimitAndKeepsWhatItHas) {
    const std::size_t room = kFrameBytesMax - kFrameHeaderBytes - kMessageHeaderBytes;
    FrameWriter writer;
    const auto refused = writer.add(901, 0, std::string(room + 1, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().number, std::uint16_t(ErrorNumber::FrameTooLarge));
    EXPECT_EQ(refused.error().code, ErrorCode::LimitExceeded);
    EXPECT_TRUE(writer.empty());
    EXPECT_TRUE(writer.add(901, 0, std::string(room, 'x'))) << "as large as it may be";
    EXPECT_FALSE(writer.add(902, 0, "")) << "there is no room for a header";
    EXPECT_EQ(writer.messages(), 1u);
    EXPECT_EQ(writer.bytes(), kFrameBytesMax);
    EXPECT_TRUE(FrameReader::open(writer.finish(test::sample_header(Channel::Peer))));
}

TEST(Frame, BeginsAnewForAMessageThatFitsOnlyAlone) {
    FrameWriter writer;
    const std::string large(kFrameBytesMax - 1000, 'x');
    int sent = 0;
    const auto add = [&](std::string_view body) {
        return add_or_begin_anew(writer, [&] { return writer.add(901, 0, body); }, [&] { ++sent; });
    };
    EXPECT_TRUE(add("first"));
    EXPECT_TRUE(add(std::string(2000, 'y')));
    EXPECT_EQ(sent, 0);
    EXPECT_TRUE(add(large));
    EXPECT_EQ(sent, 1);
    EXPECT_EQ(writer.messages(), 1u);
    EXPECT_FALSE(add(large + large));
    EXPECT_EQ(sent, 2) << "what was before it is sent whatever becomes of it";
    EXPECT_TRUE(writer.empty());
}

TEST(Frame, WithoutMessagesIsRefused) {
    FrameWriter writer;
    EXPECT_FALSE(FrameReader::open(writer.finish(test::sample_header(Channel::Peer))));
}

// A frame with a right checksum, made by somebody who means harm.
std::string frame_with_body(std::string_view body, std::uint32_t messages) {
    FrameWriter writer;
    EXPECT_TRUE(writer.add(901, 0, body));
    const FrameHeader header = test::sample_header(Channel::Peer);
    std::string frame(writer.seal(header));
    frame.replace(kFrameHeaderBytes, 8 + body.size(), body);
    frame.resize(kFrameHeaderBytes + body.size());
    const auto put = [&](std::size_t at, auto value) {
        std::memcpy(frame.data() + at, &value, sizeof value);
    };
    put(8, static_cast<std::uint32_t>(body.size()));
    put(12, messages);
    put(88, std::uint64_t{0});
    put(88, xxh3_64(frame));
    return frame;
}

std::string message_bytes(std::uint32_t stated, std::string_view body) {
    std::string out(8, '\0');
    std::memcpy(out.data() + 4, &stated, sizeof stated);
    out += body;
    return out;
}

TEST(Frame, MessageHeadersMustStayInBounds) {
    struct Case {
        const char* why;
        std::string body;
        std::uint32_t messages;
    };
    const Case cases[] = {
        {"longer than the frame", message_bytes(9, "12345678"), 1},
        {"2^32-1 bytes", message_bytes(0xffffffff, "12345678"), 1},
        {"bytes after the last", message_bytes(0, "12345678"), 1},
        {"more messages than there are", message_bytes(8, "12345678"), 2},
        {"padding that says something", message_bytes(4, std::string_view("1234\0\0\0x", 8)), 1},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        auto reader = FrameReader::open(frame_with_body(c.body, c.messages));
        ASSERT_TRUE(reader);
        auto message = reader->next();
        if (message) message = reader->next();
        ASSERT_FALSE(message);
        EXPECT_EQ(message.error().number, std::uint16_t(ErrorNumber::BadFrame));
    }
}

}  // namespace
}  // namespace weft::wire
