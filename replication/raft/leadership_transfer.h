#pragma once
// A leadership on its way to another voter (Raft thesis 3.10; S9). The target is told to campaign
// once, when it has all that we have. From the beginning on nothing is proposed or served here, and
// not again before a quorum has answered us as the leader after the end of the attempt: a target
// that was told late may have won by then (tikv/tikv#4680).

#include "core/time.h"
#include "weft/types.h"

#include <optional>

namespace weft::replication {

class LeadershipTransfer {
public:
    // None is under way. The target is not told after `until`.
    void begin(NodeId target, Instant until);
    void end() { under_way_.reset(); }
    bool under_way() const { return under_way_.has_value(); }
    // Who waits to be told.
    std::optional<NodeId> untold() const;
    // It is.
    void told();
    // When look() is due.
    Instant deadline() const { return under_way_ ? under_way_->look_at : Instant::never(); }
    // True when a quorum has answered what was sent at `answered` and that was after the attempt:
    // it has failed and is over. Else the next look is after `again`.
    bool look(Instant now, Instant answered, Duration again);
    // Only a leader gives away what it has.
    void check(bool leads) const;

private:
    struct UnderWay {
        NodeId target;
        bool told = false;
        Instant until;
        Instant look_at;
    };
    std::optional<UnderWay> under_way_;
};

}  // namespace weft::replication
