#pragma once
// Processes that outlive us: started in a session of their own, found again by pid and start time,
// so that a recycled pid is never signalled.

#include "weft/result.h"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {

struct ProcessId {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat: clock ticks since the boot
    auto operator<=>(const ProcessId&) const = default;
};

// Ending: killed or on its way out, but a thread of it is still in the kernel, waiting for the disk
// perhaps. Ports, locks and files are held until Gone, and no signal can hurry it.
enum class ProcessState { Running, Stopped, Ending, Gone };

// Nothing when there is no such process.
std::optional<ProcessId> identify_process(pid_t pid);
// Gone also for a zombie of which nothing but its exit code is left, and for a pid that another
// process has by now.
ProcessState process_state(const ProcessId& process);
// Waits for Gone; false when it did not come within `patience`.
bool wait_until_gone(const ProcessId& process, std::chrono::milliseconds patience);

// False when the process is gone. Never signals another process that got the same pid.
Result<bool> signal_process(const ProcessId& process, int signal);

Result<void> write_pid_file(const std::filesystem::path& path, const ProcessId& process);
// Nothing when the file is missing or is not a pid file.
std::optional<ProcessId> read_pid_file(const std::filesystem::path& path);

struct SpawnOptions {
    std::vector<std::string> arguments;         // [0] is the program's path
    std::filesystem::path log;                  // output and errors are appended here
    std::filesystem::path folder;               // working directory
    std::vector<std::string> environment = {};  // "NAME=value", besides what this process has
    std::vector<std::string> without = {};      // names of what it has and the program does not get
};
// Starts the program in a new session with no open files but the log.
Result<ProcessId> spawn(const SpawnOptions& options);

// Path of this program itself.
std::filesystem::path own_program();

}  // namespace weft::cli
