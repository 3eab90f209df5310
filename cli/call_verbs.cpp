#include "cli/call_verbs.h"

#include "cli/interrupt_watch.h"
#include "core/error.h"
#include "routing/key.h"

#include <fmt/core.h>

#include <cstdio>

namespace weft::cli {

Result<EntityId> kv_address(std::string_view text) {
    if (text.find('/') != std::string_view::npos) return routing::parse_entity_id(text);
    return routing::parse_entity_id(fmt::format("kv/{}", text));
}

Result<EntityId> take_kv_address(Input& input) {
    const auto text = input.address();
    if (!text) return std::unexpected(text.error());
    return kv_address(*text);
}

Result<FinishedCall> run_call(const Shell& shell, const CallLine& line) {
    auto entity = routing::parse_entity_id(line.address, true);
    if (!entity) return std::unexpected(std::move(entity).error());
    CallOptions options;
    options.timeout = shell.timeout();
    options.force = line.force;
    if (line.request) {
        options.request = RequestId::parse(*line.request);
        if (!options.request)
            return std::unexpected(
                wrong_usage(fmt::format("'{}' is not a request id", *line.request)));
    }
    // An interrupt ends the wait, not the program: else nobody could ask what became of the call.
    std::optional<Pending> pending;
    OnInterrupt interrupt([&pending] { pending->give_up(); });
    auto mesh = shell.connect();
    if (!mesh) return std::unexpected(std::move(mesh).error());
    FinishedCall call;
    call.entity = *std::move(entity);
    const auto start = std::chrono::steady_clock::now();
    interrupt.hold();
    pending =
        mesh->entity(call.entity.type, call.entity.id).start(line.command, line.payload, options);
    interrupt.arm();
    call.result = pending->get();
    call.took = std::chrono::steady_clock::now() - start;
    call.signal = interrupt.arrived();
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
    // What was refused as it is was never proposed, and its id leads to nothing.
    const ErrorCode code = call.result.error.code;
    const bool refused = call.result.outcome == Outcome::NotDone &&
                         exit_for(code) != Exit::TryLater && code != ErrorCode::RequestIdReused;
    if (!request.client.is_zero() && !refused) fields.push_back({"request", request.text()});
    fields.push_back({"outcome", std::string(outcome_name(call.result.outcome))});
    Error error = call.result.error;
    if (call.result.outcome == Outcome::Rejected && !call.result.reply.empty() &&
        error.message.empty())
        error.message = std::string(call.result.reply.view());
    if (call.signal != 0) error.message = "interrupted: " + error.message;
    const int exit = shell.fail(error, fields);
    if (call.signal != 0) end_by(call.signal);
    // What the outcome says decides: an error text must not make "perhaps" look like "no".
    if (call.result.outcome == Outcome::Unknown) return exit_code(Exit::OutcomeUnknown);
    return exit;
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

Result<std::string> take_value(Input& input, const std::optional<std::string>& file) {
    if (input.values().size() > 1 || (file && !input.values().empty()))
        return std::unexpected(
            wrong_usage(file ? "give a value or --file, not both"
                             : fmt::format("one argument too many: '{}'", input.values().back())));
    if (file) return input.file(*file);
    if (!input.values().empty()) return input.value(input.values().front());
    return input.piped();
}

}  // namespace weft::cli
