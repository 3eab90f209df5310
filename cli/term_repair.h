#pragma once
// `weft mesh repair-term`: what is planned (replication/raft/term_repair.h) for a mesh that stands
// still, done, and told.

#include "cli/output.h"
#include "cli/stopped_mesh.h"
#include "replication/raft/term_repair.h"
#include "weft/result.h"

#include <vector>

namespace weft::cli {

class Command;

// Adds the verb below "mesh".
void add_repair_term(Command& noun);

using TermPlan = std::vector<replication::TermRepair>;

TermPlan plan_of(const StoppedMesh& mesh);
// How many terms fall, of all nodes and groups.
std::size_t count_lowered(const TermPlan& plan);

// One transaction for each node; a node whose terms fall and one whose did not yet are no danger to
// each other (replication/raft/term_repair.h). StorageFailed: the node is named, it is as it was,
// and so are those behind it.
Result<void> lower_terms(StoppedMesh& mesh, const TermPlan& plan);

// A row for each node and group whose term falls, or cannot fall although it was surely forged:
// node, partition, term, after, state (planned, lowered, kept), reason.
std::vector<Record> term_rows(const StoppedMesh& mesh, const TermPlan& plan, bool done);

}  // namespace weft::cli
