#pragma once
// The pages of the error table (core/error.h) for people: 'weft explain'.

#include "cli/output.h"
#include "core/error.h"
#include "weft/result.h"

#include <string_view>

namespace weft::cli {

// "WEFT-2002", "weft-2002" or "2002". Malformed: it is no number; NotFound: no error has it, the
// message names the nearest.
Result<const ErrorPage*> find_error_page(std::string_view text);

// Number, code, title, because, try, exit and what that exit code means.
Record describe_error(const ErrorPage& page);

}  // namespace weft::cli
