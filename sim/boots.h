#pragma once
// S32, judged at the port of a node: once it has vouched for a process of a peer, what a former
// process of that peer says is dropped and counted, whatever it is. Most of it would do no harm
// (docs/simulation.md), so no history shows whether it was.

#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace weft::sim {

class Boots {
public:
    explicit Boots(std::size_t machines) : machines_(machines) {}

    // ---- what a machine hears and says, in order. `dropped`: what it has counted so far.
    void hears_hello(std::size_t machine, NodeId from, Boot boot);
    void hears(std::size_t machine, NodeId from, Boot boot, std::uint64_t dropped);
    // An answer to a hello leaves, which refuses that node or does not.
    void answers_hello(std::size_t machine, NodeId to, bool refused);
    // The step that took in what was heard last is over.
    void stepped(std::size_t machine, std::uint64_t dropped);
    void restarted(std::size_t machine) { machines_[machine] = {}; }

    std::uint64_t judged() const { return judged_; }

private:
    struct Peer {
        Boot heard;    // in a hello, the newest
        Boot vouched;  // zero while it may be judged anew
    };
    struct Machine {
        std::map<NodeId, Peer> peers;
        struct Due {
            NodeId from;
            Boot boot;
            std::uint64_t dropped = 0;
        };
        std::optional<Due> due;
    };
    std::vector<Machine> machines_;
    std::uint64_t judged_ = 0;
};

}  // namespace weft::sim
