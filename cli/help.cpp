#include "cli/help.h"

#include <algorithm>

namespace weft::cli {

namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kLeftMax = 26;  // longer ones stand on a line of their own

struct Row {
    std::string left, right;
};

// `text` in lines that begin at column `indent`; the first one is there already.
std::string wrapped(std::string_view text, std::size_t indent) {
    std::string out;
    std::size_t column = indent;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (column > indent && column + 1 + end > kColumns) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += text.substr(0, end);
        column += end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string section(std::string_view title, const std::vector<Row>& rows) {
    if (rows.empty()) return {};
    std::size_t width = 0;
    for (const Row& row : rows)
        if (row.left.size() <= kLeftMax) width = std::max(width, row.left.size());
    const std::size_t indent = 2 + width + 2;
    std::string out = "\n" + std::string(title) + ":\n";
    for (const Row& row : rows) {
        out += "  " + row.left;
        if (row.left.size() > width)
            out += "\n" + std::string(indent, ' ');
        else
            out += std::string(indent - 2 - row.left.size(), ' ');
        out += wrapped(row.right, indent);
        out.erase(out.find_last_not_of(" \n") + 1);
        out += "\n";
    }
    return out;
}

std::string examples_of(const Command& command) {
    if (command.examples().empty()) return {};
    std::string out = "\nExamples:\n";
    for (const Example& example : command.examples()) {
        if (!example.why.empty()) out += "  # " + example.why + "\n";
        out += "  " + example.line + "\n";
    }
    return out;
}

std::vector<Row> rows_of(const Command& command, bool positional) {
    std::vector<Row> rows;
    for (const Parameter& parameter : command.parameters())
        if (parameter.is_positional() == positional && !parameter.hidden)
            rows.push_back({heading_of(parameter), sentence_of(parameter)});
    return rows;
}

}  // namespace

std::string usage_line(const Command& command) {
    std::string line = command.path();
    if (!command.verbs().empty()) line += command.action() ? " [VERB]" : " VERB";
    line += " [OPTIONS]";
    for (const Parameter& parameter : command.parameters()) {
        switch (parameter.kind) {
            case Parameter::Kind::Argument:
                line += " " + parameter.names;
                break;
            case Parameter::Kind::OptionalArgument:
                line += " [" + parameter.names + "]";
                break;
            case Parameter::Kind::Arguments:
                line += " " + parameter.names + "...";
                break;
            case Parameter::Kind::OptionalArguments:
                line += " [" + parameter.names + "...]";
                break;
            case Parameter::Kind::Option:
            case Parameter::Kind::Flag:
                break;
        }
    }
    return line;
}

std::string heading_of(const Parameter& parameter) {
    if (parameter.is_positional()) return parameter.names;
    std::string heading;
    for (const std::string& spelling : parameter.spellings())
        heading += (heading.empty() ? "" : ", ") + spelling;
    if (parameter.kind == Parameter::Kind::Option) heading += " " + parameter.placeholder();
    return heading;
}

std::string sentence_of(const Parameter& parameter) {
    if (parameter.default_value.empty()) return parameter.help;
    return parameter.help + " (default: " + parameter.default_value + ")";
}

std::string wrapped_lines(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        out += wrapped(text.substr(at, end - at), 0) + "\n";
        at = end + 1;
    }
    return out;
}

std::string help_text(const Command& command) {
    const Command* root = &command;
    while (root->parent() != nullptr) root = root->parent();
    std::string out = wrapped(command.help(), 0) + "\n\nUsage: " + usage_line(command) + "\n";
    std::vector<Row> verbs;
    for (const Command* verb : command.verbs()) verbs.push_back({verb->name(), verb->help()});
    out += section("Verbs", verbs);
    out += section("Arguments", rows_of(command, true));
    if (&command != root) out += section("Options", rows_of(command, false));
    std::vector<Row> global = rows_of(*root, false);
    if (&command == root) global.push_back({"--version", std::string(kVersionText)});
    global.push_back({"-h, --help", std::string(kHelpText)});
    out += section(&command == root ? "Options" : "Global options", global);
    out += examples_of(command);
    if (!command.verbs().empty())
        out += "\n'" + command.path() + " VERB --help' tells more of a verb.\n";
    return out;
}

}  // namespace weft::cli
