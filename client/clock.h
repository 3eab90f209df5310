#pragma once
// The client's clocks and its one source of entropy.

#include "core/time.h"
#include "weft/types.h"

namespace weft::client {

Now clock_now();
// From the operating system: never the same twice.
std::uint64_t seed();
ClientId random_client_id();

}  // namespace weft::client
