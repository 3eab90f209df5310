// What waits for connections that take little, and what they send in the meantime.

#include "tests/transport/router_limit.h"

#include <algorithm>
#include <thread>

namespace weft::transport {
namespace {

TEST_F(RouterLimit, WhatWaitsForOneConnectionIsBoundedAndNothingElseIsLost) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = kFrameBytes, .unsent_bytes_max = 2 * kFrameBytes});
    const ClientRef slow = serve();
    const std::string frame(kFrameBytes, 'v');
    int sent = 0;
    while (sent < 1000 && router_->send(slow, frame) == SendResult::Sent) ++sent;
    EXPECT_LT(sent, 1000);
    EXPECT_LE(router_->held_bytes(), 2 * kFrameBytes + 8192);
    // All that was taken comes, once it is read: frames of nine bytes more each.
    const std::size_t expected = 94 + static_cast<std::size_t>(sent) * (kFrameBytes + 9);
    std::size_t got = 0;
    EXPECT_TRUE(look_until([&] {
        got += served_[0]->receive_some();
        return got >= expected;
    }));
    EXPECT_EQ(got, expected);
    EXPECT_TRUE(router_->flush());
}

// The kernel takes some of a frame, at no place in particular; what waits is kept where it lies.
TEST_F(RouterLimit, WhatIsSharedIsSentFromItsOwnMemoryAndLetGo) {
    constexpr std::size_t kBytes = (std::size_t{1} << 20) + 3;
    listen({.frame_bytes_max = kBytes, .unsent_bytes_max = 8 * kBytes, .slow_bytes = 8 * kBytes});
    const ClientRef slow = serve();
    std::string expected, got;
    std::vector<std::weak_ptr<const std::string>> blocks;
    std::size_t index = 0;
    while (blocks.size() < 1000) {
        auto block =
            std::make_shared<const std::string>(kBytes, static_cast<char>('a' + index % 26));
        const std::string begin(index % 200, 'B'), end(index % 7, 'E');
        const OutgoingFrame frame{
            .begin = begin, .shared = Bytes::of(block, block->data(), block->size()), .end = end};
        if (router_->send(slow, frame) != SendResult::Sent) break;
        expected += test::zmtp_frame(begin + *block + end);
        blocks.emplace_back(block);
        ++index;
    }
    ASSERT_LT(blocks.size(), 1000u);
    const auto kept = std::ranges::count_if(blocks, [](const auto& b) { return !b.expired(); });
    EXPECT_GE(kept, 7);
    EXPECT_LE(static_cast<std::size_t>(kept), router_->held_bytes() / kBytes + 1);
    EXPECT_TRUE(look_until([&] {
        (void)served_[0]->receive_some(&got);
        (void)router_->flush();
        return got.size() >= 94 + expected.size();
    }));
    EXPECT_TRUE(got.substr(94) == expected);
    EXPECT_TRUE(std::ranges::all_of(blocks, [](const auto& b) { return b.expired(); }));
    EXPECT_LT(router_->held_bytes(), 8192u);
}

TEST_F(RouterLimit, NothingIsReadOfAConnectionForWhichMuchWaits) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = kFrameBytes, .unsent_bytes_max = 4 * kFrameBytes});
    const ClientRef slow = serve();
    const std::string frame(kFrameBytes / 2, 'v');
    while (router_->held_bytes() <= kFrameBytes) (void)router_->send(slow, frame);
    last_ = {};
    ASSERT_TRUE(served_[0]->send(kFrame));
    const ClientRef other = serve();
    EXPECT_EQ(last_, other);
    // It takes what waits: then it is heard.
    last_ = {};
    EXPECT_TRUE(look_until([&] {
        (void)served_[0]->receive_some();
        return last_ == slow;
    }));
}

TEST_F(RouterLimit, AHeldConnectionIsHeardWhenSomethingWasSentToIt) {
    listen({.frame_bytes_max = 1024});
    const ClientRef held = serve();
    router_->hold(held);
    last_ = {};
    ASSERT_TRUE(served_[0]->send(kFrame));
    const ClientRef other = serve();
    EXPECT_EQ(last_, other);
    last_ = {};
    EXPECT_TRUE(alive(held));
    EXPECT_TRUE(look_until([&] { return last_ == held; }));
}

TEST_F(RouterLimit, AHeldConnectionForWhichThereIsNoRoomIsHeardWhenItHasTakenTheRest) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = kFrameBytes, .unsent_bytes_max = 2 * kFrameBytes});
    const ClientRef held = serve();
    const std::string frame(kFrameBytes, 'v');
    int sent = 0;
    while (sent < 1000 && router_->send(held, frame) == SendResult::Sent) ++sent;
    router_->hold(held);
    ASSERT_EQ(router_->send(held, frame), SendResult::Full);
    last_ = {};
    ASSERT_TRUE(served_[0]->send(kFrame));
    EXPECT_TRUE(look_until([&] {
        (void)served_[0]->receive_some();
        return last_ == held;
    }));
}

