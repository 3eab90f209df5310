#include "replication/raft/term_rule.h"

namespace weft::replication {

TermTold judge_term(Term ours, Term told) {
    if (told == Term{} || told > kTermMax) return {};
    if (told <= ours) return {.plausible = true};
    const Term furthest{ours.value + kTermStep};
    if (told > furthest) return {.plausible = false, .next = furthest};
    return {.plausible = true, .next = told};
}

}  // namespace weft::replication
