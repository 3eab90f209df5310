#pragma once
// Writes all packages again and again, remembers what was acknowledged, and reads everything back.

#include "examples/packages/index.h"

#include <weft/client.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace packages {

using Clock = std::chrono::steady_clock;

// What we know of one key, all from answers.
struct KeyState {
    std::uint64_t version_before = 0;  // when the run began
    std::uint64_t acknowledged = 0;    // puts answered done
    std::uint64_t unknown = 0;         // puts that nobody could tell the outcome of
    std::uint64_t last_acknowledged_pass = 0;
    std::uint64_t last_sent_pass = 0;
};

struct Counts {
    std::uint64_t acknowledged = 0;
    std::uint64_t retried = 0;  // certainly not done, and sent again
    std::uint64_t unknown = 0;  // outcome unknown at first
    std::uint64_t settled = 0;  // of these: found out afterwards
    std::uint64_t missing = 0;  // acknowledged, and not read back
    std::uint64_t doubled = 0;  // version above acknowledged + unknown
    std::chrono::nanoseconds longest_gap{};
};

// Called now and then with the share done of the current pass, 0 to 1.
using OnProgress = std::function<void(double)>;

class Load {
public:
    Load(weft::Mesh mesh, const Index& index);

    // Values of an earlier run are versions to start from. True when there were any.
    bool read_versions_before(const OnProgress& progress);
    // Writes every package once; returns when all were answered.
    void write_pass(std::uint64_t pass, const OnProgress& progress);
    // Asks for the outcome of every put that ended unknown.
    void settle_unknown();
    // Reads everything back and compares; adds to missing and doubled.
    void verify(const OnProgress& progress);

    std::size_t records() const { return keys_.size(); }
    const Counts& counts() const { return counts_; }
    const std::vector<std::string>& problems() const { return problems_; }

private:
    struct Doubt {
        std::size_t key = 0;
        std::uint64_t pass = 0;
        weft::RequestId request;
    };

    // Keeps up to kWindow calls under way: `begin` starts one for each key that needs it.
    void for_all_keys(const OnProgress& progress, const std::function<void(std::size_t)>& begin);
    void put(std::size_t key, std::uint64_t pass);
    void get(std::size_t key, const std::function<void(const weft::CallResult&)>& use);
    void finished();
    // Repeats a call that certainly had no effect after a pause.
    void again(std::size_t key, const std::function<void()>& call);
    std::string value_of(std::size_t key, std::uint64_t pass) const;
    void compare(std::size_t key, const weft::CallResult& read);
    void problem(std::string text);

    weft::Mesh mesh_;
    const Index& index_;

    std::mutex lock_;  // guards all below
    std::condition_variable room_;
    std::size_t under_way_ = 0;
    std::vector<std::function<void()>> again_;  // calls to repeat after a pause
    std::vector<KeyState> keys_;
    std::vector<Doubt> doubts_;
    std::vector<std::string> problems_;
    Counts counts_;
    Clock::time_point last_answer_;
};

}  // namespace packages
