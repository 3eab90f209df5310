// Lets the simulator look for mutants (core/mutant.h): each in processes of its own, since some of
// them crash or never end.
//   weft_mutants [--jobs N] [--seeds A..B] [NAME...]   looks for them in seeds A..B, all by default
//   weft_mutants --known                              those of known.h, each in the seed that found
//                                                     it and the ten behind it
// One line each; exit code 1 when one was not found, or the product itself broke a promise.

#include "core/mutant.h"
#include "sim/run.h"
#include "sim/swim_swarm.h"
#include "tests/mutants/known.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {
namespace {

struct Hunt {
    MutantInfo mutant;
    std::uint64_t first = 1, last = 500;
};

// A mutant that goes round in circles counts as found: no seed of the product takes that long.
constexpr rlim_t kSeedSecondsMax = 60;

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

// The seed at work is known when the process dies.
void note_seed(int pipe, std::uint64_t seed) {
    if (::write(pipe, &seed, sizeof seed) != sizeof seed) std::_Exit(2);
}

// What the seed breaks: of the whole mesh, or of membership alone.
std::string run(Mutant mutant, std::uint64_t seed) {
    if (is_of_membership(mutant)) return sim::run_swim_seed(seed).violation;
    return sim::run_seed(seed).violation;
}

// In a process of its own. Exit code 0: found by the last seed noted.
[[noreturn]] void hunt(const Hunt& task, int pipe) {
    become_mutant(task.mutant.mutant);
    for (std::uint64_t seed = task.first; seed <= task.last; ++seed) {
        note_seed(pipe, seed);
        const auto now = static_cast<rlim_t>(cpu_seconds());
        const rlimit limit{now + kSeedSecondsMax, now + kSeedSecondsMax};
        setrlimit(RLIMIT_CPU, &limit);
        const std::string violation = run(task.mutant.mutant, seed);
        if (violation.empty()) continue;
        fmt::print("{:<26} seed {:>4}  {:>6.1f} s  {}\n", task.mutant.name, seed, cpu_seconds(),
                   violation.substr(0, violation.find('\n')));
        std::fflush(stdout);
        std::_Exit(0);
    }
    fmt::print("{:<26} NOT FOUND in seeds {}..{}  {:>6.1f} s  {}\n", task.mutant.name, task.first,
               task.last, cpu_seconds(), task.mutant.rule);
    std::fflush(stdout);
    std::_Exit(1);
}

struct Running {
    Hunt task;
    int pipe = -1;
};

// False: not found.
bool ended(const Running& hunter, int status) {
    std::uint64_t seed = 0;
    for (std::uint64_t next = 0; ::read(hunter.pipe, &next, sizeof next) == sizeof next;)
        seed = next;
    ::close(hunter.pipe);
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 0;
    fmt::print("{:<26} seed {:>4}  ended by signal {}\n", hunter.task.mutant.name, seed,
               WTERMSIG(status));
    std::fflush(stdout);
    return true;
}

// The number of those that were not found.
std::size_t hunt_all(std::vector<Hunt> tasks, std::size_t jobs) {
    std::map<pid_t, Running> running;
    std::size_t missed = 0;
    std::ranges::reverse(tasks);
    while (!tasks.empty() || !running.empty()) {
        if (!tasks.empty() && running.size() < jobs) {
            int ends[2];
            if (::pipe(ends) != 0) std::abort();
            std::fflush(stdout);
            const pid_t child = ::fork();
            if (child < 0) std::abort();
            if (child == 0) hunt(tasks.back(), ends[1]);
            ::close(ends[1]);
            running.emplace(child, Running{tasks.back(), ends[0]});
            tasks.pop_back();
            continue;
        }
        int status = 0;
        const pid_t child = ::wait(&status);
        if (!ended(running.at(child), status)) ++missed;
        running.erase(child);
    }
    return missed;
}

std::optional<MutantInfo> find(std::string_view name) {
    const auto found = std::ranges::find(mutants(), name, &MutantInfo::name);
    if (found == mutants().end()) return std::nullopt;
    return *found;
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t out = 0;
    const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (bad != std::errc{} || at != text.data() + text.size()) return std::nullopt;
    return out;
}

int usage() {
    fmt::print(stderr, "usage: weft_mutants [--jobs N] [--seeds A..B] [NAME...] | --known\n");
    return 2;
}

int main(const std::vector<std::string_view>& arguments) {
    std::vector<Hunt> tasks;
    std::size_t jobs = 2;
    std::uint64_t first = 1, last = 500;
    bool known_only = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (word == "--known") {
            known_only = true;
            for (const Known& known : kKnown)
                tasks.push_back({*find(known.name), known.seed, known.seed + 10});
        } else if (word == "--jobs" || word == "--seeds") {
            if (++i == arguments.size()) return usage();
            const auto dots = std::min(arguments[i].find(".."), arguments[i].size());
            const auto low = number(arguments[i].substr(0, dots));
            const auto high =
                dots < arguments[i].size() ? number(arguments[i].substr(dots + 2)) : low;
            if (!low || !high || *low == 0 || *high < *low) return usage();
            if (word == "--jobs") {
                jobs = *low;
            } else {
                first = *low;
                last = *high;
            }
        } else if (const auto mutant = find(word)) {
            tasks.push_back({*mutant});
        } else {
            fmt::print(stderr, "no mutant '{}'\n", word);
            return usage();
        }
    }
    if (tasks.empty())
        for (const MutantInfo& mutant : mutants()) tasks.push_back({mutant});
    for (Hunt& task : tasks) {
        if (known_only) continue;
        task.first = first;
        task.last = last;
    }
    const std::size_t missed = hunt_all(tasks, jobs);
    fmt::print("{} of {} found\n", tasks.size() - missed, tasks.size());
    return missed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weft

int main(int count, char** words) { return weft::main({words + 1, words + count}); }
