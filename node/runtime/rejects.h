#pragma once
// Input that was not taken and output that was not sent, counted by reason.

#include "core/log.h"
#include "core/time.h"
#include "node/runtime/limited_log.h"
#include "weft/result.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace weft::node {

enum class Reject : std::uint8_t {
    BadFrame,       // size, checksum, counts, version
    WrongChannel,   // a client's frame on the mesh port or the reverse
    WrongCluster,   // another mesh
    WrongReceiver,  // meant for another node
    UnknownSender,  // no founder, or this node itself
    Unproven,       // claims a founder's name and has not proven to be it
    OtherSender,    // a proven connection that claims another node or boot
    BadMessage,     // did not verify, out of range, out of place
    Skipped,        // unknown and may be skipped
    NotDelivered,   // an outgoing frame was dropped: the queue is full or the connection gone
    TooLarge,       // an outgoing message that fits no frame
    kCount,
};
std::string_view reject_name(Reject reason);

class Rejects {
public:
    explicit Rejects(Log log) : log_(log) {}
    void add(Reject reason) { ++counts_[static_cast<std::size_t>(reason)]; }
    // Counts and says so, within the limits of LimitedLog. `port`: "mesh" or "client".
    void add(Reject reason, std::string_view port, const Error& error, Instant now);
    std::uint64_t count(Reject reason) const { return counts_[static_cast<std::size_t>(reason)]; }
    // One line with every reason that was met.
    void summarize() const;

private:
    LimitedLog log_;
    std::array<std::uint64_t, static_cast<std::size_t>(Reject::kCount)> counts_{};
};

}  // namespace weft::node
