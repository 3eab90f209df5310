#pragma once
// Dirty rows are written group after group once the log has grown by so much (docs/design.md,
// "Storage"), a slice in a round, and no further slice before the last one is on disk: the sweep
// must not push the commands' records into a queue.

#include "core/ids.h"
#include "core/log.h"
#include "core/time.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace weft::node {

struct SweepOptions {
    std::uint64_t log_bytes = 0;  // growth of the log that starts a sweep
    std::size_t rows = 0;         // of a slice, at most
};

class Sweeper {
public:
    Sweeper(SweepOptions options, weft::Log log) : options_(options), log_(log) {}

    // The log's size, as the journal tells it after each batch.
    void on_log_bytes(std::uint64_t bytes);
    // From the first group on, also when a sweep is under way.
    void begin();

    // A slice may begin, `persisted` being on disk. Then, while rows are left, the group that
    // holds next_group() or the first one behind it is swept; and then the slice ends.
    bool begin_slice(Instant now, RoundSeq persisted);
    std::size_t rows_left() const { return groups_left_ > 0 ? rows_left_ : 0; }
    PartitionId next_group() const { return next_; }
    void begin_group(PartitionId group);
    // What became of that group: `rows` were written, and there are more unless it is `done`.
    void end_group(PartitionId group, std::size_t rows, bool done);
    // `written_with`: the round that wrote something in this slice's time, if any has. `more`: a
    // group is still to come.
    void end_slice(Instant now, std::optional<RoundSeq> written_with, bool more);

    Instant deadline() const { return active_ ? again_at_ : Instant::never(); }
    // Sweeps so far.
    std::uint64_t finished() const { return finished_; }
    // Everything that was swept is on disk.
    bool on_disk(RoundSeq persisted) const { return persisted >= written_with_; }
    // `at_hand`: the number of the next round.
    void check(RoundSeq at_hand) const;

private:
    SweepOptions options_;
    weft::Log log_;
    bool active_ = false;
    PartitionId next_;
    std::size_t rows_left_ = 0;  // of the slice
    std::size_t groups_left_ = 0;
    RoundSeq written_with_;                // the last slice
    Instant again_at_ = Instant::never();  // a slice wrote nothing: no Persisted to go on from
    std::uint64_t log_bytes_ = 0;
    std::uint64_t log_bytes_then_ = 0;  // when the last sweep ended
    std::uint64_t finished_ = 0;
};

}  // namespace weft::node
