#pragma once
// Writes rounds to the store: everything that waits becomes one transaction.

#include "core/ids.h"
#include "node/runtime/completions.h"
#include "storage/contracts.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace weft::node {

class JournalThread {
public:
    // Posts Persisted, StorageFull (and tries again until there is room) or StoreFailed, after
    // which it writes nothing more.
    JournalThread(storage::Store& store, Completions& completions);
    // Finishes what waits, unless the store failed or is full.
    ~JournalThread();
    JournalThread(const JournalThread&) = delete;
    JournalThread& operator=(const JournalThread&) = delete;

    // Core thread. Takes the batch over; `batch` comes back empty, with room from a former round.
    void write(RoundSeq seq, storage::WriteBatch& batch);

private:
    struct Round {
        RoundSeq seq;
        storage::WriteBatch batch;
    };
    void run();
    // False: the store failed, or the thread is to stop while the disk is full.
    bool apply(const Round& round);
    bool wait_for_room();

    storage::Store& store_;
    Completions& completions_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Round> waiting_;
    std::vector<storage::WriteBatch> spare_;  // buffers on their way back
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace weft::node
