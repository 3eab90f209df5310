#include "node/sweeper.h"

#include "core/invariant.h"

#include <algorithm>
#include <chrono>

namespace weft::node {

namespace {

// Groups without dirty rows cost next to nothing; still, one round looks at so many at most.
constexpr std::size_t kGroupsPerRound = 256;
constexpr Duration kPause = std::chrono::milliseconds(1);

}  // namespace

void Sweeper::on_log_bytes(std::uint64_t bytes) {
    log_bytes_ = bytes;
    log_bytes_then_ = std::min(log_bytes_then_, bytes);
    if (!active_ && bytes - log_bytes_then_ > options_.log_bytes) begin();
}

void Sweeper::begin() {
    active_ = true;
    next_ = {};
    again_at_ = Instant::never();
    log_.info("sweep.begun", {{"log_bytes", log_bytes_}});
}

bool Sweeper::begin_slice(Instant now, RoundSeq persisted) {
    if (!active_ || !on_disk(persisted)) return false;
    if (again_at_ != Instant::never() && again_at_ > now) return false;
    again_at_ = Instant::never();
    rows_left_ = options_.rows;
    groups_left_ = kGroupsPerRound;
    return true;
}

// A group that says nothing is passed by.
void Sweeper::begin_group(PartitionId group) {
    next_ = PartitionId{group.value + 1};
    --groups_left_;
}

void Sweeper::end_group(PartitionId group, std::size_t rows, bool done) {
    rows_left_ -= std::min(rows, rows_left_);
    if (done) return;
    next_ = group;
    rows_left_ = 0;
}

void Sweeper::end_slice(Instant now, std::optional<RoundSeq> written_with, bool more) {
    if (written_with)
        written_with_ = *written_with;
    else
        again_at_ = now + kPause;
    if (more) return;
    active_ = false;
    log_bytes_then_ = log_bytes_;
    ++finished_;
    log_.info("sweep.ended", {{"log_bytes", log_bytes_}});
}

void Sweeper::check(RoundSeq at_hand) const {
    WEFT_INVARIANT(written_with_ < at_hand, "swept with round {}, the next is {}",
                   written_with_.value, at_hand.value);
}

}  // namespace weft::node
