#include "cli/exit_code.h"

namespace weft::cli {

Exit exit_for(ErrorCode code) {
    switch (code) {
        case ErrorCode::Malformed:
        case ErrorCode::LimitExceeded:
            return Exit::Usage;
        case ErrorCode::CannotReach:
            return Exit::CannotReach;
        case ErrorCode::NotFound:
        case ErrorCode::UnknownType:
            return Exit::NotFound;
        case ErrorCode::Rejected:
        case ErrorCode::Conflict:
        case ErrorCode::RequestIdReused:
            return Exit::Conflict;
        case ErrorCode::OutcomeUnknown:
        case ErrorCode::Expired:
            return Exit::OutcomeUnknown;
        case ErrorCode::NotLeader:
        case ErrorCode::Unavailable:
        case ErrorCode::Overloaded:
        case ErrorCode::DeadlineExceeded:
        case ErrorCode::NotHosted:
        case ErrorCode::ClockSkew:
            return Exit::TryLater;
        case ErrorCode::Corrupt:
        case ErrorCode::StorageFailed:
            return Exit::Unhealthy;
        case ErrorCode::WrongCluster:
        case ErrorCode::Unsupported:
        case ErrorCode::Configuration:
            return Exit::Configuration;
        case ErrorCode::Internal:
            return Exit::Internal;
    }
    return Exit::Internal;
}

}  // namespace weft::cli
