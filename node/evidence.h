#pragma once
// Whether it is certain that the process that was last heard of a node is gone (docs/design.md,
// "Replication"): then others may lead before its lease is over. A refused connection tells it, as
// long as no newer boot shows; a newer boot tells it for as long as that lease could last.

#include "core/time.h"

#include <cstdint>
#include <optional>

namespace weft::node {

// What partitions must be told.
enum class EvidenceNews : std::uint8_t { None, Begins, Ends };

class Evidence {
public:
    bool holds() const { return until_.has_value(); }
    Instant deadline() const { return until_.value_or(Instant::never()); }

    // `known`: a process of it was seen.
    EvidenceNews on_refused(bool known) {
        return known ? hold(Instant::never()) : EvidenceNews::None;
    }
    // `before`: a former process was known. Evidence that holds was of that one.
    EvidenceNews on_new_boot(bool before, Instant until) {
        if (holds()) return drop();
        return before ? hold(until) : EvidenceNews::None;
    }
    EvidenceNews on_time(Instant now) { return deadline() <= now ? drop() : EvidenceNews::None; }
    EvidenceNews drop() {
        const bool held = holds();
        until_.reset();
        return held ? EvidenceNews::Ends : EvidenceNews::None;
    }

private:
    EvidenceNews hold(Instant until) {
        const bool held = holds();
        until_ = until;
        return held ? EvidenceNews::None : EvidenceNews::Begins;
    }

    std::optional<Instant> until_;  // nothing: none is held
};

}  // namespace weft::node
