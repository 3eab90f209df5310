#include "cli/torture_history.h"

#include "core/hash.h"
#include "core/random.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace weft::cli {

namespace {

constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);

std::size_t size_of(std::uint32_t entity, std::uint64_t number) {
    Random random(number * 31 + entity);
    if (TortureEntities::is_big(entity)) return (std::size_t{64} << 10) + random.below(983'040) + 1;
    if (entity < TortureEntities::kHot) return 16 + random.below(200);
    return random.chance(1, 20) ? 2048 + random.below(14'336) : 16 + random.below(1024);
}

std::string text_of(std::uint64_t seed, std::uint32_t entity, std::int64_t number) {
    const auto value = static_cast<std::uint64_t>(number);
    return fmt::format("{}-{}-{}-{:08x}", value >> 32, value & 0xffff'ffff, size_of(entity, value),
                       xxh3_64(fmt::format("{} {}", seed, number)) & 0xffff'ffff);
}

}  // namespace

bool TortureEntities::is_counter(std::uint32_t entity) {
    return (entity >= first_counter() && entity < first_big()) ||
           (entity >= first_cold_counter() && entity < first_cold());
}

bool TortureEntities::is_big(std::uint32_t entity) {
    return entity >= first_big() && entity < first_cold_counter();
}

std::string TortureEntities::id(std::uint32_t entity) {
    if (entity < first_counter()) return fmt::format("hot-{}", entity);
    if (entity < first_big()) return fmt::format("hot-{}", entity - first_counter());
    if (entity < first_cold_counter()) return fmt::format("big-{}", entity - first_big());
    if (entity < first_cold()) return fmt::format("cold-{}", entity - first_cold_counter());
    return fmt::format("cold-{}", entity - first_cold());
}

TortureValue make_value(std::uint32_t client, std::uint32_t sequence) {
    return {std::uint64_t{client} << 32 | sequence};
}

std::string value_bytes(std::uint64_t seed, std::uint32_t entity, TortureValue value) {
    const std::size_t size = std::min<std::size_t>(size_of(entity, value.number), 1U << 20);
    std::string bytes(reinterpret_cast<const char*>(&value.number), kNumberBytes);
    bytes.resize(size);
    Random random(seed ^ value.number * 0x9e3779b97f4a7c15ULL);
    for (std::size_t at = kNumberBytes; at < size; at += kNumberBytes) {
        const std::uint64_t word = random.next();
        std::memcpy(bytes.data() + at, &word, std::min(kNumberBytes, size - at));
    }
    return bytes;
}

ReadValue read_value(std::uint64_t seed, std::uint32_t entity, std::string_view bytes) {
    ReadValue read;
    if (bytes.size() < kNumberBytes) {
        read.wrong = fmt::format("{} bytes are no value that was written", bytes.size());
        return read;
    }
    std::memcpy(&read.value.number, bytes.data(), kNumberBytes);
    if (size_of(entity, read.value.number) != bytes.size()) {
        read.wrong =
            fmt::format("{} bytes under the number of the value {}", bytes.size(),
                        text_of(seed, entity, static_cast<std::int64_t>(read.value.number)));
        return read;
    }
    const std::string wanted = value_bytes(seed, entity, read.value);
    const auto [at, same] = std::ranges::mismatch(bytes, wanted);
    if (at != bytes.end())
        read.wrong =
            fmt::format("the value {} differs from byte {} on",
                        text_of(seed, entity, static_cast<std::int64_t>(read.value.number)),
                        at - bytes.begin());
    return read;
}

sim::Operation to_operation(std::uint64_t seed, const TortureRecord& record) {
    using sim::OperationKind;
    sim::Operation operation;
    operation.client = record.client;
    operation.kind = record.kind;
    operation.outcome = record.outcome;
    operation.start_ns = record.start_ns;
    operation.end_ns = record.outcome == sim::OperationOutcome::Unknown
                           ? std::numeric_limits<std::int64_t>::max()
                           : record.end_ns;
    if (TortureEntities::is_counter(record.entity)) {
        if (record.kind == OperationKind::Add) operation.argument = std::to_string(record.argument);
        if (record.answered) operation.result = std::to_string(record.result);
        return operation;
    }
    if (record.argument != 0) operation.argument = text_of(seed, record.entity, record.argument);
    if (record.expected != 0) operation.expected = text_of(seed, record.entity, record.expected);
    if (record.kind == OperationKind::Get && record.result != 0)
        operation.result = text_of(seed, record.entity, record.result);
    return operation;
}

std::vector<std::vector<TortureRecord>> by_entity(std::vector<TortureRecord> records,
                                                  std::uint32_t entities) {
    std::vector<std::vector<TortureRecord>> lists(entities);
    for (const TortureRecord& record : records) lists[record.entity].push_back(record);
    for (auto& list : lists) std::ranges::sort(list, {}, &TortureRecord::start_ns);
    return lists;
}

}  // namespace weft::cli
