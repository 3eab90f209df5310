#pragma once
// Which partition waits for which batch. A round is one transaction under one number, so a
// partition's promise is kept when its round is on disk (S2). A round that wrote nothing is as
// durable as what was written before it: it gets no number of its own, and its promises wait with
// the newest batch.

#include "core/ids.h"
#include "core/indexed.h"
#include "core/time.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace weft::node {

// `group` is told that everything up to `seq` is durable.
struct DiskMark {
    PartitionId group;
    PersistSeq seq;
};

class DiskRounds {
public:
    // `groups`: how many there are in the mesh.
    explicit DiskRounds(std::uint32_t groups) : newest_(groups) {}

    // What `group` writes in this round, up to `seq`, is promised to somebody.
    void want(PartitionId group, PersistSeq seq);
    // The round under way has promises.
    bool wanted() const { return !wanted_.empty(); }
    // What is written now goes to disk with it.
    RoundSeq at_hand() const { return {last_.value + 1}; }
    // The round ends having written `bytes`: the number they go to disk with, unless there are
    // none.
    std::optional<RoundSeq> close(Instant now, std::size_t bytes);
    void on_persisted(RoundSeq seq);
    // Promises that can be kept now, a batch at a time; nothing: no further ones.
    std::optional<std::vector<DiskMark>> take_durable();

    RoundSeq persisted() const { return persisted_; }
    bool waiting() const { return !waiting_.empty(); }
    // Of the batches that wait.
    std::size_t bytes() const { return bytes_; }
    // How long the oldest batch waits.
    Duration age(Instant now) const {
        return waiting() ? now - waiting_.front().since : Duration{};
    }
    // As peers are told it.
    std::uint32_t age_ms(Instant now) const;
    // Since when it does.
    std::optional<Instant> oldest() const;
    // Every promise that could be kept was taken, and the sums hold.
    void check() const;

private:
    struct Batch {
        RoundSeq seq;
        Instant since;
        std::size_t bytes = 0;
        std::vector<DiskMark> marks;
    };

    RoundSeq last_;
    RoundSeq persisted_;
    std::vector<PartitionId> wanted_;          // in this round, each once
    Indexed<PartitionId, PersistSeq> newest_;  // of those; 0: none
    std::deque<Batch> waiting_;
    std::size_t bytes_ = 0;
};

}  // namespace weft::node
