#include "cli/sim_worker.h"

#include "cli/sim_hunt.h"
#include "core/error.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>

namespace weft::cli {

namespace {

// The numbers of a result in the order they travel in.
template <class Result, class Visit>
void for_each_number(Result& result, Visit&& visit) {
    auto& report = result.report;
    for (auto* number :
         {&report.seed, &report.trace_hash, &report.operations, &report.done, &report.rejected,
          &report.not_done, &report.unknown, &report.committed, &report.elections,
          &report.states_compared, &report.frames, &report.events, &report.probes, &report.entities,
          &report.log_bytes, &report.snapshot_pages, &report.journal_ahead, &report.sockets_ahead})
        visit(*number);
    for (auto& count : report.faults) visit(count);
}

std::string one_line(std::string text) {
    for (char& c : text)
        if (c == '\t' || c == '\n') c = ' ';
    return text;
}

std::int64_t cpu_now() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

SimResult run_one(const HuntOptions& options, std::uint64_t seed, std::FILE* trace) {
    sim::RunOptions run;
    run.trace = trace;
    SimResult result;
    const std::int64_t begin = cpu_now();
    result.report = sim::run_seed(seed, options.profile, options.store, run);
    result.cpu_ns = cpu_now() - begin;
    if (!options.twice || !result.report.ok()) return result;
    const sim::RunReport again = sim::run_seed(seed, options.profile, options.store);
    if (again.trace_hash != result.report.trace_hash)
        result.report.violation =
            fmt::format("I20: two runs of one seed differ: trace hash {:016x} and {:016x}",
                        result.report.trace_hash, again.trace_hash);
    return result;
}

void work(const HuntOptions& options, std::uint64_t number, int fd) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> trace(nullptr, std::fclose);
    if (!options.trace.empty()) trace.reset(std::fopen(options.trace.c_str(), "w"));
    for (std::uint64_t seed = options.first + number; seed <= options.last;) {
        if (!write_all(fd, fmt::format("begin\t{}\n", seed))) return;
        const SimResult result = run_one(options, seed, trace.get());
        if (!write_all(fd, encode_result(result) + "\n")) return;
        if (options.last - seed < options.jobs) return;
        seed += options.jobs;
    }
}

}  // namespace

std::string encode_result(const SimResult& result) {
    std::string line = fmt::format("end\t{}\t{}\t{}", result.cpu_ns, result.report.virtual_ms,
                                   result.report.violation_at.count());
    for_each_number(result, [&](std::uint64_t number) { line += fmt::format("\t{}", number); });
    return line + '\t' + one_line(result.report.plan) + '\t' + one_line(result.report.violation);
}

std::optional<SimResult> decode_result(std::string_view line) {
    bool good = true;
    const auto field = [&line]() {
        const std::size_t tab = line.find('\t');
        const std::string_view text = line.substr(0, tab);
        line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
        return text;
    };
    const auto number = [&](auto& value) {
        const std::string_view text = field();
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        good = good && error == std::errc() && end == text.data() + text.size();
    };
    if (field() != "end") return std::nullopt;
    SimResult result;
    std::int64_t violation_at = 0;
    number(result.cpu_ns);
    number(result.report.virtual_ms);
    number(violation_at);
    result.report.violation_at = Duration{violation_at};
    for_each_number(result, number);
    result.report.plan = std::string(field());
    result.report.violation = std::string(field());
    if (!good || !line.empty()) return std::nullopt;
    return result;
}

Result<SimWorker> SimWorker::start(const HuntOptions& options, std::uint64_t number,
                                   const sigset_t& signals) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(ErrorNumber::BadConfiguration, "no pipe to a worker: {}", std::strerror(errno));
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return fail(ErrorNumber::BadConfiguration, "no worker process: {}", std::strerror(errno));
    }
    if (pid == 0) {
        // The parent answers for SIGINT; a worker ends with it, whatever way it goes.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        std::signal(SIGINT, SIG_IGN);
        sigprocmask(SIG_SETMASK, &signals, nullptr);
        close(ends[0]);
        work(options, number, ends[1]);
        std::fflush(nullptr);
        _exit(0);
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return SimWorker(pid, ends[0]);
}

SimWorker::SimWorker(SimWorker&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      fd_(std::exchange(other.fd_, -1)),
      unread_(std::move(other.unread_)),
      seed_(other.seed_),
      under_way_(other.under_way_) {}

SimWorker::~SimWorker() { stop(); }

std::vector<SimResult> SimWorker::read_results() {
    std::vector<SimResult> results;
    std::array<char, 16384> buffer;
    while (fd_ >= 0) {
        const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) break;
        if (got == 0) {
            ended(results);
            break;
        }
        unread_.append(buffer.data(), static_cast<std::size_t>(got));
        for (std::size_t end = unread_.find('\n'); end != std::string::npos;
             end = unread_.find('\n')) {
            const std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            if (line.starts_with("begin\t")) {
                std::from_chars(line.data() + 6, line.data() + line.size(), seed_);
                under_way_ = true;
            } else if (auto result = decode_result(line)) {
                under_way_ = false;
                results.push_back(std::move(*result));
            }
        }
    }
    return results;
}

void SimWorker::ended(std::vector<SimResult>& results) {
    close(std::exchange(fd_, -1));
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    if (!under_way_) return;
    SimResult died;
    died.report.seed = seed_;
    died.report.violation = WIFSIGNALED(status)
                                ? fmt::format("the process died of signal {}", WTERMSIG(status))
                                : fmt::format("the process ended with {}", WEXITSTATUS(status));
    results.push_back(std::move(died));
}

void SimWorker::stop() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(std::exchange(pid_, 0), nullptr, 0);
}

}  // namespace weft::cli
