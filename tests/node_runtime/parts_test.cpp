// The pieces around the core, each alone.

#include "core/error.h"
#include "node/runtime/completions.h"
#include "node/runtime/frame_queue.h"
#include "node/runtime/journal_thread.h"
#include "node/runtime/limited_log.h"
#include "node/runtime/line_limits.h"
#include "node/runtime/log_file.h"
#include "node/runtime/reader_thread.h"
#include "storage/memory_store.h"
#include "tests/transport/loopback.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

namespace weft::node {
namespace {

bool readable(int descriptor) {
    pollfd waiting{descriptor, POLLIN, 0};
    return poll(&waiting, 1, 0) == 1;
}

TEST(Completions, WakeOnlyASleepingCore) {
    Completions completions;
    std::vector<Completion> got;
    EXPECT_FALSE(completions.take(got));
    completions.push(Event(Timer{}));
    EXPECT_FALSE(readable(completions.descriptor()));
    EXPECT_FALSE(completions.begin_sleep());
    EXPECT_TRUE(completions.take(got));
    EXPECT_EQ(got.size(), 1u);
    got.clear();
    ASSERT_TRUE(completions.begin_sleep());
    completions.push(Event(Timer{}));
    completions.push(Event(Timer{}));
    EXPECT_TRUE(readable(completions.descriptor()));
    completions.end_sleep();
    EXPECT_FALSE(readable(completions.descriptor()));
    EXPECT_TRUE(completions.take(got));
    EXPECT_EQ(got.size(), 2u);
    ASSERT_TRUE(completions.begin_sleep());
    completions.end_sleep();
    EXPECT_FALSE(readable(completions.descriptor()));
}

// Waits for the next `count` completions.
std::vector<Completion> collect(Completions& completions, std::size_t count) {
    std::vector<Completion> all, some;
    test::eventually({{}, {completions.descriptor()}}, [&] {
        if (completions.take(some)) {
            for (Completion& each : some) all.push_back(std::move(each));
            some.clear();
        }
        return all.size() >= count;
    });
    return all;
}

// A store whose apply() waits at a gate and answers what the test wants.
class GatedStore final : public storage::Store {
public:
    Result<storage::StoreStats> apply(const storage::WriteBatch& batch) override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return open_; });
        sizes.push_back(batch.bytes());
        if (!answers.empty()) {
            const ErrorNumber number = answers.back();
            answers.pop_back();
            return fail(number, "as the test wants");
        }
        storage::StoreStats stats;
        stats.durable = Lsn{++applied_};
        return stats;
    }
    storage::StoreStats stats() const override { return {}; }
    Result<storage::FetchedLog> read_log(const storage::LogRange&) const override {
        return storage::FetchedLog{};
    }
    std::vector<storage::RecoveredGroup> recover() const override { return {}; }
    Result<storage::FetchedRow> read_row(const storage::RowRead& read) const override {
        return storage::FetchedRow{storage::FetchedRow::State::Found, Bytes::copy_of(read.key)};
    }
    Result<storage::FetchedRows> scan(const storage::RowScan&) const override {
        return fail(ErrorNumber::DataDamaged, "as the test wants");
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

    std::vector<ErrorNumber> answers;  // failures to come, last first
    std::vector<std::size_t> sizes;    // of the applied batches

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    std::uint64_t applied_ = 0;
};

storage::WriteBatch batch_of(std::string_view value) {
    storage::WriteBatch batch;
    batch.put_row(storage::Table::Meta, "key", value);
    return batch;
}

std::uint64_t persisted_seq(const Completion& completion) {
    const auto* event = std::get_if<Event>(&completion);
    const auto* persisted = event != nullptr ? std::get_if<Persisted>(event) : nullptr;
    return persisted != nullptr ? persisted->seq.value : 0;
}

TEST(JournalThread, RoundsThatWaitBecomeOneTransaction) {
    GatedStore store;
    Completions completions;
    JournalThread journal(store, completions);
    for (std::uint64_t seq = 1; seq <= 20; ++seq) {
        storage::WriteBatch batch = batch_of("value");
        journal.write(RoundSeq{seq}, batch);
        EXPECT_TRUE(batch.empty());
    }
    store.open();
    std::uint64_t last = 0;
    std::size_t reports = 0;
    while (last < 20) {
        const auto got = collect(completions, 1);
        ASSERT_FALSE(got.empty());
        for (const Completion& each : got) {
            EXPECT_GT(persisted_seq(each), last);
            last = persisted_seq(each);
            ++reports;
        }
    }
    // The first may have been taken alone; all others waited together.
    EXPECT_LE(reports, 2u);
}

