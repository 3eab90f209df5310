#include "replication/raft/leadership_transfer.h"

#include "core/invariant.h"

namespace weft::replication {

void LeadershipTransfer::begin(NodeId target, Instant until) {
    WEFT_INVARIANT(!under_way_, "a transfer until {} and one until {}", under_way_->until.ns,
                   until.ns);
    under_way_ = UnderWay{target, false, until, until};
}

std::optional<NodeId> LeadershipTransfer::untold() const {
    if (!under_way_ || under_way_->told) return std::nullopt;
    return under_way_->target;
}

void LeadershipTransfer::told() { under_way_->told = true; }

bool LeadershipTransfer::look(Instant now, Instant answered, Duration again) {
    if (!under_way_ || now < under_way_->look_at) return false;
    under_way_->told = true;
    under_way_->look_at = now + again;
    if (answered < under_way_->until) return false;
    under_way_.reset();
    return true;
}

void LeadershipTransfer::check(bool leads) const {
    WEFT_INVARIANT(leads || !under_way_, "a transfer until {} by no leader", under_way_->until.ns);
}

}  // namespace weft::replication
