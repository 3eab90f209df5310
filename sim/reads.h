#pragma once
// S8, judged at the port of a node: an answer that claims to be linearizable rests on a confirm
// round that left after the read had come and that a quorum granted, or on the commit of an entry
// that came behind the read (Raft thesis 6.4). Asks no core what it takes for confirmed.

#include "core/ids.h"
#include "replication/raft/config.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace weft::sim {

class Reads {
public:
    explicit Reads(std::size_t machines) : machines_(machines) {}

    // ---- what a machine hears and says, in order
    // A read was taken in; the log of its group ends at `last` there.
    void came(std::size_t machine, const RequestId& read, LogIndex last);
    // How a request ended is asked: its answer has the same id, and must not end a read that waits.
    void resolves(std::size_t machine, const RequestId& request);
    // To one of its peers; the first of them is where a round leaves.
    void asks(std::size_t machine, ConfirmRound round);
    struct Grant {
        ConfirmRound round;
        PartitionId group;
        NodeId by;
    };
    void hears(std::size_t machine, const Grant& grant);
    struct Grounds {
        NodeId self;
        LogIndex commit;
        replication::Config config;
    };
    // An answer to a request leaves; one that did not come as a read is not judged.
    void answers(std::size_t machine, const RequestId& request, const Grounds& grounds);
    // As above, but it claims nothing.
    void refuses(std::size_t machine, const RequestId& request);
    void restarted(std::size_t machine) { machines_[machine] = {}; }

    std::uint64_t judged() const { return judged_; }

private:
    struct Came {
        std::uint64_t after = 0;  // as many rounds had left
        LogIndex last;
        bool read = false;        // else its end alone was asked
        std::uint64_t times = 0;  // answers due under its id: the first read counts
    };
    struct Round {
        ConfirmRound number;
        std::vector<Grant> granted;
    };
    struct Machine {
        std::uint64_t left = 0;    // rounds
        std::deque<Round> rounds;  // the newest of them, their numbers rise
        std::map<RequestId, Came> waiting;
    };
    static constexpr std::size_t kRoundsMax = 256;
    bool confirmed(const Machine& at, const Came& came, PartitionId group,
                   const Grounds& grounds) const;
    static void ended(Machine& at, std::map<RequestId, Came>::iterator read);

    std::vector<Machine> machines_;
    std::uint64_t judged_ = 0;
};

}  // namespace weft::sim
