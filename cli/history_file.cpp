#include "cli/history_file.h"

#include "core/error.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>

namespace weft::cli {

namespace {

using Json = nlohmann::ordered_json;
using sim::OperationKind;
using sim::OperationOutcome;

constexpr std::array kKinds{"put", "get", "delete", "cas", "add"};
constexpr std::array kOutcomes{"done", "rejected", "not_done", "unknown"};

// Reads the fields of one line; the first thing that is wrong is kept in words.
class Line {
public:
    explicit Line(const Json& json) : json_(json) {}

    const std::string& problem() const { return problem_; }

    std::string entity() {
        const Json* field = find("entity");
        if (field == nullptr) return {};
        if (field->is_string() && !field->get_ref<const std::string&>().empty())
            return field->get<std::string>();
        wrong("entity", *field, "a string TYPE/ID");
        return {};
    }

    sim::Operation operation() {
        sim::Operation op;
        op.client = static_cast<std::uint32_t>(
            integer("client", 0, std::numeric_limits<std::uint32_t>::max()));
        op.kind =
            static_cast<OperationKind>(one_of("op", kKinds, "one of put, get, delete, cas, add"));
        op.outcome = static_cast<OperationOutcome>(
            one_of("outcome", kOutcomes, "one of done, rejected, not_done, unknown"));
        read_argument(op);
        read_result(op);
        read_times(op);
        if (json_.contains("note")) {
            const Json& note = json_["note"];
            if (note.is_string())
                op.note = note.get<std::string>();
            else
                wrong("note", note, "a string");
        }
        return op;
    }

private:
    const Json* find(const char* name) {
        const auto at = json_.find(name);
        if (at != json_.end()) return &*at;
        if (problem_.empty()) problem_ = fmt::format("it has no field \"{}\"", name);
        return nullptr;
    }
    void wrong(const char* name, const Json& value, std::string_view wanted) {
        if (!problem_.empty()) return;
        std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
        constexpr std::size_t kShown = 60;
        if (text.size() > kShown) text = text.substr(0, kShown) + "...";
        problem_ = fmt::format("\"{}\" is {}, it must be {}", name, text, wanted);
    }
    std::int64_t integer(const char* name, std::int64_t least, std::int64_t most) {
        const Json* field = find(name);
        if (field == nullptr) return least;
        const bool fits = field->is_number_unsigned()
                              ? field->get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                              : field->is_number_integer() && field->get<std::int64_t>() >= least;
        if (fits) return field->get<std::int64_t>();
        wrong(name, *field, fmt::format("an integer from {} to {}", least, most));
        return least;
    }
    template <std::size_t N>
    std::size_t one_of(const char* name, const std::array<const char*, N>& names,
                       std::string_view wanted) {
        const Json* field = find(name);
        if (field == nullptr) return 0;
        for (std::size_t i = 0; i < N; ++i)
            if (field->is_string() && field->get_ref<const std::string&>() == names[i]) return i;
        wrong(name, *field, wanted);
        return 0;
    }
    // Counters have numbers where the others have text.
    static std::optional<std::string> value(const Json& json) {
        if (json.is_string()) return json.get<std::string>();
        if (json.is_number_integer()) return json.dump();
        return std::nullopt;
    }

    void read_argument(sim::Operation& op) {
        const Json* field = find("arg");
        if (field == nullptr) return;
        if (op.kind == OperationKind::Get || op.kind == OperationKind::Delete) {
            if (!field->is_null()) wrong("arg", *field, "null for get and delete");
            return;
        }
        if (op.kind == OperationKind::Cas) {
            const bool pair = field->is_array() && field->size() == 2 &&
                              ((*field)[0].is_null() || value((*field)[0])) && value((*field)[1]);
            if (!pair) return wrong("arg", *field, "[old, new] for cas, old null for no value");
            op.expected = value((*field)[0]);
            op.argument = *value((*field)[1]);
            return;
        }
        const auto text = value(*field);
        if (!text || (op.kind == OperationKind::Add && !sim::decimal(*text)))
            return wrong("arg", *field,
                         op.kind == OperationKind::Add ? "a whole number of 64 bits for add"
                                                       : "a string or a whole number for put");
        op.argument = *text;
    }

    void read_result(sim::Operation& op) {
        const Json* field = find("result");
        if (field == nullptr) return;
        if (op.kind == OperationKind::Cas) {
            const bool answered =
                op.outcome == OperationOutcome::Done || op.outcome == OperationOutcome::Rejected;
            const Json wanted =
                answered ? Json(op.outcome == OperationOutcome::Done) : Json(nullptr);
            if (*field != wanted)
                wrong("result", *field,
                      "true for a cas that is done, false for a rejected one, else null");
            return;
        }
        if (field->is_null()) return;
        const auto text = value(*field);
        const bool answers = op.kind == OperationKind::Get || op.kind == OperationKind::Add;
        if (!answers || op.outcome != OperationOutcome::Done)
            return wrong("result", *field, "null: only a get or an add that is done has one");
        if (!text || (op.kind == OperationKind::Add && !sim::decimal(*text)))
            return wrong("result", *field,
                         op.kind == OperationKind::Add ? "a whole number of 64 bits, or null"
                                                       : "a string, a whole number or null");
        op.result = text;
    }

