#include "transport/zmtp.h"

#include <gtest/gtest.h>

namespace weft::transport {
namespace {

using std::string_literals::operator""s;

constexpr std::size_t kLimit = 100'000;

std::string greeting() { return std::string(listener_greeting().substr(0, 64)); }

TEST(Zmtp, OurOwnGreetingIsOneOfVersionThree) {
    const std::string_view hello = listener_greeting();
    const Unit unit = next_unit(Phase::Greeting, hello, kLimit);
    EXPECT_TRUE(unit.good);
    EXPECT_EQ(unit.bytes, 64u);
    const Unit ready = next_unit(Phase::Ready, hello.substr(64), kLimit);
    EXPECT_TRUE(ready.good);
    EXPECT_EQ(64 + ready.bytes, hello.size());
    EXPECT_FALSE(is_ready_of_dealer(hello.substr(64 + ready.head))) << "a ROUTER's";
}

TEST(Zmtp, AGreetingHoldsWhereverItIsCut) {
    for (std::size_t size = 0; size <= 64; ++size)
        EXPECT_TRUE(next_unit(Phase::Greeting, greeting().substr(0, size), kLimit).good) << size;
}

// Signature, version and mechanism; who is server and the filler say nothing.
TEST(Zmtp, AGreetingWithOneWrongByteFailsAtThatByte) {
    for (std::size_t at = 0; at < 64; ++at) {
        std::string wrong = greeting();
        wrong[at] = static_cast<char>(at == 10 ? 2 : wrong[at] ^ 0x55);
        const bool matters = at == 0 || at == 9 || at == 10 || (at >= 12 && at < 32);
        EXPECT_EQ(next_unit(Phase::Greeting, wrong.substr(0, at + 1), kLimit).good, !matters) << at;
    }
}

TEST(Zmtp, FramesAreMeasuredAsSoonAsTheirHeadIsThere) {
    struct Case {
        std::string begin;
        bool good;
        std::size_t bytes, head;
    };
    const Case cases[] = {
        {"", true, 2, 0},
        {"\0"s, true, 2, 0},
        {"\0\0"s, true, 2, 2},
        {"\0\xff"s, true, 257, 2},
        {"\2"s, true, 9, 0},
        {"\2\0\0\0\0\0\0\0"s, true, 9, 0},
        {"\2\0\0\0\0\0\0\1\0"s, true, 265, 9},
        {"\2\0\0\0\0\0\1\x86\xa0"s, true, kLimit + 9, 9},
        {"\2\0\0\0\0\0\1\x86\xa1"s, false, 0, 0},              // one more than the limit
        {"\2\x40\0\0\0\0\0\0\0"s, false, 0, 0},                // 2^62
        {"\2\xff\xff\xff\xff\xff\xff\xff\xff"s, false, 0, 0},  // 2^64 - 1
        {"\1"s, false, 0, 0},                                  // a message of several frames
        {"\4"s, false, 0, 0},                                  // a command
        {"\x08"s, false, 0, 0},                                // a flag that is not known
    };
    for (const Case& c : cases) {
        const Unit unit = next_unit(Phase::Open, c.begin, kLimit);
        EXPECT_EQ(unit.good, c.good) << testing::PrintToString(c.begin);
        EXPECT_EQ(unit.bytes, c.bytes) << testing::PrintToString(c.begin);
        EXPECT_EQ(unit.head, c.head) << testing::PrintToString(c.begin);
    }
}

TEST(Zmtp, BeforeReadyThereAreShortCommandsOnly) {
    EXPECT_TRUE(next_unit(Phase::Ready, "\4\x1c"s, kLimit).good);
    EXPECT_TRUE(next_unit(Phase::Ready, "\6\0\0\0\0\0\0\4\0"s, kLimit).good);
    EXPECT_FALSE(next_unit(Phase::Ready, "\6\0\0\0\0\0\0\4\1"s, kLimit).good);
    EXPECT_FALSE(next_unit(Phase::Ready, "\0"s, kLimit).good) << "a message";
    EXPECT_FALSE(next_unit(Phase::Ready, "\5"s, kLimit).good);
}

TEST(Zmtp, ReadyNamesADealer) {
    const std::string dealer = "\5READY\x0bSocket-Type\0\0\0\6DEALER"s;
    EXPECT_TRUE(is_ready_of_dealer(dealer));
    EXPECT_TRUE(is_ready_of_dealer(dealer + "\x08Identity\0\0\0\0"s));
    EXPECT_TRUE(is_ready_of_dealer("\5READY\x08Identity\0\0\0\2ab\x0bSOCKET-TYPE\0\0\0\6DEALER"s));
    EXPECT_FALSE(is_ready_of_dealer("\5READY"));
    EXPECT_FALSE(is_ready_of_dealer("\5ERROR\x0bSocket-Type\0\0\0\6DEALER"s));
    EXPECT_FALSE(is_ready_of_dealer("\5READY\x0bSocket-Type\0\0\0\3REQ"s));
    for (std::size_t size = 0; size < dealer.size(); ++size)
        EXPECT_FALSE(is_ready_of_dealer(dealer.substr(0, size))) << size;
    EXPECT_FALSE(is_ready_of_dealer(dealer + "x"));
    EXPECT_FALSE(is_ready_of_dealer(dealer + "\1x\xff\xff\xff\xff"s));
}

TEST(Zmtp, HeadsAreReadAsTheyAreWritten) {
    for (const std::size_t body : {0u, 1u, 255u, 256u, 65'536u, 100'000u}) {
        const FrameHead head(body);
        const Unit unit = next_unit(Phase::Open, head.view(), kLimit);
        EXPECT_TRUE(unit.good);
        EXPECT_EQ(unit.head, head.view().size());
        EXPECT_EQ(unit.bytes, unit.head + body);
    }
}

}  // namespace
}  // namespace weft::transport
