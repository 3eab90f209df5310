#pragma once
// Short names for what the tests of this folder say again and again.

#include "membership/messages.h"

#include <cstddef>
#include <cstdint>

namespace weft::membership {

// Spread over the buckets as the ids of nodes are, and in the order of `number`.
inline NodeId node_of(std::size_t number) {
    NodeId node;
    node.bytes[0] = static_cast<std::uint8_t>(number >> 4);
    node.bytes[1] = static_cast<std::uint8_t>(number << 4);
    node.bytes[15] = 1;
    return node;
}

inline Incarnation incarnation_of(std::uint64_t boot, std::uint64_t counter = 0) {
    return {Boot{boot}, Counter{counter}};
}

inline Claim alive(std::size_t subject, Incarnation incarnation) {
    return {MemberState::Alive, Evidence::Silence, node_of(subject), incarnation, node_of(subject)};
}
inline Claim left(std::size_t subject, Incarnation incarnation) {
    return {MemberState::Left, Evidence::Silence, node_of(subject), incarnation, node_of(subject)};
}
inline Claim suspect(std::size_t subject, Incarnation incarnation, std::size_t accuser) {
    return {MemberState::Suspect, Evidence::Silence, node_of(subject), incarnation,
            node_of(accuser)};
}
inline Claim dead(std::size_t subject, Incarnation incarnation, std::size_t accuser) {
    return {MemberState::Dead, Evidence::Silence, node_of(subject), incarnation, node_of(accuser)};
}

}  // namespace weft::membership
