#include "cli/call_verbs.h"
#include "cli/verbs.h"

namespace weft::cli {

void add_put(Command& root) {
    struct Options {
        std::string address, request;
        ValueSource value;
    };
    Command& verb = root.verb("put", "store a value under kv/ID");
    auto& options = verb.state<Options>();
    verb.argument("KV_ID", options.address, "kv/ID, or ID alone");
    verb.optional_argument("VALUE", options.value.argument,
                           "the value; - or nothing: standard input");
    verb.option("--file", options.value.file, "take the value from this file").is_file();
    verb.option("--request", options.request, "repeat the call that had this request id");
    verb.example("weft put kv/alice apples=2");
    verb.example("weft put kv/photo --file photo.jpg", "a value of any bytes");
    verb.example("date | weft put kv/now", "the value from standard input");
    verb.run([&options](Shell& shell) {
        const auto entity = kv_address(options.address);
        if (!entity) return shell.fail(entity.error());
        const auto value = need_value(options.value);
        if (!value) return shell.usage(value.error().message);
        const auto call =
            run_call(shell, {entity->type + "/" + entity->id, "put", *value, options.request});
        if (!call) return shell.fail(call.error());
        return call->result.done() ? report_done(shell, *call) : report_failure(shell, *call);
    });
}

}  // namespace weft::cli
