#include "cli/call_verbs.h"
#include "cli/verbs.h"
#include "weft/kv.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {

namespace {

struct CasOptions {
    Input input;
    std::optional<std::string> expect_file, file;
    std::optional<std::string> revision;
    std::optional<std::string> request;
    bool absent = false;
};

// The values of the command line, in full.
struct CasValues {
    std::optional<std::string> expected;
    std::string next;
};

std::unexpected<Error> fail_usage() {
    return std::unexpected(
        wrong_usage("cas takes VALUE NEW, or the one new value with --if-revision, --if-absent or "
                    "--expect-file; --file stands for the new one"));
}

Result<CasValues> read_values(CasOptions& options) {
    Input& input = options.input;
    const std::vector<std::string> given = input.values();
    const int named = int{options.absent} + int{options.revision.has_value()} +
                      int{options.expect_file.has_value()};
    const std::size_t old_given = named == 0 ? 1 : 0;
    if (named > 1 || given.size() > old_given + (options.file ? 0U : 1U) ||
        given.size() < old_given)
        return fail_usage();
    CasValues values;
    if (options.expect_file || old_given == 1) {
        auto old =
            options.expect_file ? input.file(*options.expect_file) : input.value(given.front());
        if (!old) return std::unexpected(std::move(old).error());
        values.expected = *std::move(old);
    }
    // A lone value could be the expected or the new one: piping is for when an option says which.
    if (!options.file && given.size() == old_given && old_given == 1) return fail_usage();
    auto next = options.file                    ? input.file(*options.file)
                : given.size() == old_given + 1 ? input.value(given.back())
                                                : input.piped();
    if (!next) return std::unexpected(std::move(next).error());
    values.next = *std::move(next);
    return values;
}

// Views into what it is given.
Result<kv::Expect> read_expectation(const CasOptions& options, const CasValues& values) {
    kv::Expect expect;
    if (values.expected) {
        expect.kind = kv::Expect::Kind::Value;
        expect.value = *values.expected;
    } else if (options.revision) {
        expect.kind = kv::Expect::Kind::AtRevision;
        const std::string& text = *options.revision;
        const char* end = text.data() + text.size();
        const auto [at, bad] = std::from_chars(text.data(), end, expect.revision.value);
        if (bad != std::errc{} || at != end)
            return std::unexpected(
                wrong_usage(fmt::format("--if-revision is '{}', not a number", text)));
    }
    return expect;
}

int run(Shell& shell, CasOptions& options) {
    const auto entity = take_kv_address(options.input);
    if (!entity) return shell.fail(entity.error());
    const auto values = read_values(options);
    if (!values) return shell.fail(values.error());
    const auto expect = read_expectation(options, *values);
    if (!expect) return shell.fail(expect.error());
    const auto call = run_call(shell, {entity->type + "/" + entity->id, "cas",
                                       kv::cas_payload(*expect, values->next), options.request});
    if (!call) return shell.fail(call.error());
    return call->result.done() ? report_done(shell, *call) : report_failure(shell, *call);
}

}  // namespace

void add_cas(Command& root) {
    Command& verb = root.verb("cas", "replace the value of kv/ID if it is as expected");
    auto& options = verb.state<CasOptions>();
    options.input.add_address(verb, "KV_ID", "kv/ID, or ID alone");
    options.input.add_value(verb, "VALUE",
                            "the one expected, or the new one if an option says what to expect; - "
                            "is standard input");
    options.input.add_value(verb, "NEW", "the value to store, if VALUE is the one expected");
    verb.option("--expect-file", options.expect_file, "expect the value in this file").is_file();
    verb.option("--file", options.file, "store the value in this file; - is standard input")
        .is_file();
    verb.option("--if-revision", options.revision, "expect this revision");
    verb.flag("--if-absent", options.absent, "expect no value");
    verb.option("--request", options.request, "repeat the call that had this request id");
    verb.example("weft cas kv/alice apples=2 apples=3", "store apples=3 if the value is apples=2");
    verb.example("weft cas kv/alice apples=1 --if-absent");
    verb.example("weft cas kv/photo --expect-file old.jpg --file new.jpg", "values of any bytes");
    verb.run([&options](Shell& shell) { return run(shell, options); });
}

}  // namespace weft::cli
