#pragma once
// Reads of large states wait until what is small has been served, and a round serves only so many
// bytes of them: others' rounds must not end behind all of them (docs/security.md). Their number
// and what their payloads hold have bounds.

#include "core/command.h"
#include "core/ids.h"
#include "core/time.h"
#include "replication/effects.h"

#include <cstddef>
#include <deque>
#include <optional>

namespace weft::node {

struct LargeReadOptions {
    std::size_t reads_max = 0;
    std::size_t bytes_max = 0;  // of their payloads
    std::size_t share = 0;      // bytes of states that are read in a round; one may be more
};

class LargeReads {
public:
    explicit LargeReads(LargeReadOptions options) : options_(options) {}

    struct Queued {
        PartitionId group;
        replication::LargeRead read;
    };
    // False: too many wait, and it was left alone.
    bool add(PartitionId group, replication::LargeRead& read);
    // Nobody is there any more to be answered.
    void forget(ClientRef client);

    void begin_round() { served_ = 0; }
    // The next one of this round; nothing: the others are for later ones.
    std::optional<Queued> take();

    Instant deadline() const { return waiting_.empty() ? Instant::never() : Instant::long_ago(); }
    std::size_t size() const { return waiting_.size(); }
    void check() const;

private:
    static std::size_t payload_bytes(const Queued& queued) {
        return queued.read.request.payload.size();
    }

    LargeReadOptions options_;
    std::deque<Queued> waiting_;
    std::size_t bytes_ = 0;   // of their payloads
    std::size_t served_ = 0;  // of states, in this round
};

}  // namespace weft::node
