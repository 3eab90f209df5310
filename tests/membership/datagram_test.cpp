#include "membership/datagram.h"

#include "tests/membership/names.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace weft::membership {
namespace {

Header header() {
    return {77, Boot{3}, node_of(1), incarnation_of(2, 300), Sequence{129}, Quality::Slow};
}

std::vector<Message> one_of_each() {
    BucketSums sums{{3, node_of(0x123)}, {}};
    sums.bucket.prefix = {};
    sums.bucket.prefix.bytes = {0x12, 0x30};
    for (std::size_t i = 0; i < sums.sums.size(); ++i)
        sums.sums[i] = static_cast<std::uint32_t>(i * i);
    Claim refused = suspect(4, incarnation_of(1, 2), 5);
    refused.evidence = Evidence::Refused;
    return {Ping{ProbeNumber{1}, Stamp{2}, ViewDigest{3}},
            Ack{ProbeNumber{4}, Stamp{5}, ViewDigest{6}},
            PingRequest{ProbeNumber{7}, node_of(8)},
            RelayedAck{ProbeNumber{9}},
            Nack{ProbeNumber{10}},
            Rumour{alive(2, incarnation_of(1U << 20, 127))},
            Rumour{refused},
            sums,
            BucketFacts{{2, {{0xab}}}},
            Fact{dead(6, incarnation_of(9, 128), 7)},
            Fact{left(6, incarnation_of(std::numeric_limits<std::uint64_t>::max(), 0))}};
}

std::string written(const std::vector<Message>& messages) {
    std::string bytes;
    DatagramWriter writer(bytes, Carrier::Datagram);
    writer.begin(header());
    for (const Message& message : messages) EXPECT_TRUE(writer.add(message));
    return bytes;
}

TEST(Datagram, ReadsWhatWasWritten) {
    Datagram read;
    ASSERT_TRUE(read_datagram(written(one_of_each()), Carrier::Datagram, read));
    EXPECT_EQ(read.header, header());
    EXPECT_EQ(read.messages, one_of_each());
}

TEST(Datagram, CutAnywhereInsideAMessageIsRefused) {
    for (const Message& message : one_of_each()) {
        const std::string empty = written({});
        const std::string bytes = written({message});
        Datagram read;
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const bool whole = size == empty.size();
            EXPECT_EQ(read_datagram(bytes.substr(0, size), Carrier::Datagram, read), whole)
                << message.index() << " cut at " << size;
        }
    }
}

// One content has one spelling: whatever is read is written again as the same bytes.
TEST(Datagram, AFlippedBitIsRefusedOrIsAnotherDatagram) {
    const std::string bytes = written(one_of_each());
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string flipped = bytes;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        Datagram read;
        if (!read_datagram(flipped, Carrier::Datagram, read)) continue;
        std::string again;
        DatagramWriter writer(again, Carrier::Datagram);
        writer.begin(read.header);
        for (const Message& message : read.messages) ASSERT_TRUE(writer.add(message));
        EXPECT_EQ(again, flipped) << "bit " << bit;
    }
}

TEST(Datagram, IsNeverLargerThanItMay) {
    std::string bytes = "what was there before";
    const std::size_t before = bytes.size();
    DatagramWriter writer(bytes, Carrier::Datagram);
    writer.begin(header());
    while (writer.add(Fact{dead(1, incarnation_of(1, 1), 2)})) {
    }
    EXPECT_LE(bytes.size() - before, kBodyBytesMax);
    EXPECT_GT(bytes.size() - before, kBodyBytesMax - kClaimBytesMax);
    Datagram read;
    EXPECT_TRUE(read_datagram(std::string_view(bytes).substr(before), Carrier::Datagram, read));
    EXPECT_EQ(read.messages.size(), writer.messages());
    EXPECT_FALSE(read_datagram(std::string(kBodyBytesMax + 1, '\1'), Carrier::Datagram, read));
}

TEST(Datagram, HoldsAtMostSoManyMessages) {
    std::string bytes;
    DatagramWriter writer(bytes, Carrier::Datagram);
    writer.begin(header());
    std::size_t messages = 0;
    while (writer.add(Nack{ProbeNumber{1}})) ++messages;
    EXPECT_EQ(messages, kDatagramMessagesMax);
    EXPECT_EQ(writer.room(), 0U);
    Datagram read;
    EXPECT_TRUE(read_datagram(bytes, Carrier::Datagram, read));
    bytes += bytes.substr(bytes.size() - 5);
    EXPECT_FALSE(read_datagram(bytes, Carrier::Datagram, read));
    EXPECT_TRUE(read_datagram(bytes, Carrier::Stream, read));
}

TEST(Datagram, RefusesWhatNobodyMaySay) {
    Claim refused_alive = alive(1, incarnation_of(1));
    refused_alive.evidence = Evidence::Refused;
    Claim unseen = alive(1, incarnation_of(1));
    unseen.state = MemberState::Unseen;
    Claim unknown = alive(1, incarnation_of(1));
    unknown.state = static_cast<MemberState>(5);
    struct Case {
        const char* why;
        Message message;
    };
    const Case cases[] = {
        {"a member accuses itself", Rumour{suspect(1, incarnation_of(1), 1)}},
        {"a boot of zero", Rumour{alive(1, incarnation_of(0, 1))}},
        {"alive by a refused connection", Rumour{refused_alive}},
        {"unseen", Fact{unseen}},
        {"a state of the future", Fact{unknown}},
        {"too deep a bucket", BucketFacts{{kBucketDepthMax + 1, {}}}},
        {"a prefix longer than its depth", BucketFacts{{1, {{0x12}}}}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Datagram read;
        EXPECT_FALSE(read_datagram(written({c.message}), Carrier::Datagram, read));
    }
}

TEST(Datagram, ATagBelongsToOneMeshAndOneReceiver) {
    const ClusterId mesh{{1}}, other{{2}};
    EXPECT_EQ(mesh_tag(mesh, node_of(1)), mesh_tag(mesh, node_of(1)));
    EXPECT_NE(mesh_tag(mesh, node_of(1)), mesh_tag(mesh, node_of(2)));
    EXPECT_NE(mesh_tag(mesh, node_of(1)), mesh_tag(other, node_of(1)));
}

}  // namespace
}  // namespace weft::membership
