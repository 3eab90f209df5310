#include "cli/call_verbs.h"
#include "cli/verbs.h"

namespace weft::cli {

void add_call(Command& root) {
    struct Options {
        std::string address, command, request;
        bool force = false;
        ValueSource payload;
    };
    Command& verb = root.verb("call", "run a command of an entity");
    auto& options = verb.state<Options>();
    verb.argument("TYPE_ID", options.address, "TYPE/ID");
    verb.argument("COMMAND", options.command, "a command of that type");
    verb.optional_argument("PAYLOAD", options.payload.argument,
                           "the command's payload; - reads standard input");
    verb.option("--file", options.payload.file, "take the payload from this file").is_file();
    verb.option("--request", options.request, "repeat the call that had this request id");
    verb.flag("--force", options.force, "run it even if nodes died while they had it");
    verb.example("weft call counter/visits add 5");
    verb.example("weft call counter/visits get");
    verb.run([&options](Shell& shell) {
        const auto payload = read_value(options.payload);
        if (!payload) return shell.usage(payload.error().message);
        const auto call = run_call(shell, {options.address, options.command, payload->value_or(""),
                                           options.request, options.force});
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
    });
}

}  // namespace weft::cli
