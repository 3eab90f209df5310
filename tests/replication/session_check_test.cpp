// The sums and the order that the sessions keep (sessions.h): each check finds its fault.

#include "replication/partition/sessions.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

namespace weft::replication {
namespace {

constexpr std::int64_t kNow = 1'000'000;

RequestPart request(std::int64_t start_ms, std::uint64_t seq = 1) {
    RequestPart part;
    part.start_ms = start_ms;
    part.seq = seq;
    part.lowest_open = 1;
    return part;
}

void run(Sessions& sessions, std::int64_t start_ms, std::uint64_t index) {
    sessions.remember(request(start_ms), LogIndex{index}, {.seq = 1, .index = LogIndex{index}});
}

std::string checked(const Sessions& sessions) {
    return weft::test::said_by([&] { sessions.check(); });
}

// Of a row as it is never written.
std::string checked_row(const std::function<void(Session&)>& fault) {
    Session row;
    row.lowest_open = 3;
    row.remembered.insert({.seq = 3, .text = "ok"});
    row.reply_bytes = 2;
    fault(row);
    Sessions sessions({});
    sessions.load({kNow, ClientId{}}, std::move(row));
    return checked(sessions);
}

TEST(SessionCheck, FindsEachFaultThatIsPlantedInARow) {
    EXPECT_EQ(checked_row([](Session&) {}), "");
    EXPECT_EQ(checked_row([](Session& row) { row.lowest_open = 4; }),
              "seq 3 is remembered below 4");
    EXPECT_EQ(checked_row([](Session& row) { row.reply_bytes = 5; }),
              "2 bytes remembered, 5 counted");
    EXPECT_EQ(checked_row([](Session& row) { row.open_reply_bytes = 7; }),
              "0 bytes in flight, 7 counted");
    EXPECT_EQ(checked_row([](Session& row) { row.dirty = true; }), "1 sessions dirty, 0 listed");
}

TEST(SessionCheck, FindsASessionThatNoCommandMade) {
    Sessions sessions({});
    // There is no entry 0: what it says is taken for what a row holds already.
    run(sessions, kNow, 0);
    EXPECT_EQ(checked(sessions), "a session without a command");
    sessions.proposed(request(kNow), LogIndex{1}, false, 0);
    EXPECT_EQ(checked(sessions), "");
}

TEST(SessionCheck, FindsEachFaultOfTheFloorThatIsPlanted) {
    Sessions sessions({.spared_ms = 1000});
    run(sessions, kNow - 5000, 1);
    run(sessions, kNow - 4000, 2);
    sessions.floor_proposed(kNow - 4500);
    EXPECT_EQ(checked(sessions), "");
    // Nobody admits what starts below a floor that is under way.
    sessions.proposed(request(kNow - 6000), LogIndex{4}, false, 0);
    EXPECT_EQ(checked(sessions), "1 sessions will end, 2 are below the floor");
    sessions.load_floor({.start_ms = kNow - 3000, .applied = LogIndex{1}});
    EXPECT_EQ(checked(sessions), "a session below the floor has entry 2, the floor came with 1");
}

TEST(SessionCheck, TellsWhatCannotBe) {
    Sessions sessions({});
    EXPECT_EQ(weft::test::said_by([&] { sessions.flushed({ClientId{}, kNow}); }),
              "a session that does not exist was flushed");
    sessions.proposed(request(kNow), LogIndex{1}, false, 0);
    EXPECT_EQ(weft::test::said_by([&] { sessions.expire(kNow + kSessionLifeMs, LogIndex{2}); }),
              "a session with 1 open commands ended");
    sessions.floor_proposed(kNow);
    EXPECT_EQ(weft::test::said_by([&] { sessions.floor_proposed(kNow); }),
              "a floor of 1000000 is no higher than 1000000");
}

}  // namespace
}  // namespace weft::replication
