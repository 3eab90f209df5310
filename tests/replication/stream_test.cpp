// A leader's stream where more is due than one append may hold (S31).

#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

constexpr std::uint64_t kEntries = 5000;  // one append holds 4096 at most

LabOptions wide() {
    LabOptions options;
    options.limits.append_bytes = std::size_t{8} << 20;
    options.limits.cached_log_bytes = std::size_t{8} << 20;
    options.limits.peer_inflight_bytes = std::size_t{64} << 20;
    return options;
}

// Everything in (end, last], without a gap, in as many appends as the bound makes it.
void expect_whole(const Lab& lab, LogIndex end, LogIndex last) {
    for (const SendAppend& append : lab.appends) {
        if (append.to != node(1)) continue;
        EXPECT_EQ(append.item.prev.index, end);
        EXPECT_LE(append.item.count, 4096U);
        end = LogIndex{append.item.prev.index.value + append.item.count};
    }
    EXPECT_EQ(end, last);
    EXPECT_GE(lab.appends.size(), 2U);
}

TEST(Stream, GoesOnFromDiskBeyondTheEntriesOfOneAppend) {
    MadeLog log;
    for (std::uint64_t i = 0; i < kEntries; ++i) log.add(1);
    Lab lab(wide(), log, kEntries, {Term{1}, NodeId{}});
    lab.lead();
    lab.forget();
    lab.refuses(1, 0, 0);
    lab.answer_fetch();
    ASSERT_EQ(lab.appends.size(), 1U);
    lab.accepts(1, lab.appends[0].item.count);
    while (!lab.fetches.empty()) lab.answer_fetch();
    expect_whole(lab, LogIndex{}, LogIndex{kEntries + 1});
}

TEST(Stream, GoesOnFromMemoryBeyondTheEntriesOfOneAppend) {
    Lab lab(wide());
    lab.lead();
    for (std::uint64_t i = 0; i < kEntries; ++i) lab.propose();
    lab.forget();
    lab.accepts(1, 1);  // the no-op alone: nothing else was sent while it was open
    EXPECT_TRUE(lab.fetches.empty());
    expect_whole(lab, LogIndex{1}, LogIndex{kEntries + 1});
}

}  // namespace
}  // namespace weft::replication::test
