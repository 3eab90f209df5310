// The replica's memory of its log against a plain list: packing must lose nothing.

#include "replication/raft/log_window.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::replication {
namespace {

struct PlainEntry {
    EntryHeader header;
    bool damaged = false;
    std::uint64_t end = 0;
};

EntryHeader random_header(LogIndex index, Term least) {
    EntryHeader header;
    header.index = index;
    header.term = Term{least.value + (*rc::gen::inRange(0, 4) == 0 ? 1U : 0U)};
    header.stamp_ms = *rc::gen::arbitrary<std::int64_t>();
    header.kind = *rc::gen::element(EntryKind::NoOp, EntryKind::Command, EntryKind::Audit);
    header.chain.bytes[3] = *rc::gen::arbitrary<std::uint8_t>();
    return header;
}

void expect_equal(const LogWindow& window, LogIndex base, const std::vector<PlainEntry>& plain) {
    RC_ASSERT(window.base() == base);
    RC_ASSERT(window.last().value == base.value + plain.size());
    std::size_t damaged = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        const EntryInfo info = window.at(plain[i].header.index);
        RC_ASSERT(info.term == plain[i].header.term);
        RC_ASSERT(info.stamp_ms == plain[i].header.stamp_ms);
        RC_ASSERT(info.kind == plain[i].header.kind);
        RC_ASSERT(info.chain == plain[i].header.chain);
        RC_ASSERT(info.end == plain[i].end);
        RC_ASSERT(info.damaged == plain[i].damaged);
        RC_ASSERT(info.readable);
        if (plain[i].damaged) ++damaged;
    }
    RC_ASSERT(window.damaged_count() == damaged);
}

RC_GTEST_PROP(LogWindowModel, KeepsWhatItWasTold, ()) {
    LogWindow window;
    storage::LogBase from;
    from.index = LogIndex{*rc::gen::inRange<std::uint64_t>(0, 9)};
    from.term = Term{1};
    window.reset(from);
    LogIndex base = from.index;
    std::vector<PlainEntry> plain;
    const auto steps = *rc::gen::inRange(1, 120);
    for (int i = 0; i < steps; ++i) {
        const int action = *rc::gen::inRange(0, 12);
        if (plain.empty() || action < 8) {
            const std::uint64_t end = window.back().end;
            const EntryHeader header = random_header(next(window.last()), window.back().term);
            const std::string bytes(*rc::gen::inRange<std::size_t>(56, 90), 'e');
            window.append(header, Bytes::copy_of(bytes));
            plain.push_back({header, false, end + bytes.size()});
            continue;
        }
        const std::size_t at = *rc::gen::inRange<std::size_t>(0, plain.size());
        const LogIndex index = plain[at].header.index;
        if (action == 8) {
            window.mark_damaged(index);
            plain[at].damaged = true;
        } else if (action == 9) {
            plain[at].header = random_header(index, plain[at].header.term);
            plain[at].damaged = false;
            window.repair(plain[at].header);
        } else if (action == 10) {
            window.truncate(index);
            plain.resize(at);
        } else {
            window.move_base(index);
            RC_ASSERT(window.at(index).term == plain[at].header.term);
            base = index;
            plain.erase(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(at) + 1);
        }
        expect_equal(window, base, plain);
    }
}

TEST(LogWindow, FindsEachFaultThatIsPlanted) {
    LogWindow window;
    const auto append = [&](std::uint64_t index, std::uint64_t term) {
        EntryHeader header;
        header.index = LogIndex{index};
        header.term = Term{term};
        window.append(header, Bytes::copy_of("entry"));
    };
    const auto checked = [&](std::uint64_t durable) {
        return weft::test::said_by([&] { window.check(LogIndex{durable}); });
    };
    append(1, 2);
    append(2, 2);
    EXPECT_EQ(checked(0), "");
    window.drop_first_cached();
    EXPECT_EQ(checked(1), "");
    EXPECT_EQ(checked(0), "entry 1 is neither durable nor cached");
    const_cast<Bytes&>(window.cached(LogIndex{2})) = Bytes::copy_of("longer");
    EXPECT_EQ(checked(1), "6 bytes in memory, 5 counted");
    append(3, 1);
    EXPECT_EQ(checked(1), "term 1 after 2 at 3");
}

// It has the term of its neighbour in memory, which may since have been given another one.
TEST(LogWindow, AnUnreadableHeaderTellsNoTerm) {
    LogWindow window;
    const auto recover = [&](std::uint64_t index, std::uint64_t term, bool readable) {
        storage::RecoveredEntry entry;
        entry.readable = readable;
        entry.header.index = LogIndex{index};
        entry.header.term = Term{term};
        window.recover(entry);
        return entry.header;
    };
    EntryHeader first = recover(1, 7, true);
    recover(2, 0, false);
    first.term = Term{3};
    window.repair(first);
    recover(3, 4, true);
    EXPECT_EQ(weft::test::said_by([&] { window.check(LogIndex{3}); }), "");
    recover(4, 3, true);
    EXPECT_EQ(weft::test::said_by([&] { window.check(LogIndex{4}); }), "term 3 after 4 at 4");
}

}  // namespace
}  // namespace weft::replication
