#pragma once
// How weft makes its errors. Numbers and texts are public: weft/errors.h.

#include "weft/errors.h"
#include "weft/result.h"

#include <fmt/core.h>

#include <expected>
#include <string>
#include <utility>

namespace weft {

Error make_error(ErrorNumber number, std::string message);

template <class... Args>
std::unexpected<Error> fail(ErrorNumber number, fmt::format_string<Args...> format,
                            Args&&... args) {
    return std::unexpected(make_error(number, fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace weft