TEST(JournalThread, AFullDiskIsReportedOnceAndTriedAgain) {
    GatedStore store;
    store.answers = {ErrorNumber::DiskFull, ErrorNumber::DiskFull};
    store.open();
    Completions completions;
    JournalThread journal(store, completions);
    storage::WriteBatch batch = batch_of("value");
    journal.write(RoundSeq{7}, batch);
    const auto got = collect(completions, 2);
    ASSERT_EQ(got.size(), 2u);
    EXPECT_TRUE(std::holds_alternative<StorageFull>(std::get<Event>(got[0])));
    EXPECT_EQ(persisted_seq(got[1]), 7u);
    EXPECT_EQ(store.sizes.size(), 3u);
}

// Nothing of a batch whose sync failed may be acknowledged, and nothing is written after it.
TEST(JournalThread, AFailedSyncIsTheEnd) {
    GatedStore store;
    store.answers = {ErrorNumber::SyncFailed};
    store.open();
    Completions completions;
    JournalThread journal(store, completions);
    storage::WriteBatch batch = batch_of("value");
    journal.write(RoundSeq{1}, batch);
    const auto got = collect(completions, 1);
    ASSERT_EQ(got.size(), 1u);
    ASSERT_TRUE(std::holds_alternative<StoreFailed>(got[0]));
    EXPECT_EQ(std::get<StoreFailed>(got[0]).error.number, std::uint16_t(ErrorNumber::SyncFailed));
    batch = batch_of("later");
    journal.write(RoundSeq{2}, batch);
    EXPECT_EQ(store.sizes.size(), 1u);
}

TEST(JournalThread, FinishesWhatWaitsBeforeItEnds) {
    GatedStore store;
    Completions completions;
    {
        JournalThread journal(store, completions);
        storage::WriteBatch batch = batch_of("value");
        journal.write(RoundSeq{3}, batch);
        store.open();
    }
    const auto got = collect(completions, 1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(persisted_seq(got[0]), 3u);
}

TEST(ReaderThread, AnswersEveryFetchByItsId) {
    GatedStore store;
    Completions completions;
    ReaderThread reader(store, completions);
    std::vector<Fetch> fetches;
    fetches.push_back({DiskFetchId{11}, storage::RowRead{storage::Table::Entity, "a row"}});
    fetches.push_back({DiskFetchId{12}, storage::RowScan{}});
    fetches.push_back({DiskFetchId{13}, storage::LogRange{}});
    reader.read(fetches);
    EXPECT_TRUE(fetches.empty());
    const auto got = collect(completions, 3);
    ASSERT_EQ(got.size(), 3u);
    const auto fetched = [&](std::size_t i) { return std::get<Fetched>(std::get<Event>(got[i])); };
    EXPECT_EQ(fetched(0).id, DiskFetchId{11});
    const auto row = std::get<Result<storage::FetchedRow>>(fetched(0).result);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->value.view(), "a row");
    EXPECT_EQ(fetched(1).id, DiskFetchId{12});
    EXPECT_FALSE(std::get<Result<storage::FetchedRows>>(fetched(1).result));
    EXPECT_EQ(fetched(2).id, DiskFetchId{13});
}

TEST(ReaderThread, AnswersWhatIsBeyondItsQueueToo) {
    constexpr std::size_t kFetches = ReaderThread::kWaitingMax + 100;
    GatedStore store;
    Completions completions;
    ReaderThread reader(store, completions);
    std::vector<Fetch> fetches;
    for (std::size_t i = 0; i < kFetches; ++i)
        fetches.push_back({DiskFetchId{i}, storage::RowRead{storage::Table::Entity, "a row"}});
    reader.read(fetches);
    std::vector<bool> answered(kFetches);
    std::size_t refused = 0;
    for (const Completion& each : collect(completions, kFetches)) {
        const auto& fetched = std::get<Fetched>(std::get<Event>(each));
        answered[fetched.id.value] = true;
        const auto& row = std::get<Result<storage::FetchedRow>>(fetched.result);
        if (row.has_value()) continue;
        EXPECT_EQ(row.error().code, ErrorCode::Overloaded);
        ++refused;
    }
    EXPECT_EQ(refused, 100u);
    EXPECT_EQ(std::ranges::count(answered, true), static_cast<std::ptrdiff_t>(kFetches));
}

