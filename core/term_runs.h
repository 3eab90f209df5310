#pragma once
// The terms of consecutive log entries. A term lasts for as long as its leader, so they are kept as
// runs and not one by one.

#include "weft/types.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

namespace weft {

class TermRuns {
public:
    // `index` must have been appended, and neither truncated nor compacted since. Almost always the
    // last run answers.
    Term at(LogIndex index) const {
        if (runs_.back().first <= index) return runs_.back().term;
        return std::prev(std::ranges::upper_bound(runs_, index, {}, &Run::first))->term;
    }
    // `index` is one above the last one.
    void append(LogIndex index, Term term) {
        if (runs_.empty() || runs_.back().term != term) runs_.push_back({index, term});
    }
    // Another term for `index`, which is there, as is everything up to `last`.
    void replace(LogIndex index, LogIndex last, Term term) {
        if (at(index) == term) return;
        const Term after = index < last ? at(next(index)) : term;
        auto run = std::ranges::lower_bound(runs_, index, {}, &Run::first);
        if (run != runs_.end() && run->first == index)
            run->term = term;
        else
            run = runs_.insert(run, {index, term});
        ++run;
        const bool follows = run != runs_.end() && run->first == next(index);
        if (index < last && !follows) runs_.insert(run, {next(index), after});
    }
    // Everything behind `last` leaves.
    void truncate(LogIndex last) {
        while (!runs_.empty() && runs_.back().first > last) runs_.pop_back();
    }
    // Everything before `first` leaves; `first` is still there.
    void drop_before(LogIndex first) {
        while (runs_.size() > 1 && runs_[1].first <= first) runs_.pop_front();
    }
    void clear() { runs_.clear(); }
    // True: no term is below the one before it, `before` being that of the first. False says
    // nothing where terms were replaced: a run that covers no index any more may be left at the
    // beginning.
    bool rise_from(Term before) const {
        for (const Run& run : runs_)
            if (run.term < std::exchange(before, run.term)) return false;
        return true;
    }

private:
    // From `first` to where the next one begins.
    struct Run {
        LogIndex first;
        Term term;
    };
    std::deque<Run> runs_;
};

}  // namespace weft
