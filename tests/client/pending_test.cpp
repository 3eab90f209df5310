// One call, three ways to its result: get(), then() and co_await (weft/client.h, Pending).
#include "tests/client/fake_node.h"
#include "tests/transport/loopback.h"
#include "weft/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <exception>
#include <future>
#include <thread>

namespace weft {
namespace {

using client::FakeNode;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The smallest coroutine: it runs at once and nobody waits for it.
struct Detached {
    struct promise_type {
        Detached get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

class PendingTest : public ::testing::Test {
protected:
    void SetUp() override {
        FakeNode::Options options;
        options.address = test::free_address();
        options.addresses = {options.address};
        node_ = std::make_unique<FakeNode>(std::move(options));
        ASSERT_TRUE(node_->bound());
        ConnectOptions connect_options;
        connect_options.addresses = {node_->address()};
        auto mesh = connect(connect_options);
        ASSERT_TRUE(mesh.has_value()) << mesh.error().message;
        mesh_.emplace(*std::move(mesh));
    }
    Entity entity(std::string_view id = "x") const { return mesh_->entity("kv", id); }
    // The thread that callbacks run on.
    std::thread::id clients_thread() const {
        std::promise<std::thread::id> thread;
        entity().start("put", "who", {},
                       [&](CallResult) { thread.set_value(std::this_thread::get_id()); });
        return thread.get_future().get();
    }
    static bool ends(std::future<void>& future) {
        return future.wait_for(seconds(20)) == std::future_status::ready;
    }
    static void wait_until_ready(const Pending& pending) {
        for (int i = 0; i < 2000 && !pending.ready(); ++i)
            std::this_thread::sleep_for(milliseconds(1));
        ASSERT_TRUE(pending.ready());
    }

    std::unique_ptr<FakeNode> node_;
    std::optional<Mesh> mesh_;
};

struct Steps {
    std::string replies;
    std::vector<std::thread::id> threads;
    std::promise<void> over;
};

Detached three_puts(Entity entity, Steps& steps) {
    for (const char* value : {"a", "b", "c"}) {
        const CallResult result = co_await entity.start("put", value);
        steps.replies += result.reply.view();
        steps.threads.push_back(std::this_thread::get_id());
    }
    steps.over.set_value();
}

TEST_F(PendingTest, ACoroutineGoesOnOnTheClientsThread) {
    const std::thread::id clients = clients_thread();
    node_->frame_ms = 20;  // no call has ended when it is awaited
    Steps steps;
    auto over = steps.over.get_future();
    three_puts(entity(), steps);
    ASSERT_TRUE(ends(over));
    EXPECT_EQ(steps.replies, "abc");
    ASSERT_EQ(steps.threads.size(), 3U);
    for (const std::thread::id thread : steps.threads) EXPECT_EQ(thread, clients);
}

Detached await_one(Pending pending, CallResult& result, std::thread::id& thread,
                   std::promise<void>& over) {
    result = co_await pending;
    thread = std::this_thread::get_id();
    over.set_value();
}

TEST_F(PendingTest, AnEndedCallIsAwaitedWithoutAThreadOfItsOwn) {
    Pending pending = entity().start("put", "early");
    wait_until_ready(pending);
    CallResult result;
    std::thread::id thread;
    std::promise<void> over;
    await_one(std::move(pending), result, thread, over);
    EXPECT_EQ(over.get_future().wait_for(seconds(0)), std::future_status::ready);
    EXPECT_EQ(result.reply.view(), "early");
    EXPECT_EQ(thread, std::this_thread::get_id());
}

TEST_F(PendingTest, GivingUpResumesTheCoroutine) {
    node_->silent = true;
    Pending pending = entity().start("put", "x");
    Pending other = pending;
    CallResult result;
    std::thread::id thread;
    std::promise<void> over;
    auto ended = over.get_future();
    await_one(std::move(pending), result, thread, over);
    EXPECT_EQ(ended.wait_for(milliseconds(50)), std::future_status::timeout);
    other.give_up();
    ASSERT_TRUE(ends(ended));
    EXPECT_FALSE(result.done());
}

TEST_F(PendingTest, ACallbackComesOnceWhetherTheCallHasEndedOrNot) {
    const std::thread::id clients = clients_thread();
    for (const bool ended : {false, true}) {
        SCOPED_TRACE(ended);
        node_->frame_ms = ended ? 0 : 20;
        Pending pending = entity().start("put", "v");
        if (ended) wait_until_ready(pending);
        std::atomic<int> times = 0;
        std::promise<void> over;
        auto future = over.get_future();
        pending.then([&](CallResult result) {
            EXPECT_EQ(result.reply.view(), "v");
            EXPECT_EQ(std::this_thread::get_id(), clients);
            if (++times == 1) over.set_value();
        });
        ASSERT_TRUE(ends(future));
        // A second run would come before that of a later call.
        EXPECT_EQ(clients_thread(), clients);
        EXPECT_EQ(times, 1);
    }
}

// What waits for the result may be all that holds the connection.
TEST_F(PendingTest, TheLastHandleMayBeTheCoroutines) {
    node_->frame_ms = 20;
    CallResult result;
    std::thread::id thread;
    std::promise<void> over;
    auto ended = over.get_future();
    await_one(entity().start("put", "last"), result, thread, over);
    mesh_.reset();
    ASSERT_TRUE(ends(ended));
    EXPECT_EQ(result.reply.view(), "last");
}

Detached count_up(Entity entity, int calls, std::atomic<int>& done, std::atomic<int>& left,
                  std::promise<void>& over) {
    for (int i = 0; i < calls; ++i) done += (co_await entity.start("put", "n")).done() ? 1 : 0;
    if (--left == 0) over.set_value();
}

// The race between the end of a call and the wish to be told of it.
TEST_F(PendingTest, ManyCoroutinesBesideBlockingCallersAllEnd) {
    constexpr int kCoroutines = 200;
    constexpr int kCalls = 20;
    std::atomic<int> done = 0;
    std::atomic<int> left = kCoroutines;
    std::promise<void> over;
    auto ended = over.get_future();
    std::thread blocking([&] {
        for (int i = 0; i < 300; ++i) EXPECT_TRUE(entity("b").call("put", "b").done());
    });
    for (int i = 0; i < kCoroutines; ++i)
        count_up(entity(std::to_string(i)), kCalls, done, left, over);
    EXPECT_TRUE(ends(ended));
    blocking.join();
    EXPECT_EQ(done, kCoroutines * kCalls);
}

}  // namespace
}  // namespace weft
