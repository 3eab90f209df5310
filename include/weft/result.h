#pragma once
/// Errors as values: weft throws nothing.

#include "weft/config.h"

#include <cstdint>
#include <expected>
#include <string>

namespace weft {

/// What the caller should do. The message says what happened, the number (WEFT-NNNN) names the page
/// in docs/errors.md with cause and next step.
enum class ErrorCode : std::uint8_t {
    NotLeader = 1,     ///< certainly not done: go to the node the hint names, or back off
    Unavailable,       ///< certainly not done: retry
    OutcomeUnknown,    ///< perhaps done: retry with the same RequestId only, or ask its outcome
    Rejected,          ///< the entity said no; the answer is final
    Malformed,         ///< the input is wrong; retrying it cannot help
    LimitExceeded,     ///< a size or count is over its limit; certainly not done
    Overloaded,        ///< certainly not done: a queue is full; retry later
    DeadlineExceeded,  ///< certainly not done: the deadline passed before the command was accepted
    Expired,           ///< the session behind this RequestId has ended: never run, never guessed
    RequestIdReused,   ///< same RequestId, other body; the first outcome is kept
    UnknownType,       ///< no such entity type, or the type has no such command
    NotHosted,         ///< this node does not hold that partition
    NotFound,          ///< what was asked for does not exist
    Conflict,          ///< another state than the caller expected
    Corrupt,           ///< damage was detected; nothing was guessed from it
    StorageFailed,     ///< the disk refused or failed; nothing was acknowledged
    WrongCluster,      ///< data or peer of another mesh
    Unsupported,       ///< a newer format or a feature this build does not have
    Configuration,     ///< a file, flag or environment is wrong
    CannotReach,       ///< no node answers
    ClockSkew,         ///< certainly not done: the session's start lies in the future
    Internal,          ///< a fault of weft itself
};

struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::uint16_t number = 0;  ///< WEFT-NNNN; weft/errors.h has names and pages
    std::string message;

    /// True when repeating the same call later may succeed and cannot do harm: nothing was done, or
    /// the repeat carries the same RequestId.
    bool is_retryable() const {
        switch (code) {
            case ErrorCode::NotLeader:
            case ErrorCode::Unavailable:
            case ErrorCode::Overloaded:
            case ErrorCode::DeadlineExceeded:
            case ErrorCode::NotHosted:
            case ErrorCode::CannotReach:
            case ErrorCode::ClockSkew:
                return true;
            default:
                return false;
        }
    }
    /// True when the command may have taken effect.
    bool outcome_unknown() const { return code == ErrorCode::OutcomeUnknown; }

    bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

}  // namespace weft
