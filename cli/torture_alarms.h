#pragma once
// Whom torture's nodes held for dead, and whether a fault explains it (docs/membership.md).

#include "cli/dev_mesh.h"
#include "cli/log_tail.h"
#include "weft/result.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace weft::cli {

using SteadyMoment = std::chrono::steady_clock::time_point;

// When a node was down or stopped (a and b are the same), or what two say to each other was lost or
// late. A wrong clock and a bad disk make nobody silent.
struct Silence {
    std::size_t a = 0, b = 0;
    SteadyMoment from, until = SteadyMoment::max();
};

struct HeldForDead {
    std::size_t by = 0, of = 0;
    SteadyMoment suspected, at;  // the same when it was refused
    bool operator==(const HeldForDead&) const = default;
};

// Those that nothing explains: neither of the two was silent, nor was it so between them, since the
// suspicion began and for 15 s before. That is the rule of I1 (docs/membership.md, "Its swarm").
std::vector<HeldForDead> false_alarms(const std::vector<HeldForDead>& deaths,
                                      const std::vector<Silence>& silences);

// What logs say of members. Their moments are those of reading: torture makes clocks wrong.
class MemberWords {
public:
    // `members`: their ids as logs write them.
    explicit MemberWords(std::vector<std::string> members) : members_(std::move(members)) {}
    void read(std::size_t by, std::string_view lines, SteadyMoment now);
    const std::vector<HeldForDead>& deaths() const { return deaths_; }

private:
    std::vector<std::string> members_;
    std::map<std::pair<std::size_t, std::size_t>, SteadyMoment> suspected_;  // by and of
    std::vector<HeldForDead> deaths_;
};

// Reads the logs of all nodes while they are written.
class DeathWatch {
public:
    static Result<DeathWatch> start(const DevMesh& mesh);
    // Ends; what came until now.
    std::vector<HeldForDead> finish();

private:
    struct Reading {
        std::vector<LogTail> logs;
        MemberWords words;
        void read_all();
    };
    explicit DeathWatch(Reading reading);

    std::unique_ptr<Reading> reading_;  // the thread's, until it has ended
    std::jthread thread_;
};

}  // namespace weft::cli
