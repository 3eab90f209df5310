#include "cli/call_verbs.h"
#include "cli/verbs.h"

namespace weft::cli {

namespace {

struct CallOptions {
    Input input;
    std::optional<std::string> file;
    std::optional<std::string> request;
    bool force = false;
};

// Unlike a value, a payload may be left out: most commands have none.
Result<CallLine> read_line(CallOptions& options) {
    auto address = options.input.address();
    if (!address) return std::unexpected(std::move(address).error());
    std::vector<std::string> values = options.input.values();
    if (values.empty()) return std::unexpected(wrong_usage("COMMAND is required"));
    CallLine line{*std::move(address), values.front(), "", options.request, options.force};
    if (values.size() > 2 || (values.size() == 2 && options.file))
        return std::unexpected(wrong_usage(options.file
                                               ? "give a payload or --file, not both"
                                               : "one argument too many: '" + values.back() + "'"));
    if (!options.file && values.size() < 2) return line;
    auto payload =
        options.file ? options.input.file(*options.file) : options.input.value(values.back());
    if (!payload) return std::unexpected(std::move(payload).error());
    line.payload = *std::move(payload);
    return line;
}

int run(Shell& shell, CallOptions& options) {
    const auto line = read_line(options);
    if (!line) return shell.fail(line.error());
    const auto call = run_call(shell, *line);
    if (!call) return shell.fail(call.error());
    if (!call->result.done()) return report_failure(shell, *call);
    const std::string_view reply = call->result.reply.view();
    if (shell.human() && reply.empty()) return report_done(shell, *call);
    if (shell.human()) {
        shell.print_value(reply);
        shell.print("\n");
        return exit_code(Exit::Ok);
    }
    Record record = describe(*call);
    add_bytes(record, "reply", reply);
    shell.print(render(shell.format(), record));
    return exit_code(Exit::Ok);
}

}  // namespace

void add_call(Command& root) {
    Command& verb = root.verb("call", "run a command of an entity");
    auto& options = verb.state<CallOptions>();
    options.input.add_address(verb, "TYPE_ID", "TYPE/ID");
    options.input.add_value(verb, "COMMAND", "a command of that type").is_needed();
    options.input.add_value(verb, "PAYLOAD", "the command's payload; - reads standard input");
    verb.option("--file", options.file, "take the payload from this file; - is standard input")
        .is_file();
    verb.option("--request", options.request, "repeat the call that had this request id");
    verb.flag("--force", options.force, "run it even if nodes died while they had it");
    verb.example("weft call counter/visits add 5");
    verb.example("weft call counter/visits get");
    verb.run([&options](Shell& shell) { return run(shell, options); });
}

}  // namespace weft::cli
