#include "cli/exit_code.h"

#include <algorithm>
#include <array>

namespace weft::cli {

namespace {

// docs/operating.md has a row for each; a test compares.
constexpr auto kPages = std::to_array<ExitPage>({
    {Exit::Ok, "ok"},
    {Exit::Usage, "the command line, an address or a payload is wrong"},
    {Exit::CannotReach, "no node answers"},
    {Exit::NotFound, "not found"},
    {Exit::Conflict, "rejected, or another state than expected"},
    {Exit::OutcomeUnknown, "outcome unknown: it may have taken effect"},
    {Exit::TryLater, "certainly not done; try later"},
    {Exit::Partial, "partial: some of it is missing"},
    {Exit::Unhealthy, "unhealthy, damaged data, or a promise that was broken"},
    {Exit::Internal, "a fault of weft itself"},
    {Exit::IoFailed, "a disk of a node failed or its data is gone, or output cannot be written"},
    {Exit::Configuration, "a file or the environment is wrong, or the data is of another kind"},
});

}  // namespace

std::span<const ExitPage> exit_pages() { return kPages; }

std::string_view exit_meaning(Exit code) {
    const auto* page = std::ranges::find(kPages, code, &ExitPage::code);
    return page == kPages.end() ? std::string_view() : page->meaning;
}

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

Exit exit_for(ErrorNumber number, ErrorCode code) {
    if (number == ErrorNumber::OutputFailed) return Exit::IoFailed;  // no node's disk is meant
    if (number == ErrorNumber::PartialAnswer) return Exit::Partial;  // the rest was printed
    return exit_for(code);
}

}  // namespace weft::cli
