#include "cli/bench_workload.h"

#include "core/error.h"
#include "weft/kv.h"

#include <fmt/core.h>

#include <charconv>
#include <numeric>

namespace weft::cli {

std::string_view bench_op_name(BenchOp op) {
    switch (op) {
        case BenchOp::Put:
            return "put";
        case BenchOp::Get:
            return "get";
        case BenchOp::Cas:
            return "cas";
        case BenchOp::Delete:
            return "delete";
        case BenchOp::Call:
            return "call";
    }
    return "call";
}

Result<void> parse_mix(const std::vector<std::string>& parts, WorkloadOptions& options) {
    for (const std::string& part : parts) {
        const std::size_t equals = part.find('=');
        const std::string_view name = std::string_view(part).substr(0, equals);
        std::uint32_t percent = 0;
        bool good = equals != std::string::npos;
        if (good) {
            const char* end = part.data() + part.size();
            const auto [at, bad] = std::from_chars(part.data() + equals + 1, end, percent);
            good = bad == std::errc{} && at == end && percent <= 100;
        }
        std::size_t op = 0;
        while (op < kBenchOps && bench_op_name(static_cast<BenchOp>(op)) != name) ++op;
        if (!good || op == kBenchOps)
            return fail(ErrorNumber::BadConfiguration,
                        "--mix has '{}'; it takes put, get, cas, delete or call = percent", part);
        options.percent[op] = percent;
    }
    if (std::accumulate(options.percent.begin(), options.percent.end(), 0U) > 100)
        return fail(ErrorNumber::BadConfiguration, "--mix is more than 100 percent in all");
    return {};
}

Lane::Lane(const WorkloadOptions& options, std::uint64_t number)
    : options_(&options),
      number_(number),
      random_(Random(options.seed).stream(fmt::format("lane-{}", number))) {}

BenchOp Lane::draw() {
    std::uint64_t drawn = random_.below(100);
    for (std::size_t op = 0; op < kBenchOps; ++op) {
        if (drawn < options_->percent[op]) return static_cast<BenchOp>(op);
        drawn -= options_->percent[op];
    }
    return options_->base;
}

std::string Lane::fresh_value() {
    // Distinct whatever its length, so that a reader can tell which write it saw. Printable, so
    // that a history shows it.
    std::string value = fmt::format("{}.{}.", number_, sequence_);
    if (value.size() < options_->value_bytes) value.resize(options_->value_bytes, 'x');
    return value;
}

Operation Lane::next() {
    ++sequence_;
    Operation operation;
    operation.op = draw();
    operation.entity = random_.below(options_->entities);
    operation.command = bench_op_name(operation.op);
    switch (operation.op) {
        case BenchOp::Put:
            operation.payload = operation.value = fresh_value();
            break;
        case BenchOp::Cas: {
            operation.value = fresh_value();
            if (const auto known = known_.find(operation.entity); known != known_.end())
                operation.old = known->second;
            kv::Expect expect;
            if (operation.old) expect = {kv::Expect::Kind::Value, {}, *operation.old};
            operation.payload = kv::cas_payload(expect, operation.value);
            break;
        }
        case BenchOp::Call:
            operation.command = options_->command;
            operation.payload = options_->payload;
            break;
        case BenchOp::Get:
        case BenchOp::Delete:
            break;
    }
    return operation;
}

void Lane::seen(const Operation& operation, const CallResult& result) {
    if (options_->percent[static_cast<std::size_t>(BenchOp::Cas)] == 0 &&
        options_->base != BenchOp::Cas)
        return;
    if (!result.done()) {
        known_.erase(operation.entity);
        return;
    }
    auto& known = known_[operation.entity];
    switch (operation.op) {
        case BenchOp::Put:
        case BenchOp::Cas:
            known = operation.value;
            break;
        case BenchOp::Get:
            known.reset();
            if (result.exists) known = std::string(result.reply.view());
            break;
        case BenchOp::Delete:
        case BenchOp::Call:
            known.reset();
            break;
    }
}

}  // namespace weft::cli
