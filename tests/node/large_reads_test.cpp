// Reads of large states take turns behind what is small, within bounds.

#include "node/large_reads.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace weft::node::test {
namespace {

struct LargeReadsTest : testing::Test {
    // A read of a state of `bytes` by a client, its payload of `payload` bytes.
    bool add(std::uint64_t client, std::size_t bytes, std::size_t payload = 1) {
        const std::string text(payload, 'x');
        replication::LargeRead read;
        read.from = ClientRef{client};
        read.request.payload = text;
        read.bytes = bytes;
        const bool taken = reads.add(PartitionId{1}, read);
        reads.check();
        return taken;
    }
    // Whose reads a round serves, one letter for a client: "12".
    std::string round() {
        std::string said;
        reads.begin_round();
        while (const auto next = reads.take()) {
            EXPECT_EQ(next->read.request.payload[0], 'x') << "the text is its own";
            said += std::to_string(std::get<ClientRef>(next->read.from).value);
        }
        reads.check();
        return said;
    }

    LargeReads reads{{.reads_max = 4, .bytes_max = 100, .share = 1000}};
};

TEST_F(LargeReadsTest, ARoundServesItsShareInTheOrderTheyCame) {
    EXPECT_EQ(reads.deadline(), Instant::never());
    add(1, 600);
    add(2, 600);
    add(3, 5000);
    add(4, 1);
    EXPECT_EQ(reads.deadline(), Instant::long_ago());
    EXPECT_EQ(round(), "12");
    EXPECT_EQ(round(), "3") << "one may be more than the share";
    EXPECT_EQ(round(), "4");
    EXPECT_EQ(round(), "");
    EXPECT_EQ(reads.deadline(), Instant::never());
}

TEST_F(LargeReadsTest, WaitWithinBounds) {
    EXPECT_TRUE(add(1, 1, 60));
    EXPECT_FALSE(add(2, 1, 41)) << "too much payload";
    EXPECT_TRUE(add(3, 1, 38));
    EXPECT_TRUE(add(4, 1));
    EXPECT_TRUE(add(5, 1));
    EXPECT_FALSE(add(6, 1, 0)) << "too many";
    EXPECT_EQ(round(), "1345");
    EXPECT_TRUE(add(7, 1, 100));
}

TEST_F(LargeReadsTest, ThoseOfAConnectionThatIsGoneAreForgotten) {
    add(1, 1, 50);
    add(2, 1, 50);
    add(1, 1, 0);
    reads.forget(ClientRef{1});
    reads.check();
    EXPECT_EQ(reads.size(), 1U);
    EXPECT_TRUE(add(3, 1, 50)) << "their room is free again";
    EXPECT_EQ(round(), "23");
}

// What was moved from has lost its reads and still counts them.
TEST_F(LargeReadsTest, CheckFindsBytesThatNoReadHolds) {
    add(1, 1, 7);
    const LargeReads taken(static_cast<LargeReads&&>(reads));
    EXPECT_EQ(weft::test::said_by([&] { taken.check(); }), "");
    EXPECT_EQ(weft::test::said_by([&] { reads.check(); }),
              "large reads hold 0 bytes, 7 are counted");
}

}  // namespace
}  // namespace weft::node::test
