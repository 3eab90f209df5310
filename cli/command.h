#pragma once
// The grammar of the command line, one Command per verb. It hides the parser library, which is slow
// to compile, behind the few things that verbs need.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

class Shell;

// A verb or noun. Targets given to argument(), option() and flag() must live as long as the
// grammar: keep them in state().
class Command {
public:
    using Run = std::function<int(Shell&)>;

    // `parser` is the library's own object; only grammar.cpp knows its type.
    explicit Command(void* parser);
    ~Command();
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    // A verb below this one: "dev" and then "kill".
    Command& verb(const std::string& name, const std::string& help);
    // What the verb does; its result is the exit code.
    void run(Run run) { run_ = std::move(run); }

    // Required positional argument, shown as NAME in the help.
    void argument(const std::string& name, std::string& target, const std::string& help);
    // Nothing when it was not given; an empty one was.
    void optional_argument(const std::string& name, std::optional<std::string>& target,
                           const std::string& help);
    void arguments(const std::string& name, std::vector<std::string>& target,
                   const std::string& help);
    // `names`: "-o,--output". Each may be given before or after the verb.
    void option(const std::string& names, std::string& target, const std::string& help);
    void option(const std::string& names, std::optional<std::string>& target,
                const std::string& help);
    void option(const std::string& names, std::uint64_t& target, const std::string& help);
    void option(const std::string& names, double& target, const std::string& help);
    void option(const std::string& names, std::vector<std::string>& target,
                const std::string& help);
    void flag(const std::string& names, bool& target, const std::string& help);

    // Memory for the verb's options, kept as long as the grammar.
    template <class Options>
    Options& state() {
        auto options = std::make_shared<Options>();
        kept_.push_back(options);
        return *options;
    }

    // The verb of that name below this one, or nullptr.
    Command* find_verb(const std::string& name) const;
    const Run& action() const { return run_; }
    std::string usage() const;
    // "weft dev kill", for messages.
    std::string path() const;

private:
    friend class Grammar;

    void* parser_;
    Run run_;
    std::vector<std::pair<std::string, std::unique_ptr<Command>>> verbs_;
    std::vector<std::shared_ptr<void>> kept_;
};

// What parsing came to.
struct Parsed {
    enum class Kind { Run, Help, Usage } kind = Kind::Run;
    std::string message;               // Help: the text; Usage: what is wrong
    const Command* command = nullptr;  // the verb reached
};

// The whole grammar of the program.
class Grammar {
public:
    Grammar(const std::string& program, const std::string& help);
    ~Grammar();
    Command& root() { return *root_; }
    // Verbs come first: behind the first argument that is none, everything but options is a value,
    // and so is everything behind "--". "help VERB" is "VERB --help".
    Parsed parse(const std::vector<std::string>& arguments);

private:
    class Sorter;
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::unique_ptr<Command> root_;
};

}  // namespace weft::cli
