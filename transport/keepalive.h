#pragma once
// A peer that vanished without a word is found by the kernel. ZMTP heartbeats are not used: after a
// pause of the process libzmq's timer writes on a connection that has failed already, and libzmq
// 4.3.4 aborts (docs/findings.md). Private to transport.

namespace weft::transport {

inline constexpr int kKeepaliveIdleSeconds = 5;
inline constexpr int kKeepaliveIntervalSeconds = 2;
inline constexpr int kKeepaliveProbes = 3;

}  // namespace weft::transport
