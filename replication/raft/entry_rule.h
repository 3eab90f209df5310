#pragma once
// What becomes of one entry that a leader sends (Raft paper 5.3; S20, S22, S29). It is checked as
// if the leader were not to be trusted.

#include "core/time.h"
#include "replication/raft/events.h"
#include "replication/raft/log_window.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::replication {

// By what stands at its place in the log. Held: a repetition changes nothing. Repairs: it is the
// entry, or can be, whose record here is damaged. Conflicts: with what cannot be wrong here, so
// that it is refused. Replaces: it and all behind it, by which the log here was not the leader's.
// Continues: the log ends before it.
enum class Fate : std::uint8_t { Held, Repairs, Conflicts, Replaces, Continues };

// `held`: what the log has at its index; nothing: it ends before. `settled`: committed, or this
// very leader has confirmed it already.
Fate fate_of(const EntryHeader& entry, const std::optional<EntryInfo>& held, bool settled);

// By its contents.
struct Flaw {
    std::string why;
    // It may hold for others whose clocks are ahead of ours, and for us later.
    bool stamp_ahead = false;
};

// `encoded`, behind the entry `before`. Nothing: it is whole, continues that one, its stamp is not
// from the future, and a configuration in it can be read.
std::optional<Flaw> flaw_of(const EntryHeader& entry, std::string_view encoded,
                            const EntryInfo& before, WallTime wall);

}  // namespace weft::replication
