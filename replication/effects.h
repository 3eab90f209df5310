#pragma once
// What the cores of this folder ask of their driver. Records to be persisted are written straight
// into the round's flat buffer; everything else is a value in one reused vector.

#include "core/command.h"
#include "core/ids.h"
#include "core/time.h"
#include "replication/messages.h"
#include "storage/contracts.h"
#include "weft/types.h"

#include <cstdint>
#include <variant>
#include <vector>

namespace weft::replication {

// All records `group` has written into the batch so far belong to `seq` or an earlier number. The
// driver answers Persisted{seq} when they are on disk; numbers of one group rise by one.
struct Persist {
    PartitionId group;
    PersistSeq seq;
};
using FetchRequest = std::variant<storage::LogRange, storage::RowRead, storage::RowScan>;
using FetchResult = std::variant<Result<storage::FetchedLog>, Result<storage::FetchedRow>,
                                 Result<storage::FetchedRows>>;
// Answered by Fetched{id}; ids are counted per group.
struct Fetch {
    PartitionId group;
    FetchId id;
    FetchRequest what;
};
struct SendAppend {
    PartitionId group;
    NodeId to;
    AppendItem item;  // offset is filled in by the driver
    Bytes entries;    // back to back
};
struct Send {
    NodeId to;
    GroupMessage message;
};
struct SendReply {
    Origin to;
    Reply reply;
};
// To be submitted once more, `its_turn`, when what is small has been served: it reads a state of
// `bytes`, more than PartitionLimits::large_state_bytes. What its client asks meanwhile can wait.
struct LargeRead {
    Origin from;
    Request request;
    Instant deadline;
    std::size_t bytes = 0;
};
// A reply of more than kLargeReplyBytes is made, and leaves later: what that client asks in the
// meantime can wait.
struct LargeReply {
    Origin to;
};
// Reads wait for a confirm round begun after this; answered by Confirmed{term, ticket}.
struct WantConfirm {
    PartitionId group;
    Term term;
    ReadTicket ticket;
};
// Who is a member changed. It comes before whatever is sent under the new configuration.
struct ConfigChanged {
    PartitionId group;
};
// Role, term or known leader changed; also the group's first state.
struct RoleChanged {
    PartitionId group;
};
// Answer to Sweep: `rows` were written; `done`: nothing dirty from before the sweep is left.
struct Swept {
    PartitionId group;
    std::size_t rows = 0;
    bool done = false;
};

using Effect = std::variant<Persist, Fetch, SendAppend, Send, SendReply, LargeRead, LargeReply,
                            WantConfirm, ConfigChanged, RoleChanged, Swept>;

struct Effects {
    storage::WriteBatch batch;
    std::vector<Effect> list;
    bool empty() const { return list.empty() && batch.empty(); }
    void clear() {
        batch.clear();
        list.clear();
    }
};

// What every rule of a step is given: the time, and where it puts what it wants.
struct Step {
    Now now;
    Effects& out;
};

}  // namespace weft::replication
