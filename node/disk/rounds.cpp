#include "node/disk/rounds.h"

#include "core/invariant.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace weft::node {

void DiskRounds::want(PartitionId group, PersistSeq seq) {
    if (std::exchange(newest_[group], seq) == PersistSeq{}) wanted_.push_back(group);
}

std::optional<RoundSeq> DiskRounds::close(Instant now, std::size_t bytes) {
    if (bytes > 0)
        waiting_.push_back({next_number(last_), now, bytes, {}});
    else if (waiting_.empty())
        waiting_.push_back({last_, now, 0, {}});
    Batch& batch = waiting_.back();
    for (const PartitionId group : wanted_)
        batch.marks.push_back({group, std::exchange(newest_[group], {})});
    wanted_.clear();
    bytes_ += bytes;
    if (bytes == 0) return std::nullopt;
    return batch.seq;
}

void DiskRounds::on_persisted(RoundSeq seq) { persisted_ = std::max(persisted_, seq); }

std::optional<std::vector<DiskMark>> DiskRounds::take_durable() {
    if (waiting_.empty() || waiting_.front().seq > persisted_) return std::nullopt;
    std::vector<DiskMark> marks = std::move(waiting_.front().marks);
    bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
    return marks;
}

std::optional<Instant> DiskRounds::oldest() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.front().since;
}

std::uint32_t DiskRounds::age_ms(Instant now) const {
    const auto age_of = std::chrono::duration_cast<std::chrono::milliseconds>(age(now)).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(age_of, 0, UINT32_MAX));
}

void DiskRounds::check() const {
    WEFT_INVARIANT(persisted_ <= last_, "round {} is on disk, {} was the last", persisted_.value,
                   last_.value);
    std::size_t bytes = 0;
    RoundSeq before = persisted_;
    for (const Batch& batch : waiting_) {
        WEFT_INVARIANT(before < batch.seq, "round {} waits behind {}", batch.seq.value,
                       before.value);
        before = batch.seq;
        bytes += batch.bytes;
    }
    WEFT_INVARIANT(bytes == bytes_, "{} bytes wait for the disk, {} are counted", bytes, bytes_);
    for (const PartitionId group : wanted_)
        WEFT_INVARIANT(newest_[group] != PersistSeq{}, "group {} is promised nothing", group.value);
}

}  // namespace weft::node
