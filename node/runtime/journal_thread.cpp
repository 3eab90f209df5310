#include "node/runtime/journal_thread.h"

#include "core/error.h"

#include <chrono>
#include <utility>

namespace weft::node {

namespace {

constexpr auto kRetryWhenFull = std::chrono::milliseconds(200);
constexpr std::size_t kSpareMax = 4;
// A buffer that once held a large round is not kept.
constexpr std::size_t kSpareBytesMax = std::size_t{1} << 20;

}  // namespace

JournalThread::JournalThread(storage::Store& store, Completions& completions)
    : store_(store), completions_(completions), thread_([this] { run(); }) {}

JournalThread::~JournalThread() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void JournalThread::write(RoundSeq seq, storage::WriteBatch& batch) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({seq, std::move(batch)});
        batch = storage::WriteBatch();
        if (!spare_.empty()) {
            batch = std::move(spare_.back());
            spare_.pop_back();
        }
    }
    wake_.notify_one();
}

void JournalThread::run() {
    std::vector<Round> rounds;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            std::swap(rounds, waiting_);
        }
        Round& first = rounds.front();
        for (std::size_t i = 1; i < rounds.size(); ++i) first.batch.merge(rounds[i].batch);
        first.seq = rounds.back().seq;
        if (!apply(first)) return;
        const std::lock_guard lock(mutex_);
        for (Round& round : rounds) {
            if (spare_.size() == kSpareMax || round.batch.bytes() > kSpareBytesMax) continue;
            round.batch.clear();
            spare_.push_back(std::move(round.batch));
        }
        rounds.clear();
    }
}

bool JournalThread::apply(const Round& round) {
    bool told = false;
    for (;;) {
        auto stats = store_.apply(round.batch);
        if (stats) {
            completions_.push(Event(Persisted{round.seq, *stats}));
            return true;
        }
        if (stats.error().number != static_cast<std::uint16_t>(ErrorNumber::DiskFull)) {
            completions_.push(StoreFailed{std::move(stats).error()});
            return false;
        }
        if (!std::exchange(told, true)) completions_.push(Event(StorageFull{round.seq}));
        if (!wait_for_room()) return false;
    }
}

bool JournalThread::wait_for_room() {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, kRetryWhenFull, [this] { return stop_; });
}

}  // namespace weft::node
