#include "cli/call_verbs.h"
#include "cli/verbs.h"

namespace weft::cli {

void add_delete(Command& root) {
    struct Options {
        Input input;
        std::optional<std::string> request;
    };
    Command& verb = root.verb("delete", "remove the value of kv/ID");
    auto& options = verb.state<Options>();
    options.input.add_address(verb, "KV_ID", "kv/ID, or ID alone");
    verb.option("--request", options.request, "repeat the call that had this request id");
    verb.example("weft delete kv/alice");
    verb.run([&options](Shell& shell) {
        const auto entity = take_kv_address(options.input);
        if (!entity) return shell.fail(entity.error());
        const auto call =
            run_call(shell, {entity->type + "/" + entity->id, "delete", "", options.request});
        if (!call) return shell.fail(call.error());
        return call->result.done() ? report_done(shell, *call) : report_failure(shell, *call);
    });
}

}  // namespace weft::cli
