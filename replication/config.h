#pragma once
// Who votes in a group. Voter changes come later; joint form and history are in the format from the
// start (S11-S14).

#include "replication/effects.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {

inline constexpr std::size_t kMembersMax = 16;  // bits of a PeerSet

struct Config {
    std::vector<NodeId> nodes;  // all members; a member's place here is its bit in a PeerSet
    PeerSet voters = 0;         // incoming majority
    PeerSet outgoing = 0;       // the other majority while joint, else 0

    static Config of(std::vector<NodeId> voters);
    std::optional<std::size_t> slot(NodeId node) const;
    bool is_voter(std::size_t slot) const;
    // True when `answered` holds a majority of the voters, and while joint of both sets.
    bool quorum(PeerSet answered) const;
    bool operator==(const Config&) const = default;
};

std::string encode_config(const Config& config);
Result<Config> decode_config(std::string_view bytes);

}  // namespace weft::replication
