// Beyond every bound of a listener: what goes is what the bound names, and a good client is served.

#include "tests/transport/router_limit.h"

#include <sys/resource.h>

#include <thread>
#include <vector>

namespace weft::transport {
namespace {

TEST_F(RouterLimit, ConnectionsWithoutAGoodFrameMakeRoomFirst) {
    listen({.frame_bytes_max = 1024, .connections_max = 4});
    const ClientRef good = serve();
    std::vector<Tcp> silent;
    for (int i = 0; i < 8; ++i) {
        silent.push_back(connect(kGreeting));
        EXPECT_TRUE(look_until(
            [&] { return router_->connections() == std::min<std::size_t>(4, silent.size() + 1); }));
    }
    EXPECT_TRUE(look_until([&] { return router_->counts().displaced == 5; }));
    EXPECT_TRUE(alive(good));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(silent[static_cast<std::size_t>(i)]->closed_by_peer());
    EXPECT_TRUE(alive(serve()));
}

TEST_F(RouterLimit, TheOneSilentForLongestMakesRoomForGoodOnes) {
    listen({.frame_bytes_max = 1024, .connections_max = 3});
    const ClientRef first = serve(), second = serve(), third = serve();
    ASSERT_TRUE(served_[0]->send(kFrame));
    ASSERT_TRUE(look_until([&] { return last_ == first; }));
    const ClientRef fourth = serve();
    EXPECT_FALSE(alive(second));
    for (const ClientRef name : {first, third, fourth}) EXPECT_TRUE(alive(name));
}

TEST_F(RouterLimit, GreetingsThatDoNotEndAreCutInTime) {
    listen({.frame_bytes_max = 1024, .greeting_time = std::chrono::milliseconds(300)});
    std::vector<Tcp> slow;
    for (const std::size_t bytes : {0u, 1u, 10u, 63u, 64u, 80u, 93u})
        slow.push_back(connect(kGreeting.substr(0, bytes)));
    const ClientRef good = serve();
    EXPECT_TRUE(look_until([&] { return router_->counts().unfinished == slow.size(); }));
    for (const Tcp& tcp : slow) EXPECT_TRUE(tcp->closed_by_peer());
    EXPECT_TRUE(alive(good));
    EXPECT_EQ(router_->connections(), 1u);
}

// A frame that does not end is in nobody's way: it goes after a time, and before younger ones.
TEST_F(RouterLimit, FramesThatDoNotEndAreCutInTime) {
    listen({.frame_bytes_max = 1024, .frame_time = std::chrono::milliseconds(300)});
    const std::string half = test::zmtp_frame(std::string(1000, 'x')).substr(0, 500);
    const auto slow = connect(kGreeting + half);
    // One that ends each of its frames is not late, however often it begins one.
    const ClientRef good = serve();
    std::string frames;
    for (int i = 0; i < 100; ++i) frames += test::zmtp_frame(std::string(1000, 'y'));
    std::size_t at = 0;
    EXPECT_TRUE(look_until([&] {
        at += served_[0]->send_some(std::string_view(frames).substr(at, 700));
        at %= frames.size();
        return router_->counts().unfinished == 1;
    }));
    EXPECT_TRUE(slow->closed_by_peer());
    EXPECT_TRUE(alive(good));
}

// Of every size about what one turn reads and one part keeps: nothing comes behind a whole frame
// that would wake it.
TEST_F(RouterLimit, LargeFramesArriveWithNothingBehindThem) {
    constexpr std::size_t kPart = std::size_t{64} << 10, kTurn = 2 * kPart;
    listen({.frame_bytes_max = std::size_t{4} << 20});
    std::string bytes(16 * kTurn, 'v');
    for (std::size_t i = 0; i < bytes.size(); i += 7) bytes[i] = static_cast<char>(i % 251);
    for (std::size_t size : {std::size_t{4096}, kPart, kTurn - 9, kTurn, kTurn + 9, 2 * kTurn,
                             5 * kTurn - 9, 16 * kTurn}) {
        for (std::size_t less = 0; less < 3; ++less) {
            const std::string body = bytes.substr(0, size - less);
            const std::string frame = test::zmtp_frame(body);
            auto sender = connect(kGreeting);
            std::size_t at = 0;
            std::string got;
            EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}},
                                         [&] {
                                             at += sender->send_some(
                                                 std::string_view(frame).substr(at));
                                             router_->begin_round();
                                             while (const auto next = router_->receive())
                                                 got = next->frame;
                                             return !got.empty();
                                         }))
                << size << " - " << less;
            EXPECT_TRUE(got == body) << size << " - " << less;
        }
    }
}

