#pragma once
/// The numbers of weft's errors and the page of each: what it means, why it came and what to do.
/// The same texts as `weft explain` and docs/errors.md, from the same table.

#include "weft/config.h"
#include "weft/result.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace weft {

/// WEFT-NNNN. Each has one ErrorCode, which says what to do in general; switch on the number where
/// a program must tell two of one code apart. A number is never reused. Later versions add numbers,
/// and a newer node may send one that is not here: a switch needs a default.
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
    PartitionNotHosted = 6006,
    HandlerCrashed = 6007,
    Poisoned = 6008,
    DeadlinePassed = 7001,
    NoAnswerInTime = 7002,
    QueueFull = 8002,
    MailboxFull = 8003,
    SessionFull = 8004,
    PartitionFull = 8005,
    SessionsTooFast = 8006,
    EntityRejected = 8100,
    ValueConflict = 8101,
    NotFound = 8102,
    NotThere = 8103,
    Bug = 9001,
};

/// What is known about one number. The texts are whole sentences in English, made for people: they
/// may change with any version. They live as long as the program.
struct ErrorPage {
    ErrorNumber number;
    ErrorCode code;
    std::string_view title;     ///< without a full stop: "no leader here"
    std::string_view because;   ///< the cause
    std::string_view try_this;  ///< what to do; names verbs of the program `weft`
};

/// All pages, sorted by number. Thread-safe, as all of this header.
WEFT_API std::span<const ErrorPage> error_pages();

/// The page of `number`. A number that this version does not know gives the page of Bug: its
/// `number` then differs from the one asked for.
WEFT_API const ErrorPage& error_page(ErrorNumber number);

/// The field's name of a code, as the JSON output of `weft` shows it ("not_leader"); an unknown
/// code gives "internal".
WEFT_API std::string_view error_code_name(ErrorCode code);

/// `error.number` by name, to switch on.
constexpr ErrorNumber number_of(const Error& error) {
    return static_cast<ErrorNumber>(error.number);
}

}  // namespace weft
