#pragma once
// Who votes in a group. Voter changes come later; joint form and history are in the format from the
// start (S11-S14).

#include "replication/raft/seats.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {

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
    std::optional<Seat> seat(NodeId node) const;
    // Of that replica of the node, and of no other.
    std::optional<Seat> seat(const Member& replica) const;
    const Member& at(Seat seat) const { return members[seat.place]; }
    PeerSet seats() const { return PeerSet::first(members.size()); }
    // Those with a vote, be it in one half of a joint configuration only.
    PeerSet voting() const { return voters | outgoing; }
    bool is_voter(Seat seat) const { return voting().has(seat); }
    // True when `answered` holds a majority of the voters, and while joint of both sets.
    bool quorum(PeerSet answered) const;
    // The same of all members for whom `answered` is true.
    template <class Answered>
    bool quorum_where(const Answered& answered) const {
        PeerSet set;
        for (const Seat seat : seats())
            if (answered(at(seat).node)) set.add(seat);
        return quorum(set);
    }
    // The highest value that a quorum has reached; `least` when there is none.
    template <class Value>
    Value reached_by_quorum(const BySeat<Value>& values, Value least) const {
        for (const Seat candidate : voting()) {
            if (values[candidate] <= least) continue;
            PeerSet have;
            for (const Seat seat : seats())
                if (values[seat] >= values[candidate]) have.add(seat);
            if (quorum(have)) least = values[candidate];
        }
        return least;
    }
    bool operator==(const Config&) const = default;
};

// `set`, of members of `from`, at their seats in `to`. Of who is no member of both nothing is
// kept; with `same_replica` neither of a node whose replica is another one.
PeerSet carried_over(PeerSet set, const Config& from, const Config& to, bool same_replica);

// Format 1 holds members of the founding alone; format 2, of any other configuration, tells since
// when each is one.
std::string encode_config(const Config& config);
Result<Config> decode_config(std::string_view bytes);

}  // namespace weft::replication
