#pragma once
// Where a list goes on: opaque to whoever asks, checked when it comes back.

#include "node/admin/query.h"

#include <string>
#include <string_view>
#include <vector>

namespace weft::node {

// {mark, group, phase, two log indexes, last row key in hex}, separated by '/'.
std::string cursor_of(const AdminQuery& query);
// Takes the cursor of the page before, if any, off the arguments.
std::string_view take_cursor(std::vector<std::string_view>& arguments);
// False: not one of ours. An empty one is the beginning.
bool read_cursor(std::string_view text, AdminQuery& query);

}  // namespace weft::node
