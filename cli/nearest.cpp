#include "cli/nearest.h"

#include <algorithm>

namespace weft::cli {

std::size_t edit_distance(std::string_view one, std::string_view other) {
    // Three rows of the table: the one being filled and two before it.
    std::vector<std::size_t> before(other.size() + 1), last(other.size() + 1),
        row(other.size() + 1);
    for (std::size_t c = 0; c <= other.size(); ++c) last[c] = c;
    for (std::size_t r = 1; r <= one.size(); ++r) {
        row[0] = r;
        for (std::size_t c = 1; c <= other.size(); ++c) {
            const bool same = one[r - 1] == other[c - 1];
            row[c] = std::min({last[c] + 1, row[c - 1] + 1, last[c - 1] + (same ? 0U : 1U)});
            const bool swapped =
                r > 1 && c > 1 && one[r - 1] == other[c - 2] && one[r - 2] == other[c - 1];
            if (swapped) row[c] = std::min(row[c], before[c - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[other.size()];
}

std::vector<std::string> nearest(std::string_view typed, const std::vector<std::string>& words) {
    constexpr std::size_t kTypedMax = 64;  // longer ones are no word of ours
    constexpr std::size_t kWordsMax = 3;
    std::vector<std::string> found;
    if (typed.size() < 2 || typed.size() > kTypedMax) return found;
    const std::size_t limit = typed.size() <= 5 ? 1 : typed.size() <= 8 ? 2 : 3;
    std::size_t best = limit;
    for (const std::string& word : words) {
        const bool beginning = word.starts_with(typed);
        const std::size_t distance = beginning ? 1 : edit_distance(typed, word);
        // Two letters have nothing in common with two others at a distance of two.
        if (distance > best || distance >= std::max(typed.size(), word.size())) continue;
        if (distance < best) found.clear();
        best = distance;
        if (found.size() < kWordsMax) found.push_back(word);
    }
    return found;
}

std::string did_you_mean(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "; did you mean '" : " or '") + word + "'";
    return text.empty() ? text : text + "?";
}

}  // namespace weft::cli
