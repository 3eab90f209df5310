#include "cli/history.h"

#include "cli/call_verbs.h"
#include "core/error.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstring>

namespace weft::cli {

namespace {

using Json = nlohmann::ordered_json;

// Counters answer in decimal text: shown as numbers, so that a checker can add them up.
Json number_or_text(std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [at, bad] = std::from_chars(text.data(), end, number);
    if (bad == std::errc{} && at == end) return number;
    return std::string(text);
}

Json argument_of(const Operation& operation) {
    switch (operation.op) {
        case BenchOp::Put:
            return operation.value;
        case BenchOp::Cas:
            return Json::array(
                {operation.old ? Json(*operation.old) : Json(nullptr), operation.value});
        case BenchOp::Call:
            return number_or_text(operation.payload);
        case BenchOp::Get:
        case BenchOp::Delete:
            return nullptr;
    }
    return nullptr;
}

Json result_of(const Operation& operation, const CallResult& result) {
    const bool answered = result.outcome == Outcome::Done || result.outcome == Outcome::Rejected;
    if (!answered) return nullptr;
    if (operation.op == BenchOp::Cas) return result.outcome == Outcome::Done;
    if (result.outcome == Outcome::Rejected) return nullptr;
    if (operation.op == BenchOp::Call) return number_or_text(result.reply.view());
    if (operation.op == BenchOp::Get) {
        if (!result.exists) return nullptr;
        return std::string(result.reply.view());
    }
    return nullptr;
}

}  // namespace

std::string history_line(const HistoryLine& line) {
    const Json json = {{"client", line.client},
                       {"entity", line.entity},
                       {"op", line.operation->command},
                       {"arg", argument_of(*line.operation)},
                       {"result", result_of(*line.operation, *line.result)},
                       {"outcome", outcome_name(line.result->outcome)},
                       {"start_ns", line.start_ns},
                       {"end_ns", line.end_ns}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<History> History::create(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "we");
    if (file == nullptr)
        return fail(ErrorNumber::BadConfiguration, "cannot write {}: {}", path,
                    std::strerror(errno));
    return History(file);
}

void History::add(const HistoryLine& line) {
    const std::string text = history_line(line);
    const std::lock_guard guard(*lock_);
    std::fwrite(text.data(), 1, text.size(), file_.get());
}

Result<void> History::finish() {
    const std::lock_guard guard(*lock_);
    if (std::fflush(file_.get()) != 0 || std::ferror(file_.get()) != 0)
        return fail(ErrorNumber::OutputFailed, "the history is not complete: {}",
                    std::strerror(errno));
    return {};
}

}  // namespace weft::cli
