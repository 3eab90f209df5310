#include "sim/disk.h"

#include "core/error.h"
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

void Disk::write(RoundSeq seq, const storage::WriteBatch& batch) {
    user_.disk_trace(TraceHash::Kind::Write, xxh3_64(batch.encoded()));
    if (spare_.empty()) {
        unsynced_.push_back(batch);
    } else {
        spare_.back().merge(batch);
        unsynced_.push_back(std::move(spare_.back()));
        spare_.pop_back();
    }
    seqs_.push_back(seq);
    if (syncing_ == 0) start_sync();
}

void Disk::start_sync() {
    syncing_ = unsynced_.size();
    Random draw = chance();
    begin(delay(draw, times.sync_min, times.sync_max), [this] { finish_sync(); });
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

void Disk::finish_sync() {
    if (std::exchange(fail_sync_, false)) return user_.sync_failed();
    if (full_ > 0 || !write_to_image()) return retry_when_full();
    told_full_ = false;
    const RoundSeq last = seqs_[syncing_ - 1];
    forget_synced();
    if (!unsynced_.empty()) start_sync();
    user_.disk_trace(TraceHash::Kind::Synced, last.value);
    user_.disk_event(node::Persisted{last, store().stats()});
}

// All of a sync is one commit. False when there is no room for it.
bool Disk::write_to_image() {
    storage::WriteBatch& commit = unsynced_.front();
    for (std::size_t i = 1; i < syncing_; ++i) {
        commit.merge(unsynced_[i]);
        unsynced_[i].clear();  // not once more when this is tried again
    }
    const auto applied = image_->apply(commit);
    if (applied) {
        user_.disk_applied(commit);
        return true;
    }
    WEFT_INVARIANT(applied.error().number == static_cast<std::uint16_t>(ErrorNumber::DiskFull),
                   "simulated disk refused: {}", applied.error().message);
    return false;
}

void Disk::forget_synced() {
    for (std::size_t i = 0; i < syncing_ && spare_.size() < kSpareMax; ++i) {
        unsynced_[i].clear();
        spare_.push_back(std::move(unsynced_[i]));
    }
    const auto count = static_cast<std::ptrdiff_t>(std::exchange(syncing_, 0));
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + count);
    seqs_.erase(seqs_.begin(), seqs_.begin() + count);
}

// As the journal thread: the batch waits and is tried again, the node is told once.
void Disk::retry_when_full() {
    begin(kRetryWhenFull, [this] { finish_sync(); });
    if (std::exchange(told_full_, true)) return;
    user_.disk_event(node::StorageFull{seqs_[syncing_ - 1]});
}

void Disk::read(DiskFetchId id, replication::FetchRequest what) {
    Random draw = chance();
    const Duration usual = delay(draw, times.read_min, times.read_max);
    const Duration wait = usual + draw.between(Duration{}, late_reads_);
    if (draw.chance(times.early_percent, 100))
        return begin(wait, [this, seen = look(id, what)] { finish_read(seen); });
    begin(wait, [this, id, kept = std::move(what)] { finish_read(look(id, kept)); });
}

node::Fetched Disk::look(DiskFetchId id, const replication::FetchRequest& what) const {
    node::Fetched fetched{id, {}};
    std::visit(
        [&](const auto& request) {
            using Request = std::decay_t<decltype(request)>;
            if constexpr (std::is_same_v<Request, storage::LogRange>)
                fetched.result = store().read_log(request);
            else if constexpr (std::is_same_v<Request, storage::RowRead>)
                fetched.result = store().read_row(request);
            else
                fetched.result = store().scan(request);
        },
        what);
    return fetched;
}

void Disk::finish_read(node::Fetched fetched) {
    user_.disk_trace(TraceHash::Kind::Read, fetched.id.value);
    user_.disk_event(std::move(fetched));
}

void Disk::crash(std::uint64_t salt, DiskImage::Ending ending) {
    in_flight_.clear();
    const std::size_t kept = image_->crash({ending, salt, unsynced_, syncing_});
    for (std::size_t i = 0; i < kept; ++i) user_.disk_applied(unsynced_[i]);
    unsynced_.clear();
    seqs_.clear();
    syncing_ = 0;
    told_full_ = false;
    fail_sync_ = false;
}

void Disk::add_slowness(std::int64_t by) {
    slowness_ = std::max<std::int64_t>(0, slowness_ + by);
    end_delays();
}

void Disk::limit(std::uint64_t bytes) {
    ++limits_;
    image_->set_map_bytes(store().stats().file_bytes + bytes);
}

void Disk::lift_limit() {
    if (limits_ > 0 && --limits_ == 0) image_->set_map_bytes(0);
}

void Disk::heal() {
    if (std::exchange(limits_, 0) > 0) image_->set_map_bytes(0);
    stalled_until_ = Instant{};
    slowness_ = 0;
    late_reads_ = Duration{};
    full_ = 0;
    fail_sync_ = false;
    end_delays();
}

}  // namespace weft::sim