// Many who send much at once get little each, so that one who sends a little does not wait.
TEST_F(RouterLimit, WhoSendsLittleDoesNotWaitForThoseWhoSendMuch) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20, kSenders = 60;
    listen({.frame_bytes_max = kFrameBytes});
    const ClientRef good = serve();
    const std::string half = test::zmtp_frame(std::string(kFrameBytes, 'x')).substr(0, 600'000);
    std::vector<Tcp> many;
    while (many.size() < kSenders) many.push_back(connect(kGreeting + half.substr(0, 1000)));
    EXPECT_TRUE(look_until([&] { return router_->held_bytes() >= kSenders * 1000; }));
    std::size_t sent = 0;
    for (const Tcp& tcp : many) sent += tcp->send_some(std::string_view(half).substr(1000));
    ASSERT_GT(sent, kSenders * 50'000);
    // The kernel moves it in its own time; the small frame is to come behind it.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_TRUE(served_[0]->send(kFrame));
    const std::size_t before = router_->held_bytes();
    last_ = {};
    EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        const auto got = router_->receive();
        if (got) last_ = got->from;
        return got.has_value();
    }));
    EXPECT_EQ(last_, good);
    EXPECT_LT(router_->held_bytes() - before, std::size_t{1} << 20);
}

// Memory that is new to the process is what reading large frames costs most: a piece in each round,
// whoever asks for it and however often that round looks; what was used before costs nothing.
TEST_F(RouterLimit, OneRoundReadsLargeFramesIntoOneNewPiece) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20, kPiece = std::size_t{64} << 10;
    listen({.frame_bytes_max = kFrameBytes});
    auto sender = connect(kGreeting);
    std::size_t got = 0;
    const auto look = [&] {
        for (int i = 0; i < 10; ++i)
            while (const auto next = router_->receive()) got = next->frame.size();
    };
    // All but the last byte, which would let it go.
    const auto send_most_of = [&](const std::string& frame, bool rounds, std::size_t& most) {
        const std::string_view rest = std::string_view(frame).substr(0, frame.size() - 1);
        std::size_t at = 0, held = 0;
        return test::eventually({{}, {router_->descriptor()}}, [&] {
            at += sender->send_some(rest.substr(at));
            if (rounds) router_->begin_round();
            look();
            most =
                std::max(most, router_->held_bytes() - std::exchange(held, router_->held_bytes()));
            return held >= rest.size();
        });
    };
    const auto send_last_of = [&](const std::string& frame) {
        EXPECT_TRUE(sender->send(frame.substr(frame.size() - 1)));
        EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
            look();
            return got > 0;
        }));
        EXPECT_EQ(router_->held_bytes(), 0u);
        return std::exchange(got, 0);
    };
    const std::string large = test::zmtp_frame(std::string(kFrameBytes, 'v'));
    std::size_t most = 0;
    ASSERT_TRUE(send_most_of(large, true, most));
    EXPECT_LE(most, 4 * kPiece);  // what came first lies in parts that grow to a piece
    EXPECT_EQ(send_last_of(large), kFrameBytes);
    const std::string half = test::zmtp_frame(std::string(kFrameBytes / 2, 'v'));
    ASSERT_TRUE(send_most_of(half, false, most));
    EXPECT_EQ(send_last_of(half), kFrameBytes / 2);
}

