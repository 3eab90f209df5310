#pragma once
// What the items of a batch of appends claim of the bytes that come with them.

#include "replication/messages.h"
#include "weft/result.h"

#include <string_view>
#include <vector>

namespace weft::wire {

// The entries of every item lie in `blob`, in order and apart, and are what the item says.
// Malformed (4003): otherwise.
Result<void> check_batch(const std::vector<replication::AppendItem>& items, std::string_view blob);

}  // namespace weft::wire
