#include "sim/disk.h"

#include "core/invariant.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace weft::sim {

Duration Disk::delay(Duration low, Duration high) {
    Duration wait = random_.between(low, high);
    if (stalled_until_ > queue_.now()) wait += stalled_until_ - queue_.now();
    return wait;
}

void Disk::write(std::uint64_t seq, const storage::WriteBatch& batch, const Done& done) {
    unsynced_.push_back({seq, batch});
    if (!syncing_) start_sync(done);
}

void Disk::start_sync(const Done& done) {
    syncing_ = true;
    const std::size_t count = unsynced_.size();
    queue_.after(delay(times.sync_min, times.sync_max), [this, count, done, life = life_] {
        if (life == life_) finish_sync(count, done);
    });
}

void Disk::finish_sync(std::size_t count, const Done& done) {
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto applied = image_.apply(unsynced_.front().batch);
        WEFT_INVARIANT(applied.has_value(), "simulated disk refused: {}", applied.error().message);
        last = unsynced_.front().seq;
        unsynced_.pop_front();
    }
    syncing_ = false;
    if (!unsynced_.empty()) start_sync(done);
    done(node::Persisted{last, image_.stats()});
}

void Disk::read(std::uint64_t id, const replication::FetchRequest& what, const Done& done) {
    queue_.after(delay(times.read_min, times.read_max), [this, id, what, done, life = life_] {
        if (life != life_) return;
        node::Fetched fetched{id, {}};
        std::visit(
            [&](const auto& request) {
                using Request = std::decay_t<decltype(request)>;
                if constexpr (std::is_same_v<Request, storage::LogRange>)
                    fetched.result = image_.read_log(request);
                else if constexpr (std::is_same_v<Request, storage::RowRead>)
                    fetched.result = image_.read_row(request);
                else
                    fetched.result = image_.scan(request);
            },
            what);
        done(std::move(fetched));
    });
}

void Disk::crash() {
    ++life_;
    const std::size_t kept = random_.below(unsynced_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) {
        const auto applied = image_.apply(unsynced_[i].batch);
        WEFT_INVARIANT(applied.has_value(), "simulated disk refused: {}", applied.error().message);
    }
    unsynced_.clear();
    syncing_ = false;
}

}  // namespace weft::sim
