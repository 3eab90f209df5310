#include "cli/explain.h"
#include "cli/help.h"
#include "cli/verbs.h"

#include <fmt/core.h>

namespace weft::cli {

namespace {

int explain_all(const Shell& shell) {
    std::vector<Record> records;
    for (const ErrorPage& page : error_pages()) {
        records.push_back(describe_error(page));
        // The texts are too long for the rows of a terminal.
        if (shell.human())
            std::erase_if(records.back(), [](const Field& field) {
                return field.name == "because" || field.name == "try" ||
                       field.name == "exit_meaning";
            });
    }
    shell.print(render(shell.format(), records));
    return exit_code(Exit::Ok);
}

int explain(const Shell& shell, const std::optional<std::string>& number) {
    if (!number) return explain_all(shell);
    const auto page = find_error_page(*number);
    if (!page && page.error().code == ErrorCode::Configuration)
        return shell.usage(page.error().message);
    if (!page) return shell.fail(page.error());
    const Record record = describe_error(**page);
    if (!shell.human()) {
        shell.print(render(shell.format(), record));
        return exit_code(Exit::Ok);
    }
    const Exit exit = exit_for((*page)->number, (*page)->code);
    const std::string text =
        fmt::format("WEFT-{}: {}\n\n{}\n\nWhat to do: {}\n\ncode {}, exit status {}: {}\n",
                    static_cast<int>((*page)->number), (*page)->title, (*page)->because,
                    (*page)->try_this, error_code_name((*page)->code), exit_code(exit),
                    std::get<std::string>(record.back().value));
    shell.print(wrapped_lines(text));
    return exit_code(Exit::Ok);
}

}  // namespace

void add_explain(Command& root) {
    Command& verb = root.verb("explain", "what an error means and what to do; without NUMBER all");
    auto& number = verb.state<std::optional<std::string>>();
    std::vector<std::string> numbers;
    for (const ErrorPage& page : error_pages())
        numbers.push_back(fmt::format("WEFT-{}", static_cast<int>(page.number)));
    verb.optional_argument("NUMBER", number, "WEFT-1006, or 1006").one_of(std::move(numbers));
    verb.example("weft explain WEFT-1006");
    verb.example("weft explain -o json", "the whole table");
    verb.run([&number](Shell& shell) { return explain(shell, number); });
}

}  // namespace weft::cli
