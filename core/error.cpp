#include "core/error.h"

#include <algorithm>
#include <array>

namespace weft {

namespace {

using enum ErrorNumber;

// Sorted by number. docs/errors.md carries the same texts; tests/core holds the two together.
constexpr auto kPages = std::to_array<ErrorPage>({
    {ListenNeedsKeys, ErrorCode::Configuration, "listening beyond loopback needs keys",
     "It is not a loopback address, or a name that stands for none. Beyond loopback nothing runs "
     "without keys, and this build has none yet.",
     "Use 127.0.0.1, [::1] or a name that stands for one of them."},
    {PortInUse, ErrorCode::Configuration, "the port is in use",
     "Another process listens on this address and port.",
     "Stop that process ('ss -ltnp' names it) or choose another port."},
    {BadConfiguration, ErrorCode::Configuration, "the configuration is wrong",
     "A flag, file or environment variable is missing, malformed or contradicts another.",
     "Correct what the message names; 'weft VERB --help' lists what is allowed."},
    {CannotReachMesh, ErrorCode::CannotReach, "no node of the mesh answers",
     "Every known address refused the connection or stayed silent.",
     "Check that a node runs and that the address is its client port: the mesh port takes no "
     "clients. 'weft dev status' looks at the processes of a dev mesh; 'weft dev' and 'weft node "
     "run' start nodes."},
    {BadHistory, ErrorCode::Malformed, "the history is not valid",
     "A line of the file is not an operation, or one that the model does not know.",
     "Correct the line that the message names, or choose another --model; docs/operating.md, "
     "\"Histories\", has the fields."},
    {HistoryTooLarge, ErrorCode::LimitExceeded, "the history is too large",
     "A line of a history is at most 16 MiB, and a file at most 2,000,000 operations.",
     "Split the file by entity: entities are judged one by one."},
    {OutputFailed, ErrorCode::StorageFailed, "the output could not be written",
     "Standard output, or a file that was asked for, is closed or has no room. What was written is "
     "incomplete; what the command did in the mesh stands.",
     "Make room or print elsewhere. Repeat commands that only read; for a write ask 'weft get' or "
     "'weft outcome' first."},
    {NoMeshInFolder, ErrorCode::CannotReach, "there is no mesh in that folder",
     "The folder does not exist, or it holds neither a mesh of 'weft dev' nor a node.",
     "Check -c and WEFT_DEV_DIR. 'weft dev' makes a mesh, 'weft node init' a node; --addr takes "
     "addresses instead."},
    {PartialAnswer, ErrorCode::Unavailable, "the answer is partial",
     "Some nodes did not answer, so what only they know is missing: a row that is not shown may "
     "exist all the same.",
     "Ask again when they answer; 'weft health' names them and the reasons."},
    {WrongMesh, ErrorCode::WrongCluster, "this belongs to another mesh",
     "The peer's cluster id differs from ours: the two were made from different genesis files.",
     "Use the address of a node of the intended mesh, or the genesis file that the node was made "
     "with. 'weft dev status' tells whether the nodes of your own dev mesh run."},
    {FormerBoot, ErrorCode::Conflict, "this is from a former life of the node",
     "The node's boot counter or durable position is older than what another node remembers of it, "
     "or it has used the same boot number before: its disk was lost, restored, rolled back or "
     "copied. It has forgotten what it had acknowledged, and nothing of it is taken, for good.",
     "Stop that node and leave it stopped: the others go on without it, and 'weft peers' says who "
     "refuses whom and why. There is no way back for it: the refusal outlasts every restart, and a "
     "lost node cannot be replaced yet."},
    {BadEntityId, ErrorCode::Malformed, "the entity's address is not valid",
     "A type is 1 to 48 bytes of a-z 0-9 _ . - and an id is 1 to 200 bytes of UTF-8 without NUL.",
     "Correct the address, written TYPE/ID. Types that begin with '!' belong to weft."},
    {PayloadTooLarge, ErrorCode::LimitExceeded, "the payload is too large",
     "A command, a reply and one value are at most 1 MiB each, one log entry at most 2 MiB in all.",
     "Split the data over several entities. Nothing was written."},
    {UnknownEntityType, ErrorCode::UnknownType, "no such entity type",
     "The mesh has no entity type of that name.",
     "Check the spelling; the message names the types there are."},
    {UnknownCommand, ErrorCode::UnknownType, "the entity type has no such command",
     "The type is known, but not a command of that name.",
     "Check the spelling; the message names the commands there are."},
    {BadPayload, ErrorCode::Malformed, "the command's payload is not valid",
     "The handler could not read the payload: it is cut short, or a field has a wrong form.",
     "Correct the payload; repeating it unchanged cannot help."},
    {FrameTooLarge, ErrorCode::LimitExceeded, "the frame is too large",
     "A frame or a message in it is over the limit of its channel.",
     "Send less at once. From a peer of the same version this is a fault of weft: report it."},
    {BadFrame, ErrorCode::Malformed, "the frame is not valid",
     "The frame's header, checksum, length or number of parts does not hold.",
     "Check that the program at the other end is weft and that the port is the right one (mesh "
     "and client ports differ)."},
    {BadMessage, ErrorCode::Malformed, "a message is not valid",
     "A message in an intact frame did not pass verification, so it was not read.",
     "Compare the versions at both ends ('weft version')."},
    {UnexpectedMessage, ErrorCode::Malformed, "a message is out of place",
     "The message is well formed, but has no place on this port or in this state of the session.",
     "Check that clients use the client port and peers the mesh port."},
    {NewerWire, ErrorCode::Unsupported, "the other end speaks a newer protocol",
     "The frame or a message that must be understood has a version that this build does not know.",
     "Upgrade this program to the version of the other end."},
    {StorageRefused, ErrorCode::StorageFailed, "storage refused the operation",
     "The store or the file system answered with an error. Nothing of it was acknowledged.",
     "Look at the system error in the message, the disk and its mount options; then start the "
     "node again."},
    {DataDamaged, ErrorCode::Corrupt, "damaged data was found",
     "A checksum, a chain or a bound does not hold. Nothing was guessed from the damaged bytes and "
     "nothing was cut off.",
     "A running replica fetches the range again from its leader. For a stopped node run 'weft data "
     "check', and examine the disk and the memory of the machine."},
    {DiskFull, ErrorCode::StorageFailed, "the disk is full",
     "The file system or the data directory's quota has no room; the node answers reads only.",
     "Free space or enlarge the quota; writing goes on by itself. Nothing acknowledged was lost."},
    {SyncFailed, ErrorCode::StorageFailed, "the disk failed to sync",
     "The system could not put written data on the disk. What it holds in memory may now differ "
     "from the disk, so the node ended itself with exit code 74.",
     "Examine the disk, restart the machine and only then the node: until the machine has "
     "restarted the node refuses to."},
    {DirectoryInUse, ErrorCode::Conflict, "the data directory is in use",
     "Another process holds the lock of this data directory.",
     "Stop the other node first, or give this one a directory of its own."},
    {NewerFormat, ErrorCode::Unsupported, "the data was written by a newer weft",
     "The data directory or an entry has a format that this build does not know.",
     "Run the version that wrote it, or a later one. The data was left untouched."},
    {ForeignData, ErrorCode::WrongCluster, "the data belongs to another mesh or node",
     "The identity in the data directory, or the key in the node's folder, is not the one of the "
     "node that was to be started.",
     "Point the node at its own data directory, or at an empty one; put back the key that was made "
     "with its node.line."},
    {DirectoryUnusable, ErrorCode::Configuration, "the data directory cannot be used",
     "It is missing, not writable, not a directory, or holds only a part of what belongs to a "
     "node.",
     "Correct path and permissions. If a file of the directory was moved, put it back; an older "
     "copy is refused by the other nodes. Weft deletes nothing to get going."},
    {DataFileGone, ErrorCode::StorageFailed, "the data file is gone from under the running node",
     "The file that the node writes no longer has its name: it was deleted, moved or replaced. "
     "What "
     "is written to it ends with the process, so nothing more is acknowledged: the node hands its "
     "leaderships over and ends with 74.",
     "If the file was moved, put this very file back and start the node. If it is lost, the other "
     "nodes have the data; they refuse an older copy, and a lost node cannot be replaced yet."},
    {RequestReused, ErrorCode::RequestIdReused, "the request id was used with another body",
     "A request id names one command for ever. This one came again with another entity, command or "
     "payload; the first outcome is kept.",
     "Take a new request id for a new command. 'weft outcome ID' tells how the first one ended."},
    {ClockTooFarOff, ErrorCode::ClockSkew, "the session starts in the future",
     "The session's start is more than 5 s ahead of the partition's log time. Nothing was done.",
     "Let the client take its start from a node's hello, and check the machines' clocks."},
    {SessionExpired, ErrorCode::Expired, "the session has ended",
     "The request's session began more than 10 minutes of log time ago, or made room for others in "
     "a partition with 65,536 sessions; its outcomes are forgotten. It was not run now, and "
     "whether it "
     "ran before is not known here.",
     "Read the entity to see its state, then send a new command with a new session."},
    {NoLeader, ErrorCode::NotLeader, "no leader here",
     "The node does not lead the entity's partition: another node does, or an election is going "
     "on. "
     "Nothing was done.",
     "Repeat at the node the hint names, or after a moment; the client library does both. If it "
     "lasts, 'weft health' tells which partitions lack a quorum."},
    {LeadershipLost, ErrorCode::OutcomeUnknown, "leadership was lost before the commit",
     "The command was written, but the node ceased to lead before a quorum had it. It may yet "
     "take effect.",
     "Repeat it with the same request id, or ask with 'weft outcome ID'."},
    {PartitionNotHosted, ErrorCode::NotHosted, "the partition is not on this node",
     "The node holds no replica of the entity's partition. Nothing was done.",
     "Fetch the placement again and ask a node of that partition; the client library does so."},
    {HandlerCrashed, ErrorCode::OutcomeUnknown, "the node died while it ran this request",
     "The process that ran the request's handler ended before the handler did. The node has "
     "started "
     "again and does not run the request a second time.",
     "Ask with 'weft outcome ID' whether another node ran it. Look for handler.crashed in the "
     "node's "
     "log: a handler that ends its process is a fault to report."},
    {Poisoned, ErrorCode::OutcomeUnknown, "the request was given up after two lost leaders",
     "Two or more connections died while they waited for this request, so it may be the request "
     "that "
     "ends the nodes. It was not run once more; what the lost nodes did with it is not known.",
     "Ask with 'weft outcome ID'. If the nodes died of something else, repeat it with the same "
     "request id; 'weft call --force' never gives a request up."},
    {DeadlinePassed, ErrorCode::DeadlineExceeded, "the deadline passed before the command ran",
     "The command waited longer than its deadline allows and was dropped unrun.",
     "Allow more time, or send less at once."},
    {NoAnswerInTime, ErrorCode::OutcomeUnknown, "no answer within the deadline",
     "The command was sent, but its answer did not come in time. It may have taken effect.",
     "Repeat it with the same request id, or ask with 'weft outcome ID'."},
    {QueueFull, ErrorCode::Overloaded, "too many requests in flight",
     "A queue of the node or of this client is full. Nothing was done.",
     "Send again after a moment, with fewer requests outstanding."},
    {MailboxFull, ErrorCode::Overloaded, "the entity's mailbox is full",
     "Commands for this entity arrive faster than it handles them. Nothing was done.",
     "Send again after a moment, or spread the work over more entities."},
    {SessionFull, ErrorCode::Overloaded, "the session has too many open commands",
     "The session's window of 1,024 commands or its 256 KiB of remembered replies is used up. "
     "Nothing was done.",
     "Wait for open commands to end: their acknowledgement makes room."},
    {PartitionFull, ErrorCode::Overloaded, "the partition has no room for another session",
     "The partition remembers 65,536 sessions, and all of them began in the last 10 s. Nothing was "
     "done.",
     "Send again later, and use one client for many commands instead of many clients."},
    {SessionsTooFast, ErrorCode::Overloaded, "the connection begins sessions too fast",
     "More than 100 new sessions a second, 200 at once, came over one connection: a command of "
     "each "
     "leaves a session in its partition for 10 minutes. Nothing was done.",
     "Use one session for many commands; the client library begins one in 5 minutes. Send again "
     "after a moment."},
    {EntityRejected, ErrorCode::Rejected, "the entity rejected the command",
     "The command reached its handler, which said no. The answer is final and remembered.",
     "Read the reason in the message; a repeat with the same request id gets the same answer."},
    {ValueConflict, ErrorCode::Rejected, "the value is not what was expected",
     "A compare-and-set found another revision or value than the one it named. Nothing changed.",
     "Read the value again and decide anew, with a new request id."},
    {NotFound, ErrorCode::NotFound, "nothing of that name",
     "The entity has no value, or what was asked for does not exist.",
     "Check the address. A deleted value is not found either."},
    {NotThere, ErrorCode::NotFound, "what was named does not exist",
     "The node, partition, process, folder, file or error that the command names is not there.",
     "Check the name: the message says what there is. 'weft dev status', 'weft status' and 'weft "
     "partition list' list them."},
    {Bug, ErrorCode::Internal, "a fault of weft itself",
     "Something happened that weft's own rules exclude.",
     "Keep the log and the data directory and report it with the output of 'weft version'."},
});

constexpr bool is_sorted_and_unique() {
    return std::ranges::adjacent_find(kPages, [](const ErrorPage& a, const ErrorPage& b) {
               return a.number >= b.number;
           }) == kPages.end();
}
static_assert(is_sorted_and_unique(), "error_page() searches by halves");
static_assert(kPages.back().number == Bug, "error_page() gives the last page for unknown ones");

}  // namespace

std::span<const ErrorPage> error_pages() { return kPages; }

const ErrorPage& error_page(ErrorNumber number) {
    const auto* page = std::ranges::lower_bound(kPages, number, {}, &ErrorPage::number);
    return page != kPages.end() && page->number == number ? *page : kPages.back();
}

std::string_view error_code_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::NotLeader:
            return "not_leader";
        case ErrorCode::Unavailable:
            return "unavailable";
        case ErrorCode::OutcomeUnknown:
            return "outcome_unknown";
        case ErrorCode::Rejected:
            return "rejected";
        case ErrorCode::Malformed:
            return "malformed";
        case ErrorCode::LimitExceeded:
            return "limit_exceeded";
        case ErrorCode::Overloaded:
            return "overloaded";
        case ErrorCode::DeadlineExceeded:
            return "deadline_exceeded";
        case ErrorCode::Expired:
            return "expired";
        case ErrorCode::RequestIdReused:
            return "request_id_reused";
        case ErrorCode::UnknownType:
            return "unknown_type";
        case ErrorCode::NotHosted:
            return "not_hosted";
        case ErrorCode::NotFound:
            return "not_found";
        case ErrorCode::Conflict:
            return "conflict";
        case ErrorCode::Corrupt:
            return "corrupt";
        case ErrorCode::StorageFailed:
            return "storage_failed";
        case ErrorCode::WrongCluster:
            return "wrong_cluster";
        case ErrorCode::Unsupported:
            return "unsupported";
        case ErrorCode::Configuration:
            return "configuration";
        case ErrorCode::CannotReach:
            return "cannot_reach";
        case ErrorCode::ClockSkew:
            return "clock_skew";
        case ErrorCode::Internal:
            return "internal";
    }
    return "internal";  // A code from the wire that this build does not know.
}

Error make_error(ErrorNumber number, std::string message) {
    const ErrorPage& page = error_page(number);
    return Error{page.code, static_cast<std::uint16_t>(page.number), std::move(message)};
}

}  // namespace weft
