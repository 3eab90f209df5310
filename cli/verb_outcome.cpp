#include "cli/call_verbs.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <fmt/core.h>

namespace weft::cli {

namespace {

// The exit code is the one that the call itself would have ended with.
int outcome_exit(const CallResult& result) {
    switch (result.outcome) {
        case Outcome::Done:
            return exit_code(Exit::Ok);
        case Outcome::Rejected:
            return exit_code(result.error.number == 0 ? Exit::Conflict
                                                      : exit_for(result.error.code));
        case Outcome::NotDone:
            return exit_code(Exit::TryLater);
        case Outcome::Unknown:
            return exit_code(Exit::OutcomeUnknown);
    }
    return exit_code(Exit::OutcomeUnknown);
}

bool is_no_id_of_this_mesh(const Error& error) {
    return error.code == ErrorCode::Malformed || error.code == ErrorCode::ClockSkew;
}

}  // namespace

void add_outcome(Command& root) {
    struct Options {
        std::string request;
    };
    Command& verb = root.verb("outcome", "ask how a call with this request id ended");
    auto& options = verb.state<Options>();
    verb.argument("REQUEST", options.request, "as printed with an unknown outcome");
    verb.example("weft outcome 136f7cd3fe80a914532b11715a898f8f-1795764503447-44-1",
                 "the request id that 'outcome unknown' came with");
    verb.run([&options](Shell& shell) {
        const auto request = RequestId::parse(options.request);
        if (!request || request->client.is_zero())
            return shell.usage(fmt::format("'{}' is not a request id", options.request));
        auto mesh = shell.connect();
        if (!mesh) return shell.fail(mesh.error());
        const CallResult result = mesh->outcome(*request, shell.timeout());
        const bool settled = result.outcome == Outcome::Done ||
                             result.outcome == Outcome::Rejected ||
                             (result.outcome == Outcome::NotDone && !result.error.is_retryable());
        // Refused for what it says, or because it lies in the future: it was never accepted.
        if (result.outcome == Outcome::Unknown && is_no_id_of_this_mesh(result.error))
            return shell.fail(result.error, {{"request", request->text()}});
        if (!settled || result.error.code == ErrorCode::Expired)
            return report_failure(shell, {{}, result, {}});
        if (shell.human()) {
            const std::string_view reply = result.reply.view();
            shell.print(fmt::format("{} {}{}", outcome_name(result.outcome), request->text(),
                                    reply.empty() ? "" : " "));
            shell.print_value(reply);
            shell.print("\n");
            return outcome_exit(result);
        }
        Record record{{"request", request->text()},
                      {"outcome", std::string(outcome_name(result.outcome))},
                      {"revision", result.revision.value}};
        add_bytes(record, "reply", result.reply.view());
        shell.print(render(shell.format(), record));
        return outcome_exit(result);
    });
}

}  // namespace weft::cli
