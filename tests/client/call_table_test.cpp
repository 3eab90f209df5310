// That check() sees a table of calls whose sums are wrong.
#include "client/core/call_table.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>

namespace weft::client {
namespace {

class CallTableCheck : public testing::Test {
protected:
    // Two lanes: one of two calls, the older sent and the newer never; one of a call that is
    // retried.
    static CallTable sound() {
        CallTable table(4);
        for (const std::uint64_t key : {std::uint64_t{7}, std::uint64_t{7}, std::uint64_t{8}})
            table.join_lane(table.take(), key);
        Lane& first = table.lanes[kFirst];
        first.unsent = kNewer;
        first.link = LinkId{0};
        first.in_flight = 1;
        table.calls[kOlder].state = PendingCall::State::Sent;
        table.calls[kOlder].link = LinkId{0};
        Lane& second = table.lanes[kSecond];
        second.unsent = kNoCall;
        second.retried = 1;
        table.calls[kRetried].retried = true;
        return table;
    }
    static constexpr LaneIndex kFirst{0}, kSecond{1};
    static constexpr CallIndex kOlder{0}, kNewer{1}, kRetried{2};
};

TEST_F(CallTableCheck, FindsEachFaultThatIsPlanted) {
    ASSERT_EQ(weft::test::said_by([] { sound().check(); }), "");
    struct Case {
        std::function<void(CallTable&)> fault;
        std::string says;
    };
    const Case cases[] = {
        {[](auto& t) { ++t.in_flight; }, "3 calls in lanes, 4 in flight"},
        {[](auto& t) { t.free_calls.pop_back(); }, "3 calls in flight, 0 free"},
        {[](auto& t) { t.free_lanes.push_back(kSecond); }, "2 lanes in use, 1 free"},
        {[](auto& t) { t.lane_of[9] = kFirst; }, "2 lanes in use, 3 with a key"},
        {[](auto& t) { t.lane_of[8] = kFirst; }, "lane 1 is not of its key"},
        {[](auto& t) { t.lanes[kSecond].head = kNoCall; }, "lane 1 is empty and kept"},
        {[](auto& t) { t.calls[kNewer].before = kNoCall; },
         "call 1 does not stand behind 0 in lane 0"},
        {[](auto& t) { t.lanes[kFirst].unsent = kNoCall; },
         "call 1 is on the wrong side of lane 0's unsent"},
        {[](auto& t) { t.lanes[kFirst].unsent = kOlder; },
         "call 0 is on the wrong side of lane 0's unsent"},
        {[](auto& t) { t.calls[kOlder].link = LinkId{1}; }, "lane 0 is sent over two links"},
        {[](auto& t) { t.lanes[kFirst].tail = kOlder; }, "lane 0 does not end with its tail"},
        {[](auto& t) { t.lanes[kFirst].in_flight = 0; },
         "1 calls are sent in lane 0, 0 are counted"},
        {[](auto& t) { t.lanes[kSecond].retried = 2; },
         "1 calls are retried in lane 1, 2 are counted"},
    };
    for (const Case& c : cases) {
        CallTable table = sound();
        c.fault(table);
        EXPECT_EQ(weft::test::said_by([&] { table.check(); }), c.says);
    }
}

}  // namespace
}  // namespace weft::client
