#include "cli/explain.h"

#include "cli/exit_code.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

namespace weft::cli {

namespace {

int number_of(const ErrorPage& page) { return static_cast<int>(page.number); }

bool has_prefix(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::ranges::equal(text.substr(0, prefix.size()), prefix, {},
                              [](char c) { return std::toupper(static_cast<unsigned char>(c)); });
}

}  // namespace

Result<const ErrorPage*> find_error_page(std::string_view text) {
    constexpr std::string_view kPrefix = "WEFT-";
    const std::string_view digits = has_prefix(text, kPrefix) ? text.substr(kPrefix.size()) : text;
    int number = 0;
    const char* end = digits.data() + digits.size();
    const auto [at, bad] = std::from_chars(digits.data(), end, number);
    if (digits.empty() || digits.front() == '-' || bad == std::errc::invalid_argument || at != end)
        return fail(ErrorNumber::BadConfiguration,
                    "'{}' is no number of an error, such as WEFT-1006; 'weft explain' lists all",
                    text);
    const auto pages = error_pages();
    const auto apart = [number, bad](const ErrorPage& page) {
        return bad == std::errc{} ? std::abs(number_of(page) - number) : -number_of(page);
    };
    const auto nearest = std::ranges::min_element(pages, {}, apart);
    if (bad != std::errc{} || number_of(*nearest) != number)
        return fail(ErrorNumber::NotThere, "no error has the number {}; the nearest is WEFT-{}: {}",
                    text, number_of(*nearest), nearest->title);
    return &*nearest;
}

Record describe_error(const ErrorPage& page) {
    const Exit exit = exit_for(page.number, page.code);
    std::string meaning(exit_meaning(exit));
    if (page.number == ErrorNumber::BadConfiguration || page.number == ErrorNumber::ListenNeedsKeys)
        meaning +=
            fmt::format("; {} if it is the command line that is wrong", exit_code(Exit::Usage));
    return {{"number", fmt::format("WEFT-{}", number_of(page))},
            {"code", std::string(error_code_name(page.code))},
            {"title", std::string(page.title)},
            {"because", std::string(page.because)},
            {"try", std::string(page.try_this)},
            {"exit", std::int64_t{exit_code(exit)}},
            {"exit_meaning", std::move(meaning)}};
}

}  // namespace weft::cli
