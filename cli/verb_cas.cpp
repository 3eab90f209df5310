#include "cli/call_verbs.h"
#include "cli/verbs.h"
#include "weft/kv.h"

#include <charconv>
#include <optional>
#include <string>

namespace weft::cli {

namespace {

struct CasOptions {
    std::string address, request;
    std::string first;                  // NEW, or OLD when there is a second
    std::optional<std::string> second;  // NEW
    std::optional<std::string> revision;
    bool absent = false;
};

// The expectation of the command line; views into `options`. Nothing when it names none or several.
std::optional<kv::Expect> read_expectation(const CasOptions& options) {
    const int given =
        int{options.absent} + int{options.revision.has_value()} + int{options.second.has_value()};
    if (given != 1) return std::nullopt;
    kv::Expect expect;
    if (options.second) {
        expect.kind = kv::Expect::Kind::Value;
        expect.value = options.first;
    }
    if (options.revision) {
        expect.kind = kv::Expect::Kind::AtRevision;
        const std::string& text = *options.revision;
        const char* end = text.data() + text.size();
        const auto [at, bad] = std::from_chars(text.data(), end, expect.revision.value);
        if (bad != std::errc{} || at != end) return std::nullopt;
    }
    return expect;
}

}  // namespace

void add_cas(Command& root) {
    Command& verb = root.verb("cas", "replace the value of kv/ID if it is as expected");
    auto& options = verb.state<CasOptions>();
    verb.argument("KV_ID", options.address, "kv/ID, or ID alone");
    verb.argument("VALUE", options.first, "the one expected, or the new one with an option below");
    verb.optional_argument("NEW", options.second,
                           "the value to store, if VALUE is the one expected");
    verb.option("--if-revision", options.revision, "expect this revision");
    verb.flag("--if-absent", options.absent, "expect no value");
    verb.option("--request", options.request, "repeat the call that had this request id");
    verb.example("weft cas kv/alice apples=2 apples=3", "store apples=3 if the value is apples=2");
    verb.example("weft cas kv/alice apples=1 --if-absent");
    verb.run([&options](Shell& shell) {
        const auto entity = kv_address(options.address);
        if (!entity) return shell.fail(entity.error());
        const auto expect = read_expectation(options);
        if (!expect)
            return shell.usage("cas takes VALUE NEW, or VALUE with --if-revision or --if-absent");
        const auto call =
            run_call(shell, {entity->type + "/" + entity->id, "cas",
                             kv::cas_payload(*expect, options.second.value_or(options.first)),
                             options.request});
        if (!call) return shell.fail(call.error());
        return call->result.done() ? report_done(shell, *call) : report_failure(shell, *call);
    });
}

}  // namespace weft::cli
