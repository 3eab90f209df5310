#include "replication/partition/serving.h"

#include "core/invariant.h"
#include "core/mutant.h"

namespace weft::replication {

std::optional<Term> Serving::over(std::optional<Term> leads) const {
    return term_ == leads ? std::nullopt : term_;
}

bool Serving::may_begin(const Group& group) const {
    return !term_ && group.leads && group.intact && group.loaded &&
           (group.all_applied || WEFT_MUTANT(ServeBeforeNoOp));
}

bool Serving::soon(const Group& group) const {
    return !term_ && group.leads && group.intact && !group.hands_over;
}

std::optional<Error> Serving::refusal(bool hands_over) const {
    if (!term_) return make_error(ErrorNumber::NoLeader, "this node does not lead the group");
    if (hands_over) return make_error(ErrorNumber::NoLeader, "this node is handing the group over");
    return std::nullopt;
}

void Serving::check(std::size_t waiting) const {
    WEFT_INVARIANT(term_ || waiting == 0, "{} requests wait without leading", waiting);
}

}  // namespace weft::replication
