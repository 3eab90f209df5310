#pragma once
// What a base that a snapshot brought does to the log here (Raft paper 7; S19, S22).

#include "replication/messages.h"
#include "replication/raft/log_window.h"
#include "storage/contracts.h"
#include "weft/types.h"

#include <cstdint>

namespace weft::replication {

// Not: it brings nothing, or would contradict what is committed here. (At the commit it may, where
// rows are gone: then the commit is that of a base which was guessed from the first entry behind
// it.) Begins: the log goes on
// behind it, as it was. Heals: so it does, and the base says what was at its index, which cannot be
// read here. Replaces: nothing of the log is left.
enum class Install : std::uint8_t { Not, Begins, Heals, Replaces };

// `commit` is that of the log in `window`; without rows even a base before it helps.
Install judge_install(const LogWindow& window, const storage::LogBase& base, LogIndex commit,
                      bool rows_damaged);

// Terms never fall along a log, so the first readable entry behind `at` tells which entry was there
// when it was written: below `at.term` it follows one that lost its place. One that is not below
// may still be of a branch that was given up; a later entry of the leader will show it, and nobody
// who holds it can win against those who hold what committed `at`.
bool stale_behind(const LogWindow& window, LogPosition at);

}  // namespace weft::replication
