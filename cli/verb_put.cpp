#include "cli/call_verbs.h"
#include "cli/verbs.h"

namespace weft::cli {

void add_put(Command& root) {
    struct Options {
        Input input;
        std::optional<std::string> file;
        std::optional<std::string> request;
    };
    Command& verb = root.verb("put", "store a value under kv/ID");
    auto& options = verb.state<Options>();
    options.input.add_address(verb, "KV_ID", "kv/ID, or ID alone");
    options.input.add_value(verb, "VALUE", "the value; - or nothing: standard input");
    verb.option("--file", options.file, "take the value from this file; - is standard input")
        .is_file();
    verb.option("--request", options.request, "repeat the call that had this request id");
    verb.example("weft put kv/alice apples=2");
    verb.example("weft put kv/photo --file photo.jpg", "a value of any bytes");
    verb.example("date | weft put kv/now", "the value from standard input");
    verb.run([&options](Shell& shell) {
        const auto entity = take_kv_address(options.input);
        if (!entity) return shell.fail(entity.error());
        const auto value = take_value(options.input, options.file);
        if (!value) return shell.fail(value.error());
        const auto call =
            run_call(shell, {entity->type + "/" + entity->id, "put", *value, options.request});
        if (!call) return shell.fail(call.error());
        return call->result.done() ? report_done(shell, *call) : report_failure(shell, *call);
    });
}

}  // namespace weft::cli
