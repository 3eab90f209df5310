#include "client/clock.h"

#include <chrono>
#include <cstring>
#include <random>

namespace weft::client {

Now clock_now() {
    const auto mono = std::chrono::steady_clock::now().time_since_epoch();
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {Instant{std::chrono::duration_cast<std::chrono::nanoseconds>(mono).count()},
            WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(wall).count()}};
}

std::uint64_t seed() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

ClientId random_client_id() {
    ClientId id;
    const std::uint64_t halves[] = {seed(), seed()};
    std::memcpy(id.bytes.data(), halves, sizeof halves);
    return id;
}

}  // namespace weft::client
