#pragma once
// Codec of the messages by which a link is proven. They are between the runtimes of two nodes: no
// core sees them (docs/wire-format.md, "Proof of a link").

#include "flatbuffers/wire_frame.h"

#include <optional>
#include <variant>
#include <vector>

namespace weft::wire {

// 128 random bits that only the process at a peer's mesh address is told.
using LinkSecret = Id128<struct LinkSecretTag>;

// Over the sender's link: send this back over yours.
struct LinkChallenge {
    LinkSecret secret;
};
// Everything that whoever claims to be the receiver has asked for, so that a forged challenge
// cannot take the place of the real one. One to kLinkSecretsMax.
struct LinkAnswer {
    std::vector<LinkSecret> secrets;
};
inline constexpr std::size_t kLinkSecretsMax = 64;
using LinkMessage = std::variant<LinkChallenge, LinkAnswer>;

// As FrameWriter::add(). Both kinds must be understood.
[[nodiscard]] Result<void> write(FrameWriter& frame, const LinkMessage& message);

// Nothing: the message is of another type. BadMessage (4003): it does not verify or is over its
// limit; FrameTooLarge (4001), NewerWire (4005): a version that is not known.
Result<std::optional<LinkMessage>> read_link(const RawMessage& message);

}  // namespace weft::wire
