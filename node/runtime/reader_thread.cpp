#include "node/runtime/reader_thread.h"

#include "core/error.h"
#include "core/overloaded.h"

#include <iterator>
#include <utility>

namespace weft::node {

namespace {

replication::FetchResult overloaded(const replication::FetchRequest& what) {
    const auto error = [] { return fail(ErrorNumber::QueueFull, "too many reads wait"); };
    return std::visit(Overloaded{
                          [&](const storage::LogRange&) -> replication::FetchResult {
                              return Result<storage::FetchedLog>(error());
                          },
                          [&](const storage::RowRead&) -> replication::FetchResult {
                              return Result<storage::FetchedRow>(error());
                          },
                          [&](const storage::RowScan&) -> replication::FetchResult {
                              return Result<storage::FetchedRows>(error());
                          },
                      },
                      what);
}

}  // namespace

ReaderThread::ReaderThread(const storage::Store& store, Completions& completions)
    : store_(store), completions_(completions), thread_([this] { run(); }) {}

ReaderThread::~ReaderThread() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void ReaderThread::read(std::vector<Fetch>& fetches) {
    std::vector<Fetch> refused;
    {
        const std::lock_guard lock(mutex_);
        for (Fetch& fetch : fetches) {
            auto& queue = waiting_.size() < kWaitingMax ? waiting_ : refused;
            queue.push_back(std::move(fetch));
        }
    }
    wake_.notify_one();
    fetches.clear();
    for (const Fetch& fetch : refused)
        completions_.push(Event(Fetched{fetch.id, overloaded(fetch.what)}));
}

void ReaderThread::run() {
    std::vector<Fetch> fetches;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
            if (stop_) return;
            std::swap(fetches, waiting_);
        }
        for (const Fetch& fetch : fetches)
            completions_.push(Event(Fetched{fetch.id, serve(fetch.what)}));
        fetches.clear();
    }
}

replication::FetchResult ReaderThread::serve(const replication::FetchRequest& what) const {
    return std::visit(Overloaded{
                          [&](const storage::LogRange& range) -> replication::FetchResult {
                              return store_.read_log(range);
                          },
                          [&](const storage::RowRead& read) -> replication::FetchResult {
                              return store_.read_row(read);
                          },
                          [&](const storage::RowScan& scan) -> replication::FetchResult {
                              return store_.scan(scan);
                          },
                      },
                      what);
}

}  // namespace weft::node
