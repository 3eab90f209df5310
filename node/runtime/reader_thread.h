#pragma once
// Serves fetches in short read transactions, in the order they were asked for.

#include "node/runtime/completions.h"
#include "storage/contracts.h"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace weft::node {

class ReaderThread {
public:
    // Fetches that wait at most; further ones are answered Overloaded (8002) at once.
    static constexpr std::size_t kWaitingMax = 65536;

    ReaderThread(const storage::Store& store, Completions& completions);
    ~ReaderThread();
    ReaderThread(const ReaderThread&) = delete;
    ReaderThread& operator=(const ReaderThread&) = delete;

    // Core thread. A round's fetches are handed over together; `fetches` comes back empty.
    void read(std::vector<Fetch>& fetches);

private:
    void run();
    replication::FetchResult serve(const replication::FetchRequest& what) const;

    const storage::Store& store_;
    Completions& completions_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Fetch> waiting_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace weft::node
