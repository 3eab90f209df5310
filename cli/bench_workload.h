#pragma once
// Which operation comes next: pure and repeatable, one Lane per sequence of operations that wait
// for each other.

#include "core/random.h"
#include "weft/client.h"
#include "weft/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::cli {

enum class BenchOp : std::uint8_t { Put, Get, Cas, Delete, Call };
inline constexpr std::size_t kBenchOps = 5;
std::string_view bench_op_name(BenchOp op);

struct WorkloadOptions {
    BenchOp base = BenchOp::Put;                     // takes what `percent` leaves of 100
    std::array<std::uint32_t, kBenchOps> percent{};  // by BenchOp
    std::string type = "kv", prefix = "bench-";
    std::string command, payload;  // Call
    std::uint64_t entities = 10'000;
    std::uint64_t value_bytes = 128;
    std::uint64_t seed = 1;
};

// "get=40,cas=20" into `options.percent`. Malformed names, or more than 100 in all.
Result<void> parse_mix(const std::vector<std::string>& parts, WorkloadOptions& options);

struct Operation {
    BenchOp op = BenchOp::Put;
    std::uint64_t entity = 0;
    std::string command, payload;
    std::string value;               // Put, Cas: what is written
    std::optional<std::string> old;  // Cas: what is expected; nothing: absent
};

class Lane {
public:
    // Lanes of one run have different numbers; `values` of all lanes are distinct.
    Lane(const WorkloadOptions& options, std::uint64_t number);

    Operation next();
    // Tells what an operation found, so that a later cas can expect it.
    void seen(const Operation& operation, const CallResult& result);
    std::uint64_t number() const { return number_; }

private:
    BenchOp draw();
    std::string fresh_value();

    const WorkloadOptions* options_;
    std::uint64_t number_;
    Random random_;
    std::uint64_t sequence_ = 0;
    // What this lane last saw; kept only when the mix has cas.
    std::unordered_map<std::uint64_t, std::optional<std::string>> known_;
};

}  // namespace weft::cli
