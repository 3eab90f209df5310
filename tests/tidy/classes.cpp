// Measures classes. Reads text, no grammar: what clang-format has laid out, and nothing else.

#include "tests/tidy/classes.h"

#include "tests/tidy/source_text.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

namespace weft::tidy {

namespace {

constexpr std::size_t npos = std::string_view::npos;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::size_t line_at(std::string_view text, std::size_t at) {
    return static_cast<std::size_t>(
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

// One past the brace that closes the one at `open`.
std::size_t end_of_block(std::string_view code, std::size_t open) {
    int depth = 0;
    for (std::size_t at = open; at < code.size(); ++at) {
        depth += code[at] == '{' ? 1 : code[at] == '}' ? -1 : 0;
        if (depth == 0) return at + 1;
    }
    return code.size();
}

// Behind the `template <...>` that it may begin with.
std::string_view without_template(std::string_view head) {
    while (head.starts_with("template")) {
        int depth = 0;
        std::size_t at = head.find('<');
        for (; at < head.size(); ++at) {
            depth += head[at] == '<' ? 1 : head[at] == '>' ? -1 : 0;
            if (depth == 0) break;
        }
        head = trimmed(head.substr(std::min(at + 1, head.size())));
    }
    return head;
}

// The name of the class whose body `head` opens: "Node::State"; empty: it opens something else.
std::string class_name(std::string_view head) {
    head = without_template(trimmed(head));
    if (head.starts_with("class ") || head.starts_with("struct "))
        head = trimmed(head.substr(head.find(' ')));
    else
        return {};
    if (head.starts_with("alignas")) head = trimmed(head.substr(head.find(')') + 1));
    std::size_t end = 0;
    while (end < head.size() && (is_part_of_name(head[end]) || head[end] == ':')) {
        if (head[end] == ':' && head.substr(end, 2) != "::") break;
        end += head[end] == ':' ? 2U : 1U;
    }
    return std::string(head.substr(0, end));
}

bool opens_namespace(std::string_view head) {
    return trimmed(head).starts_with("namespace") || trimmed(head).starts_with("inline namespace");
}

// Where the parameters of a function begin, if `declaration` is one: a parenthesis outside of
// "<...>" and before any "=".
std::size_t parameters_of(std::string_view declaration) {
    if (const std::size_t at = declaration.find("operator"); at != npos)
        return declaration.find('(',
                                at + 8 + (declaration.substr(at + 8).starts_with("()") ? 2U : 0U));
    int depth = 0;
    for (std::size_t at = 0; at < declaration.size(); ++at) {
        const char c = declaration[at];
        if (c == '<') ++depth;
        if (c == '>') --depth;
        if (depth > 0) continue;
        if (c == '(') return at;
        if (c == '=' || c == '{') return npos;
    }
    return npos;
}

// A member's declaration, without its body or initializer.
void count_member(std::string_view declaration, ClassSize& size) {
    std::string_view text = trimmed(declaration);
    for (const std::string_view label : {"public:", "private:", "protected:"})
        if (text.starts_with(label)) text = trimmed(text.substr(label.size()));
    text = without_template(text);
    if (text.empty()) return;
    for (const std::string_view other : {"using ", "friend ", "enum ", "static_assert", "typedef "})
        if (text.starts_with(other)) return;
    if (text.starts_with("requires")) text = trimmed(text.substr(text.find('\n') + 1));
    if (parameters_of(text) != npos) {
        if (!text.ends_with("= default") && !text.ends_with("= delete")) ++size.functions;
    } else if (!text.starts_with("static ") && !text.starts_with("class ") &&
               !text.starts_with("struct ")) {
        ++size.fields;
    }
}

class Reader {
public:
    Reader(const SourceFile& source, std::vector<ClassSize>& into)
        : file(source), code(code_of(source.text)), found(into) {}

    // Classes in [from, to), which lies in a namespace or, if `outer` is set, in that class.
    void read(std::size_t from, std::size_t to, std::optional<std::size_t> outer) {
        std::size_t begin = from;
        for (std::size_t at = from; at < to; ++at) {
            if (code[at] == '#' &&
                trimmed(view(begin, at)).empty()) {  // a line of the preprocessor
                while (at < to && (code[at] != '\n' || code[at - 1] == '\\')) ++at;
                begin = at + 1;
            } else if (code[at] == ';') {
                if (outer) count_member(view(begin, at), found[*outer]);
                begin = at + 1;
            } else if (code[at] == '{') {
                const std::size_t end = end_of_block(code, at);
                const std::string_view head = view(begin, at);
                if (const std::string name = class_name(head); !name.empty()) {
                    read_class(name, begin, at, end, outer);
                    begin = skip_semicolon(end, to);
                } else if (opens_namespace(head) && !outer) {
                    read(at + 1, end - 1, std::nullopt);
                    begin = end;
                } else if (outer && parameters_of(trimmed(head)) != npos) {
                    count_member(head, found[*outer]);
                    begin = skip_semicolon(skip_initializers(end, to), to);
                } else if (!outer) {
                    begin = end;
                }  // else an initializer, or an enum: the semicolon ends it
                at = (begin > at ? begin : end) - 1;
            }
        }
    }

private:
    std::string_view view(std::size_t from, std::size_t to) const {
        return std::string_view(code).substr(from, to - from);
    }
    std::size_t skip_space(std::size_t at, std::size_t to) const {
        while (at < to && std::isspace(static_cast<unsigned char>(code[at])) != 0) ++at;
        return at;
    }
    // Behind the body of a constructor whose first initializer ended at `end`: "X() : a_{1} {}".
    std::size_t skip_initializers(std::size_t end, std::size_t to) const {
        for (std::size_t at = skip_space(end, to); at < to && (code[at] == ',' || code[at] == '{');
             at = skip_space(end, to))
            end = end_of_block(code, code.find('{', at));
        return end;
    }
    std::size_t skip_semicolon(std::size_t end, std::size_t to) const {
        const std::size_t at = skip_space(end, to);
        return at < to && code[at] == ';' ? at + 1 : end;
    }
    void read_class(const std::string& name, std::size_t begin, std::size_t open, std::size_t end,
                    std::optional<std::size_t> outer) {
        const std::size_t head = begin + view(begin, open).find_first_not_of(" \n\t");
        const std::size_t lines = line_at(code, end) - line_at(code, head) + 1;
        ClassSize size;
        size.folder = file.path.substr(0, file.path.rfind('/'));
        size.name = outer ? found[*outer].name + "::" + name : name;
        size.header = file.path;
        size.line = line_at(code, open) + 1;
        size.lines = lines;
        const std::size_t self = found.size();
        found.push_back(size);
        read(open + 1, end - 1, self);
        if (outer) found[*outer].lines -= std::min(found[*outer].lines, lines);
    }

    const SourceFile& file;
    std::string code;
    std::vector<ClassSize>& found;
};

// Of the definition that begins in this line: "Node::State" of "void Node::State::on(...".
std::string owner_of(std::string_view signature) {
    const std::size_t open = signature.find('(');
    std::string_view name = signature.substr(0, open);
    if (const std::size_t at = name.find("operator"); at != npos) name = name.substr(0, at);
    std::size_t begin = name.size();
    int depth = 0;
    while (begin > 0) {
        const char c = name[begin - 1];
        depth += c == '>' ? 1 : c == '<' ? -1 : 0;
        if (depth == 0 && !is_part_of_name(c) && c != ':' && c != '~' && c != '<') break;
        --begin;
    }
    name.remove_prefix(begin);
    const std::size_t last = name.rfind("::");
    if (last == npos) return {};
    std::string owner;
    for (const char c : name.substr(0, last)) {  // without arguments of templates
        depth += c == '<' ? 1 : 0;
        if (depth == 0) owner += c;
        depth -= c == '>' ? 1 : 0;
    }
    return owner;
}

using Index = std::map<std::pair<std::string, std::string>, std::size_t>;

// A class of the folder or of one above it: "node/contact/x.cpp" may define functions of a class in
// "node".
Index::const_iterator find_class(const Index& index, std::string folder, const std::string& name) {
    for (;;) {
        const auto found = index.find({folder, name});
        const std::size_t up = folder.rfind('/');
        if (found != index.end() || up == npos) return found;
        folder.resize(up);
    }
}

// The lines of functions that are defined outside of their class's body.
void add_definitions(const SourceFile& file, const Index& index, std::vector<ClassSize>& sizes) {
    const std::string code = code_of(file.text);
    const auto lines = lines_of(code);
    const std::string folder = file.path.substr(0, file.path.rfind('/'));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].empty() || std::isspace(static_cast<unsigned char>(lines[i][0])) != 0)
            continue;
        if (lines[i].find('(') == npos || lines[i].find("::") == npos) continue;
        const auto owner = find_class(index, folder, owner_of(lines[i]));
        if (owner == index.end()) continue;
        std::size_t end = i;
        while (end < lines.size() && !lines[end].ends_with("{") && !lines[end].ends_with("}") &&
               !lines[end].ends_with(";"))
            ++end;
        if (end < lines.size() && lines[end].ends_with("{"))
            while (end < lines.size() && !lines[end].starts_with("}")) ++end;
        sizes[owner->second].lines += std::min(end, lines.size() - 1) - i + 1;
        i = end;
    }
}

}  // namespace

std::vector<ClassSize> sizes_of_classes(const std::vector<SourceFile>& files) {
    std::vector<ClassSize> sizes;
    const auto counts = [](const SourceFile& file) {
        return (is_header(file.path) || is_source(file.path)) && !file.path.starts_with("tests/");
    };
    for (const SourceFile& file : files)
        if (counts(file)) Reader(file, sizes).read(0, code_of(file.text).size(), std::nullopt);
    Index index;
    for (std::size_t i = 0; i < sizes.size(); ++i) index[{sizes[i].folder, sizes[i].name}] = i;
    for (const SourceFile& file : files)
        if (counts(file)) add_definitions(file, index, sizes);
    return sizes;
}

}  // namespace weft::tidy