// It has sent many at once, and takes no answer to the first: the others wait with us, behind other
// connections, and come in their order when it does. Or go with it.
TEST_F(RouterLimit, WhatAConnectionSentBeforeItBecameSlowWaits) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20, kFrames = 1000;
    listen({.frame_bytes_max = kFrameBytes, .unsent_bytes_max = 4 * kFrameBytes});
    const ClientRef slow = serve(), ends = serve();
    std::string many;
    for (std::size_t i = 0; i < kFrames; ++i) many += test::zmtp_frame(std::to_string(i));
    const std::string answer(kFrameBytes / 2, 'v');
    for (const ClientRef name : {slow, ends}) {
        ASSERT_TRUE(served_[name == slow ? 0 : 1]->send(many));
        last_ = {};
        ASSERT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
            const auto got = router_->receive();
            if (got && got->from == name) last_ = name;
            return last_ == name;
        }));
        const std::size_t held = router_->held_bytes();
        while (router_->held_bytes() <= held + kFrameBytes) (void)router_->send(name, answer);
    }
    const ClientRef other = serve();
    EXPECT_EQ(last_, other);
    served_[1].reset();
    EXPECT_TRUE(look_until([&] { return router_->connections() == 2; }));
    std::size_t next = 1;
    EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        (void)served_[0]->receive_some();
        while (const auto got = router_->receive()) {
            EXPECT_EQ(got->from, slow);
            EXPECT_EQ(got->frame, std::to_string(next++));
        }
        return next == kFrames;
    }));
    EXPECT_TRUE(alive(slow));
    EXPECT_LT(router_->held_bytes(), kFrameBytes);
}

// Both have sent when the listener looks; before it comes to the second one, that has become slow.
TEST_F(RouterLimit, AConnectionThatBecomesSlowWhileItsInputWaitsIsNotCut) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = kFrameBytes, .unsent_bytes_max = 4 * kFrameBytes});
    const ClientRef names[] = {serve(), serve()};
    for (const Tcp& tcp : served_) ASSERT_TRUE(tcp->send(kFrame));
    std::optional<ClientRef> first;
    ASSERT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        if (const auto got = router_->receive()) first = got->from;
        return first.has_value();
    }));
    const std::size_t second = *first == names[0] ? 1 : 0;
    const std::string frame(kFrameBytes / 2, 'v');
    while (router_->held_bytes() <= kFrameBytes) (void)router_->send(names[second], frame);
    while (router_->receive()) {
    }
    EXPECT_EQ(router_->connections(), 2u);
    EXPECT_TRUE(look_until([&] {
        (void)served_[second]->receive_some();
        return last_ == names[second];
    }));
}

TEST_F(RouterLimit, AConnectionThatTakesNothingIsCutInTime) {
    listen({.frame_bytes_max = std::size_t{1} << 20, .slow_time = std::chrono::milliseconds(300)});
    const ClientRef slow = serve();
    const std::string frame(std::size_t{1} << 20, 'v');
    while (router_->send(slow, frame) == SendResult::Sent) {
    }
    EXPECT_TRUE(look_until([&] { return router_->counts().slow == 1; }));
    EXPECT_FALSE(alive(slow));
    EXPECT_LT(router_->held_bytes(), 8192u);
}

TEST_F(RouterLimit, TheHeaviestReceiverGoesWhenTheListenerHoldsTooMuch) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = kFrameBytes,
            .unsent_bytes_max = 64 * kFrameBytes,
            .held_bytes_max = 16 * kFrameBytes});
    const ClientRef slow = serve(), good = serve();
    const std::string frame(kFrameBytes, 'v');
    for (int i = 0; i < 100 && alive(slow); ++i) (void)router_->send(slow, frame);
    EXPECT_EQ(router_->counts().heavy, 1u);
    EXPECT_FALSE(alive(slow));
    EXPECT_TRUE(alive(good));
}

// Half frames and whole ones of connections that are owed something: they are older than a frame
// that comes in, and do not keep it out.
TEST_F(RouterLimit, WhatHeldConnectionsSentGoesWhenTheListenerHoldsTooMuch) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = 2 * kFrameBytes, .held_bytes_max = 4 * kFrameBytes});
    const std::string frame = test::zmtp_frame(std::string(2 * kFrameBytes, 'v'));
    for (int i = 0; i < 3; ++i) {
        const ClientRef held = serve();
        const std::size_t before = router_->held_bytes();
        std::size_t sent = 0;
        ASSERT_TRUE(look_until([&] {
            sent += served_.back()->send_some(std::string_view(frame).substr(sent, kFrameBytes));
            return router_->held_bytes() >= before + kFrameBytes;
        }));
        router_->hold(held);
    }
    auto honest = connect(kGreeting);
    std::size_t at = 0, got = 0;
    EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        at += honest->send_some(std::string_view(frame).substr(at));
        router_->begin_round();
        while (const auto next = router_->receive()) got = next->frame.size();
        EXPECT_LE(router_->held_bytes(), 4 * kFrameBytes);
        return got == 2 * kFrameBytes;
    }));
    EXPECT_GE(router_->counts().heavy, 1u);
    EXPECT_LE(router_->counts().heavy, 3u);
}

// It sends on while it is owed something: nothing of that is read, and it does not end.
TEST_F(RouterLimit, AHalfFrameOfAHeldConnectionComesToItsEndLater) {
    constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
    listen({.frame_bytes_max = kFrameBytes, .frame_time = std::chrono::milliseconds(300)});
    const std::string frame = test::zmtp_frame(std::string(kFrameBytes / 16, 'v'));
    const ClientRef held = serve();
    ASSERT_TRUE(served_[0]->send(frame.substr(0, frame.size() / 2)));
    ASSERT_TRUE(look_until([&] { return router_->held_bytes() >= frame.size() / 2; }));
    router_->hold(held);
    ASSERT_TRUE(served_[0]->send(frame.substr(frame.size() / 2)));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const ClientRef other = serve();
    EXPECT_EQ(last_, other);
    last_ = {};
    ASSERT_TRUE(alive(held));
    EXPECT_TRUE(look_until([&] { return last_ == held; }));
}

}  // namespace
}  // namespace weft::transport
