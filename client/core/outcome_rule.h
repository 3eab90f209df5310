#pragma once
// What an answer makes of a call, and what its deadline does: the attempts of one call fold into
// one outcome (P-once). NotDone is only what no attempt can have done. All attempts carry one id; a
// new one is for a call that its session refused (S28) and that certainly never ran.

#include "core/command.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>

namespace weft::client {

// The call that is answered.
struct AnsweredCall {
    RequestKind kind = RequestKind::Command;
    bool present = false;  // the answer is to the attempt that is under way
    bool tainted = false;  // an attempt was sent and never definitely refused
    bool repeat = false;   // its id was given: earlier attempts are not known here
    bool stuck = false;  // its session's window cannot move, for a number whose outcome is unknown
};

// What was heard of the node that answered. Accepted: it leads, whatever it says to the call.
enum class Heard : std::uint8_t { Nothing, Accepted, NoLeader, OtherMesh };

// The id of the next attempt: the same, or a new one whose session starts now, at the next log time
// that a node tells, or at the log time of the node that has answered.
enum class NextId : std::uint8_t { Same, StartsNow, StartsLater, StartsByItsTime };

struct Verdict {
    enum class Next : std::uint8_t { Ignore, End, Retry };

    // End: the node leads.
    Next next = Next::Ignore;
    // Of a retry:
    Heard heard = Heard::Nothing;
    bool taint = false;  // the attempt may have run
    bool pause = false;
    NextId id = NextId::Same;

    bool operator==(const Verdict&) const = default;
};

// Of an answer to the end, `reply` becomes the outcome of all attempts.
Verdict judge_reply(const AnsweredCall& call, Reply& reply);

// A call whose time is up.
struct UnansweredCall {
    bool may_have_run = false;  // tainted, or under way
    PartitionId group{};
    std::optional<Error> refusal{};   // the last one
    std::optional<Error> stranger{};  // another mesh has answered somewhere
    bool stranded = false;            // every address leads to strangers
    bool mesh_met = false;
};

Reply judge_deadline(UnansweredCall call);

}  // namespace weft::client