    void read_times(sim::Operation& op) {
        constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
        op.start_ns = integer("start_ns", 0, kMost);
        const Json* end = find("end_ns");
        if (end == nullptr) return;
        // What is unknown stays open, whenever the client ceased to wait.
        const bool unknown = op.outcome == OperationOutcome::Unknown;
        if (!(unknown && end->is_null())) op.end_ns = integer("end_ns", 0, kMost);
        if (op.end_ns < op.start_ns) wrong("end_ns", *end, "at least start_ns");
        if (unknown) op.end_ns = kMost;
    }

    const Json& json_;
    std::string problem_;
};

using Histories = std::map<std::string, sim::History>;

Result<void> add_line(Histories& histories, std::string_view text, std::size_t number,
                      const HistoryReading& reading) {
    constexpr const char* kBegin = "line {}: {}";
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded())
        return fail(ErrorNumber::BadHistory, kBegin, number,
                    text.empty() ? "it is empty" : "it is not JSON, or cut short");
    if (!json.is_object())
        return fail(ErrorNumber::BadHistory, kBegin, number, "it is not a JSON object");
    Line line(json);
    std::string entity = line.entity();
    sim::Operation operation = line.operation();
    std::string problem = line.problem();
    if (problem.empty() && reading.model) problem = sim::why_unknown_to(*reading.model, operation);
    if (!problem.empty()) return fail(ErrorNumber::BadHistory, kBegin, number, problem);
    histories[std::move(entity)].push_back(std::move(operation));
    return {};
}

// Text for all but numbers of counters, so that a checker in another language can add them up.
Json number_or_text(const std::string& text) {
    const auto number = sim::decimal(text);
    if (number && std::to_string(*number) == text) return *number;
    return text;
}

Json argument_of(const sim::Operation& op) {
    switch (op.kind) {
        case OperationKind::Put:
            return op.argument;
        case OperationKind::Cas:
            return Json::array({op.expected ? Json(*op.expected) : Json(nullptr), op.argument});
        case OperationKind::Add:
            return number_or_text(op.argument);
        case OperationKind::Get:
        case OperationKind::Delete:
            return nullptr;
    }
    return nullptr;
}

Json result_of(std::string_view entity, const sim::Operation& op) {
    if (op.kind == OperationKind::Cas && op.outcome == OperationOutcome::Done) return true;
    if (op.kind == OperationKind::Cas && op.outcome == OperationOutcome::Rejected) return false;
    if (!op.result || op.outcome != OperationOutcome::Done) return nullptr;
    const bool counts = op.kind == OperationKind::Add || entity.starts_with("counter/");
    return counts ? number_or_text(*op.result) : Json(*op.result);
}

}  // namespace

Result<Histories> read_history(const std::string& path, const HistoryReading& reading) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               std::fclose);
    if (!file)
        return fail(ErrorNumber::BadConfiguration, "cannot read {}: {}", path,
                    std::strerror(errno));
    Histories histories;
    std::string line;
    std::size_t number = 0;
    std::array<char, 65536> buffer{};
    const auto take = [&]() -> Result<void> {
        if (++number > reading.operations_max)
            return fail(ErrorNumber::HistoryTooLarge, "{} has more than {} lines", path,
                        reading.operations_max);
        auto added = add_line(histories, line, number, reading);
        line.clear();
        return added;
    };
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        const char* const end = buffer.data() + got;
        for (const char* at = buffer.data(); at != end;) {
            const char* stop = std::find(at, end, '\n');
            line.append(at, stop);
            if (line.size() > reading.line_bytes_max)
                return fail(ErrorNumber::HistoryTooLarge, "line {}: it has more than {} bytes",
                            number + 1, reading.line_bytes_max);
            at = stop;
            if (stop == end) continue;
            ++at;
            if (auto taken = take(); !taken) return std::unexpected(std::move(taken).error());
        }
    }
    if (std::ferror(file.get()) != 0)
        return fail(ErrorNumber::BadConfiguration, "cannot read {}: {}", path,
                    std::strerror(errno));
    if (!line.empty())
        if (auto taken = take(); !taken) return std::unexpected(std::move(taken).error());
    return histories;
}

std::string operation_line(std::string_view entity, const sim::Operation& op) {
    const bool unknown = op.outcome == OperationOutcome::Unknown;
    Json json = {{"client", op.client},
                 {"entity", entity},
                 {"op", kKinds[static_cast<std::size_t>(op.kind)]},
                 {"arg", argument_of(op)},
                 {"result", result_of(entity, op)},
                 {"outcome", kOutcomes[static_cast<std::size_t>(op.outcome)]},
                 {"start_ns", op.start_ns},
                 {"end_ns", unknown ? Json(nullptr) : Json(op.end_ns)}};
    if (!op.note.empty()) json["note"] = op.note;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace weft::cli
