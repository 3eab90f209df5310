#include "sim/disk.h"

#include "core/hash.h"
#include "core/invariant.h"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

namespace weft::sim {
namespace {

constexpr Duration kRetryWhenFull = std::chrono::milliseconds(200);
constexpr std::size_t kSpareMax = 4;

}  // namespace

Duration Disk::delay(Random& chance, Duration low, Duration high) const {
    Duration wait = chance.between(low, high);
    if (slowness_ > 1) wait *= slowness_;
    if (stalled_until_ > queue_.now()) wait += stalled_until_ - queue_.now();
    return wait;
}

void Disk::apply(const storage::WriteBatch& batch) {
    const auto applied = image_.apply(batch);
    WEFT_INVARIANT(applied.has_value(), "simulated disk refused: {}", applied.error().message);
    user_.disk_applied(batch);
}

void Disk::write(std::uint64_t seq, const storage::WriteBatch& batch) {
    user_.disk_trace(TraceHash::Kind::Write, xxh3_64(batch.encoded()));
    if (spare_.empty()) {
        unsynced_.push_back({seq, batch});
    } else {
        spare_.back().merge(batch);
        unsynced_.push_back({seq, std::move(spare_.back())});
        spare_.pop_back();
    }
    if (!syncing_) start_sync();
}

void Disk::start_sync() {
    syncing_ = true;
    const std::size_t count = unsynced_.size();
    Random draw = chance();
    begin(delay(draw, times.sync_min, times.sync_max), [this, count] { finish_sync(count); });
}

void Disk::begin(Duration lasts, std::move_only_function<void()> then) {
    const std::uint64_t number = ++begun_;
    in_flight_.push_back({number, std::move(then)});
    finish_after(lasts, number);
}

void Disk::finish_after(Duration wait, std::uint64_t number) {
    queue_.after(wait, [this, number] {
        const auto found = std::ranges::lower_bound(in_flight_, number, {}, &InFlight::number);
        if (found == in_flight_.end() || found->number != number) return;
        auto then = std::move(found->then);
        in_flight_.erase(found);
        then();
    });
}

// What a fault has delayed does not outlive it.
void Disk::end_delays() {
    if (slowness_ > 1 || stalled_until_ > queue_.now()) return;
    const Duration longest = std::max(times.sync_max, times.read_max);
    for (const InFlight& operation : in_flight_) finish_after(longest, operation.number);
}

void Disk::finish_sync(std::size_t count) {
    if (std::exchange(fail_sync_, false)) return user_.sync_failed();
    if (full_ > 0) return retry_when_full(count);
    told_full_ = false;
    for (std::size_t i = 0; i < count; ++i) {
        apply(unsynced_[i].batch);
        if (spare_.size() == kSpareMax) continue;
        unsynced_[i].batch.clear();
        spare_.push_back(std::move(unsynced_[i].batch));
    }
    const std::uint64_t last = unsynced_[count - 1].seq;
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(count));
    syncing_ = false;
    if (!unsynced_.empty()) start_sync();
    user_.disk_trace(TraceHash::Kind::Synced, last);
    user_.disk_event(node::Persisted{last, image_.stats()});
}

// As the journal thread: the batch waits and is tried again, the node is told once.
void Disk::retry_when_full(std::size_t count) {
    begin(kRetryWhenFull, [this, count] { finish_sync(count); });
    if (std::exchange(told_full_, true)) return;
    user_.disk_event(node::StorageFull{unsynced_[count - 1].seq});
}

void Disk::read(std::uint64_t id, replication::FetchRequest what) {
    Random draw = chance();
    const Duration wait =
        delay(draw, times.read_min, times.read_max) + draw.between(Duration{}, late_reads_);
    begin(wait, [this, id, kept = std::move(what)] { finish_read(id, kept); });
}

void Disk::finish_read(std::uint64_t id, const replication::FetchRequest& what) {
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
    user_.disk_trace(TraceHash::Kind::Read, id);
    user_.disk_event(std::move(fetched));
}

void Disk::crash(std::uint64_t salt) {
    in_flight_.clear();
    const std::size_t kept = Random(salt).below(unsynced_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) apply(unsynced_[i].batch);
    unsynced_.clear();
    syncing_ = false;
    told_full_ = false;
    fail_sync_ = false;
}

void Disk::add_slowness(std::int64_t by) {
    slowness_ = std::max<std::int64_t>(0, slowness_ + by);
    end_delays();
}

void Disk::heal() {
    stalled_until_ = Instant{};
    slowness_ = 0;
    late_reads_ = Duration{};
    full_ = 0;
    fail_sync_ = false;
    end_delays();
}

}  // namespace weft::sim