TEST_F(RouterLimit, SilentHalvesDoNotKeepALargeFrameOut) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = kFrameBytes, .held_bytes_max = 2 * kFrameBytes});
    const std::string frame = test::zmtp_frame(std::string(kFrameBytes, 'v'));
    std::vector<Tcp> silent;
    for (int i = 0; i < 100; ++i) {
        silent.push_back(connect(kGreeting + frame.substr(0, 40'000)));
        EXPECT_TRUE(look_until([&] { return router_->connections() > 0; }));
        EXPECT_LE(router_->held_bytes(), 2 * kFrameBytes);
    }
    auto honest = connect(kGreeting);
    std::size_t at = 0, got = 0;
    EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        at += honest->send_some(std::string_view(frame).substr(at));
        router_->begin_round();
        while (const auto next = router_->receive()) got = next->frame.size();
        EXPECT_LE(router_->held_bytes(), 2 * kFrameBytes);
        return got == kFrameBytes;
    }));
    EXPECT_GT(router_->counts().heavy, 0u);
}

// 8 x 1 MiB less a byte, where 4 MiB may be held.
TEST_F(RouterLimit, UnfinishedFramesHoldWhatTheBoundSays) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = kFrameBytes, .held_bytes_max = 4 * kFrameBytes});
    const ClientRef good = serve();
    std::string frame("\2\0\0\0\0\0\x10\0\0", 9);
    frame.append(kFrameBytes - 1, 'x');
    std::vector<std::pair<Tcp, std::size_t>> senders;
    for (int i = 0; i < 8; ++i) senders.emplace_back(connect(kGreeting), 0);
    EXPECT_TRUE(look_until([&] {
        for (auto& [tcp, at] : senders) at += tcp->send_some(std::string_view(frame).substr(at));
        EXPECT_LE(router_->held_bytes(), 4 * kFrameBytes);
        return router_->counts().heavy >= 4;
    }));
    EXPECT_TRUE(alive(good));
    EXPECT_TRUE(alive(serve()));
}

TEST_F(RouterLimit, ARefusedConnectionGetsItsAnswerBeforeItEnds) {
    listen({.frame_bytes_max = 1024});
    const ClientRef refused = serve();
    ASSERT_TRUE(served_[0]->send(kFrame));
    router_->ignore(refused);
    EXPECT_EQ(router_->send(refused, "why"), SendResult::Sent);
    router_->finish(refused);
    last_ = {};
    EXPECT_EQ(router_->send(refused, "x"), SendResult::Gone);
    EXPECT_TRUE(look_until([&] { return router_->connections() == 0; }));
    std::string got;
    EXPECT_TRUE(served_[0]->closed_by_peer(&got));
    EXPECT_TRUE(got.ends_with(std::string("\0\3why", 5)));
    EXPECT_EQ(last_, ClientRef{}) << "an ignored connection's frame";
}

// Takes away the descriptors that are not open while it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &former_), 0);
        // A limit is one of numbers: those below it are all in use then.
        constexpr int kHighest = 500;
        do gaps_.push_back(dup(0));
        while (gaps_.back() < kHighest);
        rlimit none = former_;
        none.rlim_cur = kHighest + 1;
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    ~NoDescriptors() {
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &former_), 0);
        for (const int descriptor : gaps_) close(descriptor);
    }

private:
    rlimit former_{};
    std::vector<int> gaps_;
};

TEST_F(RouterLimit, WithoutADescriptorTheOneSilentForLongestMakesRoom) {
    listen({.frame_bytes_max = 1024});
    const ClientRef first = serve(), second = serve();
    auto waiting = connect(kGreeting + kFrame);
    last_ = {};
    {
        const NoDescriptors none;
        EXPECT_TRUE(look_until([&] { return last_ != ClientRef{}; }));
    }
    EXPECT_FALSE(alive(first));
    EXPECT_TRUE(alive(second));
    EXPECT_GE(router_->counts().not_accepted, 1u);
}

TEST_F(RouterLimit, WithoutADescriptorAConnectionWaitsAndNobodySpins) {
    listen({.frame_bytes_max = 1024});
    auto waiting = connect(kGreeting + kFrame);
    {
        const NoDescriptors none;
        for (int i = 0; i < 1000; ++i) EXPECT_FALSE(router_->receive());
        const std::uint64_t refused = router_->counts().not_accepted;
        EXPECT_GE(refused, 1u);
        EXPECT_LT(refused, 10u);
    }
    EXPECT_TRUE(look_until([&] { return last_ != ClientRef{}; }));
}

}  // namespace
}  // namespace weft::transport
