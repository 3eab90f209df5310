// What a field of a node's switchboard wants to be asked is asked.

#include "tests/tidy/source_text.h"
#include "tests/tidy/tidy.h"

#include <array>
#include <optional>

namespace weft::tidy {

namespace {

// Of a class that is written out in a folder of the node.
struct Field {
    std::string_view type, name;
};

std::string_view name_at(std::string_view text) {
    std::size_t end = 0;
    while (end < text.size() && is_part_of_name(text[end])) ++end;
    return text.substr(0, end);
}

// "    Type name;", perhaps with an initializer.
std::optional<Field> field_of(std::string_view line) {
    constexpr std::size_t kIndent = 4;
    if (line.find_first_not_of(' ') != kIndent) return std::nullopt;
    const std::string_view type = name_at(line.substr(kIndent));
    const std::string_view rest = line.substr(kIndent + type.size());
    if (!rest.starts_with(' ')) return std::nullopt;
    const std::string_view name = name_at(rest.substr(1));
    const std::string_view behind = rest.substr(1 + name.size());
    if (name.empty() || (!behind.starts_with(';') && !behind.starts_with('{'))) return std::nullopt;
    return Field{type, name};
}

// From `head` to the brace that closes it at the beginning of a line; empty: it is not there.
std::string_view block_of(std::string_view code, std::string_view head) {
    const std::size_t begin = code.find(head);
    if (begin == code.npos) return {};
    const std::size_t end = code.find("\n}", begin);
    return code.substr(begin, end - begin);
}

bool has_function(std::string_view body, std::string_view name) {
    for (const std::string_view line : lines_of(body))
        if (line.find_first_not_of(' ') == 4 && line.contains(name)) return true;
    return false;
}

}  // namespace

std::vector<Violation> check_switchboard(const std::vector<SourceFile>& files) {
    constexpr std::string_view kState = "node/state.h";
    std::string state, code, headers;
    for (const SourceFile& file : files) {
        if (!file.path.starts_with("node/")) continue;
        if (file.path == kState) state = code_of(file.text);
        if (file.path == "node/node.cpp") code = code_of(file.text);
        if (is_header(file.path)) headers += code_of(file.text);
    }
    struct Question {
        std::string_view name, asked_in;
    };
    constexpr std::array kQuestions{Question{" deadline(", "Node::State::next_deadline()"},
                                    Question{" check(", "Node::State::check()"}};
    std::vector<Violation> found;
    for (const auto& [question, asked_in] : kQuestions) {
        const std::string_view asks = block_of(code, std::string(asked_in) + " const {");
        std::size_t asked = 0;
        for (const std::string_view line : lines_of(block_of(state, "struct Node::State {"))) {
            const auto field = field_of(line);
            if (!field) continue;
            std::string_view body = block_of(headers, "\nclass " + std::string(field->type) + " {");
            if (body.empty())
                body = block_of(headers, "\nstruct " + std::string(field->type) + " {");
            if (!has_function(body, question)) continue;
            ++asked;
            const std::string call =
                std::string(field->name) + "." + std::string(question.substr(1));
            if (!asks.contains(" " + call) && !asks.contains("{" + call))
                found.push_back(
                    {std::string(kState), 0, call + ") is not in " + std::string(asked_in)});
        }
        if (asked == 0)
            found.push_back({std::string(kState), 0, "nothing to ask in " + std::string(asked_in)});
    }
    return found;
}

}  // namespace weft::tidy
