#pragma once
// What torture's clients saw, small enough to hold ten minutes of it in memory; and the values they
// write: each is known from a number, so that a whole value is compared wherever it is read.

#include "sim/checkers/history.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

// The entities, by number: few that everybody uses, few with values to 1 MiB, thousands of others.
class TortureEntities {
public:
    // Every minute other ones are used by everybody: a search for an order has an end.
    static constexpr std::uint32_t kHotAtOnce = 4, kHotCountersAtOnce = 2, kHotSets = 32;
    static constexpr std::uint32_t kHot = kHotSets * kHotAtOnce;
    static constexpr std::uint32_t kHotCounters = kHotSets * kHotCountersAtOnce;
    static constexpr std::uint32_t kBig = 4, kCounters = 200;
    explicit TortureEntities(std::uint32_t cold) : cold_(cold) {}

    std::uint32_t count() const { return first_cold() + cold_; }
    static constexpr std::uint32_t first_counter() { return kHot; }
    static constexpr std::uint32_t first_big() { return kHot + kHotCounters; }
    static constexpr std::uint32_t first_cold_counter() { return first_big() + kBig; }
    static constexpr std::uint32_t first_cold() { return first_cold_counter() + kCounters; }

    static bool is_counter(std::uint32_t entity);
    static bool is_big(std::uint32_t entity);
    static std::string type(std::uint32_t entity) { return is_counter(entity) ? "counter" : "kv"; }
    static std::string id(std::uint32_t entity);
    static std::string name(std::uint32_t entity) { return type(entity) + "/" + id(entity); }

private:
    std::uint32_t cold_;
};

// A value of kv by its number: client and sequence; 0 is "no value".
struct TortureValue {
    std::uint64_t number = 0;
    bool operator==(const TortureValue&) const = default;
};
TortureValue make_value(std::uint32_t client, std::uint32_t sequence);
// The bytes; big entities have big ones.
std::string value_bytes(std::uint64_t seed, std::uint32_t entity, TortureValue value);
// Which value `bytes` are; in words what is wrong when they are none, or differ in any byte.
struct ReadValue {
    TortureValue value;
    std::string wrong;
};
ReadValue read_value(std::uint64_t seed, std::uint32_t entity, std::string_view bytes);

struct TortureRecord {
    std::uint32_t entity = 0, client = 0;
    sim::OperationKind kind{};
    sim::OperationOutcome outcome = sim::OperationOutcome::Unknown;
    bool answered = false;       // counters: `result` was seen
    std::int64_t argument = 0;   // kv: number of the value; counters: what is added
    std::int64_t expected = 0;   // cas: number of the value; 0: none
    std::int64_t result = 0;     // get: number of the value; counters: the sum
    std::uint64_t revision = 0;  // 0: not told
    std::int64_t start_ns = 0, end_ns = 0;
};

// In the terms of the checkers: a value is "client-sequence-bytes-hash".
sim::Operation to_operation(std::uint64_t seed, const TortureRecord& record);
// Records of one entity each, in order of their begin.
std::vector<std::vector<TortureRecord>> by_entity(std::vector<TortureRecord> records,
                                                  std::uint32_t entities);

}  // namespace weft::cli
