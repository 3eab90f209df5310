#include "cli/process.h"

#include "cli/node_folder.h"
#include "core/error.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

namespace weft::cli {

namespace {

struct Stat {
    char state = '?';
    std::uint64_t flags = 0;
    std::uint64_t start_ticks = 0;
    std::uint64_t pending = 0;  // signals on their way to the first thread
};
constexpr std::uint64_t kFlagExiting = 4;  // PF_EXITING
constexpr std::uint64_t kPendingKill = std::uint64_t{1} << (SIGKILL - 1);

std::optional<Stat> read_stat(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string text;
    if (!std::getline(file, text)) return std::nullopt;
    // The program's name stands in brackets and may contain anything, brackets too.
    const std::size_t close = text.rfind(')');
    if (close == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(close + 1));
    Stat stat;
    fields >> stat.state;
    // The numbers of proc(5): flags 9, start time 22, pending signals 31. Some are negative.
    std::string number;
    for (int field = 4; field <= 31; ++field) {
        fields >> number;
        if (field == 9) stat.flags = std::strtoull(number.c_str(), nullptr, 10);
        if (field == 22) stat.start_ticks = std::strtoull(number.c_str(), nullptr, 10);
        if (field == 31) stat.pending = std::strtoull(number.c_str(), nullptr, 10);
    }
    if (!fields) return std::nullopt;
    return stat;
}

// The first thread may end before others, and its state is all that stat shows: a process killed
// while another thread waits for the disk is a zombie by its stat and still holds its sockets.
bool has_other_threads(pid_t pid) {
    std::error_code ended;
    std::size_t count = 0;
    for (std::filesystem::directory_iterator it(fmt::format("/proc/{}/task", pid), ended), end;
         !ended && it != end; it.increment(ended))
        ++count;
    return count > 1;
}

std::unexpected<Error> fail_errno(std::string_view doing, int number) {
    return fail(ErrorNumber::BadConfiguration, "{}: {}", doing, std::strerror(number));
}

struct Descriptors {
    int log;
    int report;  // an error before the exec goes there
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

// A later "NAME=value" takes the place of an earlier one.
std::vector<std::string> environment_of(const SpawnOptions& options) {
    const auto name_of = [](const std::string& text) { return text.substr(0, text.find('=')); };
    std::vector<std::string> left_out = options.without;
    for (const std::string& given : options.environment) left_out.push_back(name_of(given));
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry)
        if (std::ranges::find(left_out, name_of(*entry)) == left_out.end())
            all.emplace_back(*entry);
    all.insert(all.end(), options.environment.begin(), options.environment.end());
    return all;
}

// Runs between fork and exec: nothing here may allocate.
[[noreturn]] void become(char* const* arguments, char* const* environment, const char* folder,
                         const Descriptors& files) {
    ::setsid();
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(files.log, STDOUT_FILENO);
    ::dup2(files.log, STDERR_FILENO);
    if (files.report != 3) ::dup3(files.report, 3, O_CLOEXEC);
    ::close_range(4, ~0U, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::chdir(folder) == 0) ::execve(arguments[0], arguments, environment);
    const int number = errno;
    (void)!::write(3, &number, sizeof number);
    ::_exit(127);
}

}  // namespace

std::optional<ProcessId> identify_process(pid_t pid) {
    const auto stat = read_stat(pid);
    if (!stat) return std::nullopt;
    return ProcessId{pid, stat->start_ticks};
}

ProcessState process_state(const ProcessId& process) {
    const auto stat = read_stat(process.pid);
    if (!stat || stat->start_ticks != process.start_ticks || stat->state == 'X')
        return ProcessState::Gone;
    if (stat->state == 'Z')
        return has_other_threads(process.pid) ? ProcessState::Ending : ProcessState::Gone;
    if ((stat->flags & kFlagExiting) != 0 || (stat->pending & kPendingKill) != 0)
        return ProcessState::Ending;
    return stat->state == 'T' || stat->state == 't' ? ProcessState::Stopped : ProcessState::Running;
}

bool wait_until_gone(const ProcessId& process, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (process_state(process) != ProcessState::Gone) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(4));
    }
    return true;
}

Result<bool> signal_process(const ProcessId& process, int signal) {
    // The descriptor pins the process: the check and the signal mean the same one.
    const auto descriptor = static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0));
    if (descriptor < 0 && errno == ESRCH) return false;
    if (descriptor < 0) return fail_errno("cannot reach the process", errno);
    const bool same = process_state(process) != ProcessState::Gone;
    long sent = 0;
    if (same) sent = ::syscall(SYS_pidfd_send_signal, descriptor, signal, nullptr, 0);
    const int number = errno;
    ::close(descriptor);
    if (sent != 0 && number == ESRCH) return false;
    if (sent != 0) return fail_errno("cannot signal the process", number);
    return same;
}

Result<void> write_pid_file(const std::filesystem::path& path, const ProcessId& process) {
    return write_file(path, fmt::format("{} {}\n", process.pid, process.start_ticks), 0644);
}

std::optional<ProcessId> read_pid_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    ProcessId process;
    if (!(file >> process.pid >> process.start_ticks) || process.pid <= 1) return std::nullopt;
    return process;
}

Result<ProcessId> spawn(const SpawnOptions& options) {
    const int log =
        ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (log < 0) return fail_errno("cannot open " + options.log.string(), errno);
    int report[2];
    if (::pipe2(report, O_CLOEXEC) != 0) {
        const int number = errno;
        ::close(log);
        return fail_errno("cannot make a pipe", number);
    }
    std::vector<std::string> kept = options.arguments;
    const std::vector<char*> arguments = pointers(kept);
    std::vector<std::string> variables = environment_of(options);
    const std::vector<char*> environment = pointers(variables);
    const pid_t pid = ::fork();
    if (pid == 0)
        become(arguments.data(), environment.data(), options.folder.c_str(), {log, report[1]});
    const int fork_error = errno;
    ::close(log);
    ::close(report[1]);
    int child_error = 0;
    const ssize_t got = pid > 0 ? ::read(report[0], &child_error, sizeof child_error) : 0;
    ::close(report[0]);
    if (pid < 0) return fail_errno("cannot start a process", fork_error);
    if (got > 0) {
        ::waitpid(pid, nullptr, 0);
        return fail_errno("cannot run " + options.arguments.front(), child_error);
    }
    const auto process = identify_process(pid);
    // It ended before it could be looked at: its log says why.
    return process ? *process : ProcessId{pid, 0};
}

std::filesystem::path own_program() {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored);
}

}  // namespace weft::cli
