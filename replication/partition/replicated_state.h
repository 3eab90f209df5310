#pragma once
// The state that replicas with one base and one applied entry have in common (Raft paper 5.4.3; the
// simulator compares it): sessions, and the entities changed since the base, which are in memory on
// whatever replica.

#include "entity/host.h"
#include "replication/partition/sessions.h"
#include "weft/types.h"

#include <cstdint>

namespace weft::replication {

// As one number. What only a leader has, ahead of commit or folded, is not in it.
std::uint64_t hash_of_state(const entity::Host& host, const Sessions& sessions, LogIndex base);
// Nothing in it is of an entry behind `applied`. After a start it may be: rows that were written
// before the stop hold entries that are yet to be applied again.
bool is_state_of(const entity::Host& host, const Sessions& sessions, LogIndex applied);

}  // namespace weft::replication
