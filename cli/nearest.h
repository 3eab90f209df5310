#pragma once
// "Did you mean": which of some words was probably meant.

#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

// Letters to add, leave out, replace, or swap with the next one (optimal string alignment).
std::size_t edit_distance(std::string_view one, std::string_view other);

// The nearest of `words`, several when they are equally near, at most three. None when nothing is
// near: one mistake in five letters or less, two in eight, three in longer words; a beginning of at
// least two letters is near.
std::vector<std::string> nearest(std::string_view typed, const std::vector<std::string>& words);

// "; did you mean 'put' or 'get'?", or nothing.
std::string did_you_mean(const std::vector<std::string>& words);

}  // namespace weft::cli
