#include "cli/call_verbs.h"
#include "cli/verbs.h"
#include "core/error.h"

namespace weft::cli {

void add_get(Command& root) {
    struct Options {
        Input input;
        bool raw = false;
    };
    Command& verb = root.verb("get", "read the value of kv/ID");
    auto& options = verb.state<Options>();
    options.input.add_address(verb, "KV_ID", "kv/ID, or ID alone");
    verb.flag("--raw", options.raw, "print the bytes alone: no newline, on a terminal too");
    verb.example("weft get kv/alice");
    verb.example("weft get kv/photo --raw > photo.jpg", "the bytes alone");
    verb.run([&options](Shell& shell) {
        const auto entity = take_kv_address(options.input);
        if (!entity) return shell.fail(entity.error());
        const auto call = run_call(shell, {entity->type + "/" + entity->id, "get", "", {}});
        if (!call) return shell.fail(call.error());
        if (!call->result.done()) return report_failure(shell, *call);
        if (!call->result.exists)
            return shell.fail(make_error(ErrorNumber::NotFound,
                                         entity->type + "/" + entity->id + " has no value"));
        const std::string_view value = call->result.reply.view();
        if (shell.human() || options.raw) {
            if (options.raw) {
                shell.print_bytes(value);
            } else {
                shell.print_value(value);
                shell.print("\n");
            }
            return exit_code(Exit::Ok);
        }
        Record record = describe(*call);
        add_bytes(record, "value", value);
        shell.print(render(shell.format(), record));
        return exit_code(Exit::Ok);
    });
}

}  // namespace weft::cli
