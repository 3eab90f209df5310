#include "cli/call_verbs.h"

#include "cli/node_folder.h"
#include "core/error.h"
#include "routing/key.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace weft::cli {

Result<EntityId> kv_address(std::string_view text) {
    if (text.find('/') != std::string_view::npos) return routing::parse_entity_id(text);
    return routing::parse_entity_id(fmt::format("kv/{}", text));
}

Result<FinishedCall> run_call(const Shell& shell, const CallLine& line) {
    auto entity = routing::parse_entity_id(line.address, true);
    if (!entity) return std::unexpected(std::move(entity).error());
    CallOptions options;
    options.timeout = shell.timeout();
    options.force = line.force;
    if (!line.request.empty()) {
        options.request = RequestId::parse(line.request);
        if (!options.request)
            return fail(ErrorNumber::BadConfiguration, "'{}' is not a request id", line.request);
    }
    auto mesh = shell.connect();
    if (!mesh) return std::unexpected(std::move(mesh).error());
    FinishedCall call;
    call.entity = *std::move(entity);
    const auto start = std::chrono::steady_clock::now();
    call.result =
        mesh->entity(call.entity.type, call.entity.id).call(line.command, line.payload, options);
    call.took = std::chrono::steady_clock::now() - start;
    return call;
}

std::string_view outcome_name(Outcome outcome) {
    switch (outcome) {
        case Outcome::Done:
            return "done";
        case Outcome::Rejected:
            return "rejected";
        case Outcome::NotDone:
            return "not_done";
        case Outcome::Unknown:
            return "unknown";
    }
    return "unknown";
}

int report_failure(const Shell& shell, const FinishedCall& call) {
    Record fields;
    const RequestId& request = call.result.request;
    if (!request.client.is_zero()) fields.push_back({"request", request.text()});
    fields.push_back({"outcome", std::string(outcome_name(call.result.outcome))});
    Error error = call.result.error;
    if (call.result.outcome == Outcome::Rejected && !call.result.reply.empty() &&
        error.message.empty())
        error.message = std::string(call.result.reply.view());
    const int code = shell.fail(error, fields);
    // What the outcome says decides: an error text must not make "perhaps" look like "no".
    if (call.result.outcome == Outcome::Unknown) return exit_code(Exit::OutcomeUnknown);
    return code;
}

Record describe(const FinishedCall& call) {
    const CallResult& result = call.result;
    return {{"entity", call.entity.type + "/" + call.entity.id},
            {"revision", result.revision.value},
            {"version", result.version.value},
            {"generation", result.generation.value},
            {"exists", result.exists},
            {"partition", std::uint64_t{result.request.group.value}},
            {"request", result.request.text()},
            {"took_us", static_cast<std::int64_t>(call.took.count() / 1000)}};
}

int report_done(const Shell& shell, const FinishedCall& call) {
    if (!shell.human()) {
        shell.print(render(shell.format(), describe(call)));
        return exit_code(Exit::Ok);
    }
    const CallResult& result = call.result;
    shell.print(fmt::format("ok {}/{} rev {} version {} (p{}) {:.1f} ms\n", call.entity.type,
                            printable(call.entity.id), result.revision.value, result.version.value,
                            result.request.group.value,
                            static_cast<double>(call.took.count()) / 1e6));
    return exit_code(Exit::Ok);
}

namespace {

// One byte above the limit is read, so that the node's own check names the error.
constexpr std::size_t kReadMax = kPayloadBytesMax + 1;

Result<std::string> read_standard_input() {
    std::string value;
    char part[4096];
    std::size_t got = 0;
    while (value.size() < kReadMax && (got = std::fread(part, 1, sizeof part, stdin)) > 0)
        value.append(part, got);
    if (std::ferror(stdin) != 0)
        return fail(ErrorNumber::BadConfiguration, "standard input cannot be read");
    return value;
}

}  // namespace

Result<std::optional<std::string>> read_value(const ValueSource& source) {
    if (source.file && source.argument)
        return fail(ErrorNumber::BadConfiguration, "give a value or --file, not both");
    if (source.file) return read_file(*source.file, kReadMax);
    if (source.argument == "-") return read_standard_input();
    return source.argument;
}

Result<std::string> need_value(const ValueSource& source) {
    auto given = read_value(source);
    if (!given) return std::unexpected(std::move(given).error());
    if (*given) return **std::move(given);
    if (isatty(STDIN_FILENO) != 0)
        return fail(ErrorNumber::BadConfiguration,
                    "no value: give it as an argument ('' is an empty one), with --file, or on "
                    "standard input");
    auto value = read_standard_input();
    if (value && value->empty())
        return fail(ErrorNumber::BadConfiguration,
                    "no value is given and standard input is empty; '' as the argument, or - for "
                    "standard input, store an empty one");
    return value;
}

}  // namespace weft::cli
