#include "transport/datagrams.h"

#include "tests/transport/loopback.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace weft::transport {
namespace {

class DatagramsTest : public testing::Test {
protected:
    void SetUp() override {
        for (End* end : {&a_, &b_}) {
            auto bound = Datagrams::bind(end->address);
            ASSERT_TRUE(bound) << bound.error().message;
            end->socket.emplace(*std::move(bound));
        }
    }
    struct End {
        std::string address = test::free_address();
        std::optional<Datagrams> socket;
    };
    static std::vector<std::string> arrivals(End& at, std::size_t count) {
        std::vector<std::string> out;
        test::eventually({{}, {at.socket->descriptor()}}, [&] {
            while (const auto got = at.socket->receive())
                out.emplace_back(got->begin(), got->end());
            return out.size() >= count;
        });
        return out;
    }
    End a_, b_;
};

TEST_F(DatagramsTest, GoWholeAndBothWays) {
    EXPECT_FALSE(b_.socket->receive());
    const std::string longest(kDatagramBytesMax, 'x');
    ASSERT_TRUE(a_.socket->send(b_.address, "one"));
    ASSERT_TRUE(a_.socket->send(b_.address, ""));
    ASSERT_TRUE(a_.socket->send(b_.address, longest));
    EXPECT_EQ(arrivals(b_, 3), (std::vector<std::string>{"one", "", longest}));
    ASSERT_TRUE(b_.socket->send(a_.address, "two"));
    EXPECT_EQ(arrivals(a_, 1), std::vector<std::string>{"two"});
    EXPECT_EQ(b_.socket->counts(), (DatagramCounts{.received = 3, .sent = 1, .unsent = 0}));
}

TEST_F(DatagramsTest, MoreThanOneCallTakesIn) {
    std::vector<std::string> sent;
    for (int i = 0; i < 100; ++i) {
        sent.push_back(std::to_string(i));
        ASSERT_TRUE(a_.socket->send(b_.address, sent.back()));
    }
    EXPECT_EQ(arrivals(b_, sent.size()), sent);
}

TEST_F(DatagramsTest, WhatIsTooLongComesCutOffWithOneByteMoreThanMayBe) {
    ASSERT_TRUE(a_.socket->send(b_.address, std::string(kDatagramBytesMax + 1, 'x')));
    ASSERT_TRUE(a_.socket->send(b_.address, std::string(9000, 'x')));
    ASSERT_TRUE(a_.socket->send(b_.address, "next"));
    const std::string cut(kDatagramBytesMax + 1, 'x');
    EXPECT_EQ(arrivals(b_, 3), (std::vector<std::string>{cut, cut, "next"}));
}

// What nobody takes neither stops the sender nor what comes to it.
TEST_F(DatagramsTest, NobodyThereIsNoError) {
    const std::string nobody = test::free_address();
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(a_.socket->send(nobody, "anybody?"));
    ASSERT_TRUE(b_.socket->send(a_.address, "me"));
    EXPECT_EQ(arrivals(a_, 1), std::vector<std::string>{"me"});
}

TEST_F(DatagramsTest, OnlyNumbersOfTheOwnFamilyAreSentTo) {
    for (const char* wrong : {"node-b:7340", "[::1]:7340", "192.168.1.4:7340", "nonsense", ""})
        EXPECT_FALSE(a_.socket->send(wrong, "words")) << wrong;
    EXPECT_FALSE(a_.socket->send(b_.address, std::string(70'000, 'x')));
    EXPECT_EQ(a_.socket->counts().unsent, 6u);
}

TEST_F(DatagramsTest, WhereSomebodyIsAlreadyIsAnError) {
    const auto again = Datagrams::bind(a_.address);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().number, 1004);
    EXPECT_EQ(Datagrams::bind("192.168.1.4:7340").error().number, 1003);
    EXPECT_EQ(Datagrams::bind("nonsense").error().number, 1005);
    // A listener of TCP has the same port beside it.
    EXPECT_TRUE(Router::bind(a_.address, {1024}));
}

}  // namespace
}  // namespace weft::transport