// A limit on open files is a setting: the process says so instead of aborting.
TEST(OutOfDescriptors, IsAnErrorThatTheCallerHears) {
    // UBSan looks through a pipe at what it sees for the first time.
    {
        const transport::Context first;
    }
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{3, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const Completions completions;
    transport::Context context;
    const auto dealer = transport::Dealer::connect(context, "127.0.0.1:1", 1000);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(completions.good());
    ASSERT_FALSE(dealer.has_value());
    EXPECT_EQ(dealer.error().code, ErrorCode::Configuration);
    EXPECT_TRUE(Completions().good());
}

TEST(FrameQueue, CountsBytesAndRefusesBeyondItsBound) {
    FrameQueue queue(10);
    EXPECT_TRUE(queue.push("12345"));
    EXPECT_TRUE(queue.push("6789"));
    EXPECT_FALSE(queue.push("ab"));
    EXPECT_TRUE(queue.push("a"));
    EXPECT_EQ(queue.bytes(), 10u);
    EXPECT_EQ(queue.front(), "12345");
    queue.pop();
    EXPECT_EQ(queue.bytes(), 5u);
    EXPECT_EQ(queue.front(), "6789");
    queue.clear();
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0u);
}

TEST(LogLine, StaysOneLineWhateverIsInIt) {
    EXPECT_EQ(log_line("member.suspected", {{"node", "ab12"}, {"count", 3}, {"up", true}}),
              "member.suspected node=ab12 count=3 up=true");
    EXPECT_EQ(log_line("x", {{"what", "two words"}}), "x what=\"two words\"");
    EXPECT_EQ(log_line("x", {{"what", "a\nb\x1b[31m\"=\\"}}),
              "x what=\"a\\x0ab\\x1b[31m\\\"=\\\\\"");
    EXPECT_EQ(log_line("x", {{"what", ""}}), "x what=\"\"");
}

class CountingSink final : public LogSink {
public:
    void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
        if (event == "log.suppressed") suppressed = std::get<std::uint64_t>(fields.begin()->value);
    }
    std::uint64_t suppressed = 0;
};

// Whoever can make a node log must not be able to fill its disk.
TEST(LimitedLog, LetsTenLinesASecondThroughAndCountsTheRest) {
    CountingSink sink;
    LimitedLog log{Log(&sink)};
    int admitted = 0;
    for (int i = 0; i < 1000; ++i) admitted += log.admit(Instant{i}) ? 1 : 0;
    EXPECT_EQ(admitted, 10);
    EXPECT_TRUE(log.admit(Instant{} + std::chrono::seconds(2)));
    EXPECT_EQ(sink.suppressed, 990u);
}

// An event's flood neither hides other events nor itself.
TEST(LineLimits, LetTenLinesOfAnEventThroughAndCountTheRest) {
    LineLimits limits;
    int admitted = 0;
    for (int i = 0; i < 440'000; ++i) admitted += limits.admit("replica.two_leaders", Instant{i});
    EXPECT_EQ(admitted, 10);
    EXPECT_TRUE(limits.admit("peer.boot", Instant{7}));
    EXPECT_TRUE(limits.take_left_out(Instant{500'000}).empty()) << "the second is not over";
    const Instant later = Instant{} + std::chrono::seconds(2);
    const auto told = limits.take_left_out(later);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].event, "replica.two_leaders");
    EXPECT_EQ(told[0].lines, 439'990u);
    EXPECT_TRUE(limits.take_left_out(later).empty()) << "told once";
    EXPECT_TRUE(limits.admit("replica.two_leaders", later));
}

TEST(LogFile, LeavesOutWhatInputCausesInANumberAndSaysSo) {
    const std::string path = ::testing::TempDir() + "left_out.log";
    std::remove(path.c_str());
    {
        const auto file = LogFile::open(path);
        ASSERT_TRUE(file);
        const Log log(file->get());
        for (int i = 0; i < 1000; ++i) log.error("replica.two_leaders", {{"term", i}});
        for (int i = 0; i < 20; ++i) log.info("replica.leads", {{"term", i}});
    }
    std::ifstream in(path);
    std::map<std::string, int> lines;
    for (std::string time, level, event, rest; in >> time >> level >> event;) {
        std::getline(in, rest);
        ++lines[event == "log.suppressed" ? event + rest : event];
    }
    EXPECT_EQ(lines["replica.leads"], 20) << "what the node does itself is never left out";
    EXPECT_LE(lines["replica.two_leaders"], 20) << "two seconds at most";
    EXPECT_GE(lines.size(), 3u);
    if (lines["replica.two_leaders"] == 10) {
        EXPECT_EQ(lines["log.suppressed lines=990 event=replica.two_leaders"], 1);
    }
}

}  // namespace
}  // namespace weft::node
