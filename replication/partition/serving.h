#pragma once
// In which term this node serves the group: runs handlers and answers. It begins when every entry
// of the log is applied, the no-op of the term being the last one: a handler must see all that may
// have been acknowledged (S8, Raft paper 8). It ends with the leadership, and pauses while that is
// handed over (S9): nothing is let in then, neither commands nor reads.

#include "core/error.h"
#include "weft/types.h"

#include <cstddef>
#include <optional>

namespace weft::replication {

class Serving {
public:
    // The group here and now.
    struct Group {
        std::optional<Term> leads;  // this node, in that term
        bool hands_over = false;
        bool intact = false;       // nothing is damaged or of a later weft
        bool loaded = false;       // what the sessions of the base remember
        bool all_applied = false;  // the no-op of the term and all that is in the log
    };

    // The term; nothing: not serving.
    std::optional<Term> term() const { return term_; }
    explicit operator bool() const { return term_.has_value(); }
    // In this term, now.
    bool in(Term term) const { return term_ == term; }

    // The term that is over: it was served, and this node leads in it no more.
    std::optional<Term> over(std::optional<Term> leads) const;
    void end() { term_.reset(); }
    bool may_begin(const Group& group) const;
    void begin(Term term) { term_ = term; }

    // Elected, and only the no-op of the term or what came before it is missing: a moment with a
    // quorum, at most the time until the term ends without one.
    bool soon(const Group& group) const;
    // Why nothing is let in. Nothing: handlers may run.
    std::optional<Error> refusal(bool hands_over) const;

    // `waiting`: commands and reads that were let in and are not answered.
    void check(std::size_t waiting) const;

private:
    std::optional<Term> term_;
};

}  // namespace weft::replication
