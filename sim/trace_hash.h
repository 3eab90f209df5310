#pragma once
// The canary of determinism (I20): everything that happens in a run, folded into one number. Only
// values enter it that are the same on every compiler and machine.

#include "core/time.h"

#include <cstdint>

namespace weft::sim {

class TraceHash {
public:
    enum class Kind : std::uint8_t {
        Send = 1,
        Deliver,
        Write,
        Synced,
        Read,
        Start,
        Crash,
        Pause,
        Fault,
        CallStarted,
        CallEnded
    };
    void add(Instant time, std::uint32_t node, Kind kind, std::uint64_t payload) {
        fold(static_cast<std::uint64_t>(time.ns));
        fold(std::uint64_t{node} << 8 | static_cast<std::uint64_t>(kind));
        fold(payload);
    }
    std::uint64_t value() const { return value_; }

private:
    void fold(std::uint64_t part) {
        value_ = (value_ ^ part) * 0x9e3779b97f4a7c15ULL;
        value_ ^= value_ >> 32;
    }
    std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace weft::sim
