#pragma once
// Terms that were forged, on the disks of a mesh that stands still (`weft mesh repair-term`): which
// of them may fall, and how far. Pure.
//
// A term is in use when a disk holds a vote cast in it, an entry of it or a base that ends with it.
// Candidates vote for themselves, so without forgery the highest term of a group is in use. One
// that is not can be taken back, but only
//   - with the disks of all nodes: one that is missing may have voted, led or written above;
//   - while all nodes stand still: leaders, candidates and frames of the terms taken back are gone
//     with the processes, and no frame of a former boot is taken (S32);
//   - to the term after the highest in use: a vote in a lower one may have been overwritten by the
//     forged term, and would be given a second time (S1).
// A term that was in use and left nothing on any disk committed nothing: its entries would be on a
// quorum of them. To use it again is therefore safe.
//
// Any part of a plan is as safe as the whole: a node whose term has fallen is one that has not
// heard of the higher terms yet, others that still have them tell it, and the plan can be made
// again.

#include "storage/contracts.h"
#include "weft/types.h"

#include <cstdint>
#include <vector>

namespace weft::replication {

// What one node's disk says of the terms of one group; zero: of none.
struct TermsOnDisk {
    NodeId node{};
    PartitionId group{};
    Term now{};     // the current term
    Term voted{};   // of the vote that is recorded
    Term logged{};  // of the last entry
    Term base{};    // of the last entry that was compacted
    // Something cannot be read, or is missing, that may have said more.
    bool damaged = false;
};
TermsOnDisk terms_on_disk(NodeId node, const storage::RecoveredGroup& recovered);

enum class TermUse : std::uint8_t { None, Vote, Log, Base, Damage };

struct TermRepair {
    PartitionId group{};
    Term highest{};  // current term of any node
    // The highest term in use, how, and at which node. Damage: nobody knows, no term falls.
    Term used{};
    TermUse use = TermUse::None;
    NodeId user{};
    // Nodes whose current term falls to `after`, without a vote; empty: none can. None ever rises.
    Term after{};
    struct Lowered {
        NodeId node;
        Term now;
    };
    std::vector<Lowered> lowered{};
};
// One for each group, by group, those with nothing to lower too. `disks`: of all nodes of the mesh.
std::vector<TermRepair> plan_term_repair(std::vector<TermsOnDisk> disks);

// Elections take milliseconds each: a term above this that nothing can lower was forged all the
// same, and somebody has used it since.
inline constexpr Term kTermUnlikely{std::uint64_t{1} << 32};

}  // namespace weft::replication
