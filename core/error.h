#pragma once
// One table of all errors: number, what the caller should do, and the texts that the command line
// and docs/errors.md show. A number is never reused.

#include "weft/result.h"

#include <fmt/core.h>

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace weft {

enum class ErrorNumber : std::uint16_t {
    ListenNeedsKeys = 1003,
    PortInUse = 1004,
    BadConfiguration = 1005,
    CannotReachMesh = 1006,
    BadHistory = 1007,
    HistoryTooLarge = 1008,
    OutputFailed = 1009,
    NoMeshInFolder = 1010,
    PartialAnswer = 1011,
    WrongMesh = 2001,
    FormerBoot = 2002,
    BadEntityId = 3001,
    PayloadTooLarge = 3002,
    UnknownEntityType = 3003,
    UnknownCommand = 3004,
    BadPayload = 3005,
    FrameTooLarge = 4001,
    BadFrame = 4002,
    BadMessage = 4003,
    UnexpectedMessage = 4004,
    NewerWire = 4005,
    StorageRefused = 5001,
    DataDamaged = 5002,
    DiskFull = 5003,
    SyncFailed = 5004,
    DirectoryInUse = 5005,
    NewerFormat = 5006,
    ForeignData = 5007,
    DirectoryUnusable = 5008,
    DataFileGone = 5009,
    RequestReused = 6001,
    ClockTooFarOff = 6002,
    SessionExpired = 6003,
    NoLeader = 6004,
    LeadershipLost = 6005,
    GroupNotHosted = 6006,
    HandlerCrashed = 6007,
    Poisoned = 6008,
    DeadlinePassed = 7001,
    NoAnswerInTime = 7002,
    QueueFull = 8002,
    MailboxFull = 8003,
    SessionFull = 8004,
    GroupFull = 8005,
    SessionsTooFast = 8006,
    EntityRejected = 8100,
    ValueConflict = 8101,
    NotFound = 8102,
    NotThere = 8103,
    Bug = 9001,
};

struct ErrorPage {
    ErrorNumber number;
    ErrorCode code;
    std::string_view title;
    std::string_view because;
    std::string_view try_this;
};

std::span<const ErrorPage> error_pages();
// The page of `number`; an unknown one gives the page of Bug.
const ErrorPage& error_page(ErrorNumber number);
// The field's name of a code, as the JSON output shows it ("not_leader").
std::string_view error_code_name(ErrorCode code);

Error make_error(ErrorNumber number, std::string message);

template <class... Args>
std::unexpected<Error> fail(ErrorNumber number, fmt::format_string<Args...> format,
                            Args&&... args) {
    return std::unexpected(make_error(number, fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace weft
