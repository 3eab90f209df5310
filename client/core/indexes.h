#pragma once
// What the client's things are found by: places in its tables, each of its own kind.

#include "routing/request_ids.h"
#include "weft/types.h"

#include <cstdint>

namespace weft::client {

using CallId = std::uint64_t;  // a call as its driver names it

using routing::CallIndex;                                      // a pending call
using LaneIndex = Strong<struct LaneTag, std::uint32_t>;       // the calls to one entity
using NodeIndex = Strong<struct KnownNodeTag, std::uint32_t>;  // a node that a hello has named
using LinkId = Strong<struct LinkTag, std::uint32_t>;          // a client address; drivers see it

using routing::kNoCall;
inline constexpr LaneIndex kNoLane{0xffffffff};
inline constexpr NodeIndex kNoNode{0xffffffff};
inline constexpr LinkId kNoLink{0xffffffff};

}  // namespace weft::client
