#pragma once
// What an applied entry comes to: for the session of who asked, which says whether it has an effect
// at all (S28; Raft thesis 6.3), and for those who wait for it.

#include "core/command.h"
#include "core/entry.h"
#include "replication/partition/sections.h"
#include "replication/partition/sessions.h"

#include <cstddef>

namespace weft::replication {

struct EntryEffect {
    // False of a command or outcome: its session has ended, or knows how it had ended before.
    bool taken = true;
    // Resolve: how the command in question ended; nothing: nobody knows. In the session, which must
    // not change before it was told.
    const Remembered* resolved = nullptr;
    std::size_t ended = 0;  // Expire: so many sessions
};
// On every replica alike, by the entry and what was applied before it.
EntryEffect apply_to_sessions(Sessions& sessions, const EntryHeader& header,
                              const DecodedEntry& entry);

// What is told to who asked for the entry: a command or a resolve.
Reply reply_of_applied(const EntryHeader& header, const DecodedEntry& entry, const Bytes& encoded,
                       const EntryEffect& effect);

}  // namespace weft::replication
