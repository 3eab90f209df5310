// Two draws of chance, or two numbers taken, in one expression: compilers evaluate arguments and
// operands in different orders, so that one seed would be two runs.

#include "tests/tidy/source_text.h"
#include "tests/tidy/tidy.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace weft::tidy {

namespace {

bool is_name(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

// An expression between two brackets, or a statement.
struct Level {
    char opened = 0;
    bool counts = true;      // for what is around it: not so the body of a lambda
    bool condition = false;  // of a branch or a loop: evaluated before what depends on it
    int others = 0;          // draws in arguments that are over
    int best = 0;            // in operands of the present one that are over, and in order
    int now = 0;

    void in_order() {  // what follows is evaluated later
        best = std::max(best, now);
        now = 0;
    }
    void in_any_order() {  // the next argument
        in_order();
        others += best;
        best = 0;
    }
    int draws() {
        in_any_order();
        return others;
    }
    void restart() { others = best = now = 0; }
};

class Scan {
public:
    Scan(const SourceFile& file, std::vector<Violation>& found)
        : file_(file), code_(code_of(file.text)), found_(found) {}

    void run() {
        for (at_ = 0; at_ < code_.size(); ++at_) {
            const char c = code_[at_];
            if (c == '\n') ++line_;
            if (c == '#' && is_first()) skip_line();
            if (takes_one()) {
                ++levels_.back().now;
                drawing_ = is(".") || is("->");
            }
            if (c == '(' || c == '[' || c == '{') open(c);
            if (c == ')' || c == ']' || c == '}') close();
            if (c == ';') {
                judge();
                levels_.back().restart();
            }
            if (c == ',') {
                if (levels_.back().opened == '(' || levels_.back().opened == '[')
                    levels_.back().in_any_order();
                else
                    levels_.back().in_order();
            }
            if (orders()) levels_.back().in_order();
        }
    }

private:
    bool is(std::string_view text) const { return code_.compare(at_, text.size(), text) == 0; }
    bool is_first() const {
        const std::size_t begin = code_.rfind('\n', at_);
        return code_.find_first_not_of(' ', begin == std::string::npos ? 0 : begin + 1) == at_;
    }
    void skip_line() {
        while (at_ + 1 < code_.size() && code_[at_ + 1] != '\n') ++at_;
    }
    char before(std::size_t at) const {
        while (at > 0)
            if (const char c = code_[--at]; c != ' ' && c != '\n') return c;
        return 0;
    }
    bool orders() const {
        if (is("&&") || is("||") || is("?")) return true;
        return is(":") && !is("::") && (at_ == 0 || code_[at_ - 1] != ':');
    }
    // The call of a draw: ".below(", ".next()" of something whose name says chance; "++calls_".
    bool takes_one() const {
        if (is("++") || is("--")) return counts_member();
        if (!is(".") && !is("->")) return false;
        const std::size_t name = at_ + (is(".") ? 1 : 2);
        for (const std::string_view draw : {"below(", "between(", "chance("})
            if (code_.compare(name, draw.size(), draw) == 0) return true;
        if (code_.compare(name, 6, "next()") != 0) return false;
        std::size_t from = at_;
        while (from > 0 && is_name(code_[from - 1])) --from;
        const std::string owner = code_.substr(from, at_ - from);
        return owner.find("random") != std::string::npos ||
               owner.find("chance") != std::string::npos || owner == "own" || owner == "salt";
    }
    bool counts_member() const {
        std::size_t end = at_ + 2;
        while (end < code_.size() && is_name(code_[end])) ++end;
        const bool after = end > at_ + 2 && code_[end - 1] == '_' &&
                           (end == code_.size() || (code_[end] != '[' && code_[end] != '.'));
        return after || (at_ > 0 && code_[at_ - 1] == '_');
    }
    bool behind_branch() const {
        std::size_t end = at_;
        while (end > 0 && code_[end - 1] == ' ') --end;
        std::size_t from = end;
        while (from > 0 && is_name(code_[from - 1])) --from;
        const std::string word = code_.substr(from, end - from);
        return word == "if" || word == "while" || word == "for" || word == "switch";
    }
    void open(char bracket) {
        Level level{.opened = bracket};
        // "T{...}" and "({...})" are part of what is around them, a body is not.
        const char last = before(at_);
        // What a draw is given was drawn before it.
        if (bracket == '(') level.counts = !std::exchange(drawing_, false);
        level.condition = bracket == '(' && behind_branch();
        if (bracket == '{') level.counts = is_name(last) || last == '(' || last == ',';
        levels_.push_back(level);
    }
    void close() {
        judge();
        if (levels_.size() == 1) return;
        Level inner = levels_.back();
        levels_.pop_back();
        if (inner.condition) return levels_.back().in_order();
        if (inner.counts) levels_.back().now += std::min(inner.draws(), 1);
        if (inner.opened == '{' && levels_.back().opened != '(' && before(at_) == ';')
            levels_.back().restart();
    }
    void judge() {
        if (Level level = levels_.back(); level.draws() > 1)
            found_.push_back({file_.path, line_, "two draws in one expression, in any order"});
    }

    const SourceFile& file_;
    const std::string code_;
    std::vector<Violation>& found_;
    std::vector<Level> levels_{Level{}};
    bool drawing_ = false;  // the next bracket is that of a draw
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

}  // namespace

std::vector<Violation> check_draws(const std::vector<SourceFile>& files) {
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        const std::string folder = folder_of(file.path);
        if ((folder == "sim" || is_pure(folder)) && (is_header(file.path) || is_source(file.path)))
            Scan(file, found).run();
    }
    return found;
}

}  // namespace weft::tidy
