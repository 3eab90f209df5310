#pragma once
// The grammar of the command line, one Command per verb. It hides the parser library, which is slow
// to compile, behind the few things that verbs need.

#include "cli/parameter.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

class Shell;

// A line that people can type, and what it is for.
struct Example {
    std::string line;
    std::string why;
};

// A verb or noun. Targets given to argument(), option() and flag() must live as long as the
// grammar: keep them in state().
class Command {
public:
    using Run = std::function<int(Shell&)>;

    // `parser` is the library's own object; only command.cpp knows its type.
    Command(void* parser, const Command* parent, std::string name, std::string help);
    ~Command();
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    // A verb below this one: "dev" and then "kill".
    Command& verb(const std::string& name, const std::string& help);
    // What the verb does; its result is the exit code.
    void run(Run run) { run_ = std::move(run); }

    // What each returns lives as long as the grammar and may be added to: its choices, say.
    // Required positional argument, shown as NAME in the help.
    Parameter& argument(const std::string& name, std::string& target, const std::string& help);
    // Nothing when it was not given; an empty one was.
    Parameter& optional_argument(const std::string& name, std::optional<std::string>& target,
                                 const std::string& help);
    Parameter& arguments(const std::string& name, std::vector<std::string>& target,
                         const std::string& help);
    Parameter& optional_arguments(const std::string& name, std::vector<std::string>& target,
                                  const std::string& help);
    // `names`: "-o,--output". Each may be given before or after the verb. What the target holds is
    // the default that the help shows, unless `help` has a word on it.
    Parameter& option(const std::string& names, std::string& target, const std::string& help);
    Parameter& option(const std::string& names, std::optional<std::string>& target,
                      const std::string& help);
    // A number is digits alone: a sign, too, is refused.
    Parameter& option(const std::string& names, std::uint64_t& target, const std::string& help);
    Parameter& option(const std::string& names, std::optional<std::uint64_t>& target,
                      const std::string& help);
    Parameter& option(const std::string& names, double& target, const std::string& help);
    Parameter& option(const std::string& names, std::vector<std::string>& target,
                      const std::string& help);
    Parameter& flag(const std::string& names, bool& target, const std::string& help);
    // Every verb that runs has one.
    void example(const std::string& line, const std::string& why = "");

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
    const std::string& name() const { return name_; }
    const std::string& help() const { return help_; }
    const Command* parent() const { return parent_; }
    std::vector<const Command*> verbs() const;
    const std::deque<Parameter>& parameters() const { return parameters_; }
    const std::vector<Example>& examples() const { return examples_; }
    // "weft dev kill", for messages.
    std::string path() const;

private:
    friend class Grammar;

    Parameter& declare(Parameter::Kind kind, const std::string& names, const std::string& help);

    void* parser_;
    const Command* parent_;
    std::string name_, help_;
    Run run_;
    std::deque<Parameter> parameters_;
    std::vector<Example> examples_;
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
    // and so is everything behind "--". "help VERB" is "VERB --help", "--version" is "version".
    Parsed parse(const std::vector<std::string>& arguments);

private:
    class Sorter;
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::unique_ptr<Command> root_;
};

}  // namespace weft::cli
