#include "core/term_runs.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace weft {

namespace {

// Whatever is appended, replaced, cut off at either end: each index keeps its own term.
RC_GTEST_PROP(TermRuns, AnswerLikeAListOfTerms, ()) {
    TermRuns runs;
    bool replaced = false;
    std::map<LogIndex, Term> model;
    LogIndex last{*rc::gen::inRange<std::uint64_t>(0, 5)};
    for (const int action : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10))) {
        const Term term{*rc::gen::inRange<std::uint64_t>(1, 4)};
        if (model.empty() || action < 6) {
            last = next(last);
            runs.append(last, term);
            model[last] = term;
            continue;
        }
        const LogIndex first = model.begin()->first;
        const LogIndex any{*rc::gen::inRange(first.value, last.value + 1)};
        if (action < 8) {
            replaced = true;
            runs.replace(any, last, term);
            model[any] = term;
        } else if (action == 8) {
            runs.truncate(any);
            model.erase(model.upper_bound(any), model.end());
            last = any;
        } else {
            runs.drop_before(any);
            model.erase(model.begin(), model.find(any));
        }
        for (const auto& [index, wanted] : model) RC_ASSERT(runs.at(index) == wanted);
        std::vector<Term> terms{term};
        for (const auto& [index, each] : model) terms.push_back(each);
        if (runs.rise_from(term)) RC_ASSERT(std::ranges::is_sorted(terms));
        if (!replaced) RC_ASSERT(runs.rise_from(term) == std::ranges::is_sorted(terms));
    }
}

}  // namespace

}  // namespace weft
