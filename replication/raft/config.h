#pragma once
// Who votes in a group. Voter changes come later; joint form and history are in the format from the
// start (S11-S14).

#include "weft/result.h"
#include "weft/types.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {

inline constexpr std::size_t kMembersMax = 16;

// Some members of one Config, by their places in Config::members. It means nothing without that
// configuration, so whoever holds one holds both, and neither effects nor events carry it.
class PeerSet {
public:
    constexpr PeerSet() = default;
    // The first `members` of a configuration.
    static constexpr PeerSet first(std::size_t members) {
        return from_bits(static_cast<std::uint16_t>((std::uint32_t{1} << members) - 1));
    }
    // As it is on disk: bit i is place i.
    static constexpr PeerSet from_bits(std::uint16_t bits) {
        PeerSet set;
        set.bits_ = bits;
        return set;
    }
    constexpr std::uint16_t bits() const { return bits_; }

    constexpr bool has(std::size_t place) const { return (bits_ >> place & 1U) != 0; }
    constexpr void add(std::size_t place) { set(place, true); }
    constexpr void remove(std::size_t place) { set(place, false); }
    constexpr void set(std::size_t place, bool in) {
        const auto bit = static_cast<std::uint16_t>(1U << place);
        bits_ = static_cast<std::uint16_t>(in ? bits_ | bit : bits_ & ~bit);
    }
    constexpr std::size_t count() const { return static_cast<std::size_t>(std::popcount(bits_)); }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr PeerSet without(PeerSet others) const { return *this & others.complement(); }
    // All others that a configuration could have.
    constexpr PeerSet complement() const { return from_bits(static_cast<std::uint16_t>(~bits_)); }
    friend constexpr PeerSet operator|(PeerSet a, PeerSet b) {
        return from_bits(static_cast<std::uint16_t>(a.bits_ | b.bits_));
    }
    friend constexpr PeerSet operator&(PeerSet a, PeerSet b) {
        return from_bits(static_cast<std::uint16_t>(a.bits_ & b.bits_));
    }
    constexpr bool operator==(const PeerSet&) const = default;

private:
    std::uint16_t bits_ = 0;
};

// A replica of the group: the node that holds it, and the index of the entry that added it there
// (0: the founding). A node that was removed and added again is another replica, which knows
// nothing of what the first one has promised (S17).
struct Member {
    NodeId node;
    LogIndex since;
    bool operator==(const Member&) const = default;
};

struct Config {
    std::vector<Member> members;  // nodes are distinct
    PeerSet voters;               // incoming majority
    PeerSet outgoing;             // the other majority while joint, else empty

    // Of the founding.
    static Config of(const std::vector<NodeId>& voters);
    std::optional<std::size_t> slot(NodeId node) const;
    // Of that replica of the node, and of no other.
    std::optional<std::size_t> slot(const Member& replica) const;
    bool is_voter(std::size_t slot) const;
    // True when `answered` holds a majority of the voters, and while joint of both sets.
    bool quorum(PeerSet answered) const;
    // The same of all members for whom `answered` is true.
    template <class Answered>
    bool quorum_where(const Answered& answered) const {
        PeerSet set;
        for (std::size_t place = 0; place < members.size(); ++place)
            if (answered(members[place].node)) set.add(place);
        return quorum(set);
    }
    // The highest value that a quorum has reached, where each member has that of its place;
    // `least` when there is none.
    template <class Values>
    auto reached_by_quorum(const Values& values, typename Values::value_type least) const {
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (!is_voter(i) || values[i] <= least) continue;
            PeerSet have;
            for (std::size_t j = 0; j < members.size(); ++j)
                if (values[j] >= values[i]) have.add(j);
            if (quorum(have)) least = values[i];
        }
        return least;
    }
    bool operator==(const Config&) const = default;
};

// `set`, of members of `from`, at their places in `to`. Of who is no member of both nothing is
// kept; with `same_replica` neither of a node whose replica is another one.
PeerSet carried_over(PeerSet set, const Config& from, const Config& to, bool same_replica);

// Format 1 holds members of the founding alone; format 2, of any other configuration, tells since
// when each is one.
std::string encode_config(const Config& config);
Result<Config> decode_config(std::string_view bytes);

}  // namespace weft::replication
