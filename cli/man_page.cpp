#include "cli/man_page.h"

#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/version.h"

#include <algorithm>
#include <cctype>

namespace weft::cli {

namespace {

// As text of roff: nothing of it is a request, and a dash is the one that people can copy.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (c == '\'')
            out += "\\(aq";
        else
            out += c;
    }
    if (out.starts_with('.')) out.insert(0, "\\&");
    return out;
}

// A line of options in bold, and what they are for.
std::string entry(const std::string& head, const std::string& text) {
    return ".TP\n.B " + escaped(head) + "\n" + escaped(text) + "\n";
}

std::string entries(const Command& command, bool positional) {
    std::string out;
    for (const Parameter& parameter : command.parameters())
        if (parameter.is_positional() == positional && !parameter.hidden)
            out += entry(heading_of(parameter), sentence_of(parameter));
    return out;
}

std::string section(std::string_view title, const std::string& body) {
    return body.empty() ? std::string() : ".SH " + std::string(title) + "\n" + body;
}

std::string reference(const Command& command) { return "BR " + man_name(command) + " (1)"; }

std::string listed_examples(const Command& command) {
    std::string out;
    for (const Example& example : command.examples()) {
        out += ".PP\n";
        if (!example.why.empty()) out += escaped(example.why) + ":\n.PP\n";
        out += ".EX\n    " + escaped(example.line) + "\n.EE\n";
    }
    return out;
}

std::string exit_status() {
    std::string out;
    for (const ExitPage& page : exit_pages())
        out += entry(std::to_string(exit_code(page.code)), std::string(page.meaning));
    return out;
}

std::string environment() {
    return entry("WEFT_DEV_DIR", "folder of your dev mesh; default: ~/.local/share/weft/dev") +
           entry("WEFT_SECTION__KEY",
                 "a setting: WEFT_LOG__LEVEL is level in [log]; see weft config show");
}

std::string see_also(const Command& command) {
    std::string out;
    const auto add = [&out](const Command& other) {
        if (!out.empty()) out += " ,\n";
        out += "." + reference(other);
    };
    if (command.parent() != nullptr) add(*command.parent());
    for (const Command* verb : command.verbs()) add(*verb);
    return out + "\n";
}

}  // namespace

std::string man_name(const Command& command) {
    std::string name = command.path();
    std::ranges::replace(name, ' ', '-');
    return name;
}

std::string man_page(const Command& command) {
    const Command* root = &command;
    while (root->parent() != nullptr) root = root->parent();
    const bool whole = &command == root;
    std::string title = man_name(command);
    for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    std::string out = ".\\\" Made by 'weft man'.\n.TH " + escaped(title) + " 1 \"\" \"weft " +
                      std::string(kVersion) + "\" \"weft\"\n";
    std::string help = command.help();
    if (help.ends_with('.')) help.pop_back();
    out += section("NAME", escaped(man_name(command)) + " \\- " + escaped(help) + "\n");
    out += section("SYNOPSIS", ".B " + escaped(usage_line(command)) + "\n");
    std::string verbs;
    for (const Command* verb : command.verbs())
        verbs += ".TP\n." + reference(*verb) + "\n" + escaped(verb->help()) + "\n";
    out += section("VERBS", verbs);
    out += section("ARGUMENTS", entries(command, true));
    if (!whole) out += section("OPTIONS", entries(command, false));
    std::string global = entries(*root, false);
    if (whole) global += entry("--version", std::string(kVersionText));
    global += entry("-h, --help", std::string(kHelpText));
    out += section(whole ? "OPTIONS" : "GLOBAL OPTIONS", global);
    out += section("EXIT STATUS",
                   whole ? exit_status() : "The codes are listed in\n." + reference(*root) + ".\n");
    if (whole) out += section("ENVIRONMENT", environment());
    out += section("EXAMPLES", listed_examples(command));
    return out + section("SEE ALSO", see_also(command));
}

}  // namespace weft::cli
