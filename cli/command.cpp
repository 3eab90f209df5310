#include "cli/command.h"

#include "cli/help.h"
#include "cli/nearest.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace weft::cli {

namespace {

CLI::App* app(void* parser) { return static_cast<CLI::App*>(parser); }

bool says_default(const std::string& help) { return help.find("default") != std::string::npos; }

// Calls `take` with the number that is given for the option. The library's own conversion takes a
// sign for an unsigned number and wraps it around.
template <class Number, class Take>
void add_number(CLI::App& parser, const std::string& names, const char* kind, Take take) {
    const std::string name = names.substr(names.rfind(',') + 1);
    parser.add_option_function<std::string>(names, [name, kind, take](const std::string& text) {
        Number number{};
        const char* end = text.data() + text.size();
        const auto [at, bad] = std::from_chars(text.data(), end, number);
        if (bad != std::errc{} || at != end)
            throw CLI::ConversionError(fmt::format("{} is '{}', not {}", name, text, kind));
        take(number);
    });
}

constexpr const char* kWholeNumber = "a whole number from 0 to 18446744073709551615";

}  // namespace

Command::Command(void* parser, const Command* parent, std::string name, std::string help)
    : parser_(parser), parent_(parent), name_(std::move(name)), help_(std::move(help)) {}
Command::~Command() = default;

Command& Command::verb(const std::string& name, const std::string& help) {
    CLI::App* child = app(parser_)->add_subcommand(name, help);
    // Global options may stand behind the verb: "weft status -o json".
    child->fallthrough();
    verbs_.emplace_back(name, std::make_unique<Command>(child, this, name, help));
    return *verbs_.back().second;
}

Parameter& Command::declare(Parameter::Kind kind, const std::string& names,
                            const std::string& help) {
    parameters_.push_back({kind, names, help, {}, {}, {}});
    return parameters_.back();
}

Parameter& Command::argument(const std::string& name, std::string& target,
                             const std::string& help) {
    app(parser_)->add_option(name, target, help)->required();
    return declare(Parameter::Kind::Argument, name, help);
}

Parameter& Command::optional_argument(const std::string& name, std::optional<std::string>& target,
                                      const std::string& help) {
    option(name, target, help);
    parameters_.back().kind = Parameter::Kind::OptionalArgument;
    return parameters_.back();
}

Parameter& Command::arguments(const std::string& name, std::vector<std::string>& target,
                              const std::string& help) {
    app(parser_)->add_option(name, target, help)->required();
    return declare(Parameter::Kind::Arguments, name, help);
}

Parameter& Command::optional_arguments(const std::string& name, std::vector<std::string>& target,
                                       const std::string& help) {
    app(parser_)->add_option(name, target, help);
    return declare(Parameter::Kind::OptionalArguments, name, help);
}

Parameter& Command::option(const std::string& names, std::string& target, const std::string& help) {
    app(parser_)->add_option(names, target, help);
    Parameter& parameter = declare(Parameter::Kind::Option, names, help);
    if (!says_default(help)) parameter.default_value = target;
    return parameter;
}

Parameter& Command::option(const std::string& names, std::optional<std::string>& target,
                           const std::string& help) {
    const auto take = [&target](const std::string& value) { target = value; };
    app(parser_)->add_option_function<std::string>(names, take, help);
    return declare(Parameter::Kind::Option, names, help);
}

Parameter& Command::option(const std::string& names, std::uint64_t& target,
                           const std::string& help) {
    add_number<std::uint64_t>(*app(parser_), names, kWholeNumber,
                              [&target](std::uint64_t number) { target = number; });
    Parameter& parameter = declare(Parameter::Kind::Option, names, help);
    if (!says_default(help)) parameter.default_value = std::to_string(target);
    return parameter;
}

Parameter& Command::option(const std::string& names, std::optional<std::uint64_t>& target,
                           const std::string& help) {
    add_number<std::uint64_t>(*app(parser_), names, kWholeNumber,
                              [&target](std::uint64_t number) { target = number; });
    return declare(Parameter::Kind::Option, names, help);
}

Parameter& Command::option(const std::string& names, double& target, const std::string& help) {
    add_number<double>(*app(parser_), names, "a number",
                       [&target](double number) { target = number; });
    Parameter& parameter = declare(Parameter::Kind::Option, names, help);
    if (!says_default(help)) parameter.default_value = fmt::format("{}", target);
    return parameter;
}

Parameter& Command::option(const std::string& names, std::vector<std::string>& target,
                           const std::string& help) {
    app(parser_)->add_option(names, target, help)->delimiter(',')->allow_extra_args(false);
    return declare(Parameter::Kind::Option, names, help);
}

Parameter& Command::flag(const std::string& names, bool& target, const std::string& help) {
    app(parser_)->add_flag(names, target, help);
    return declare(Parameter::Kind::Flag, names, help);
}

void Command::example(const std::string& line, const std::string& why) {
    examples_.push_back({line, why});
}

std::vector<const Command*> Command::verbs() const {
    std::vector<const Command*> verbs;
    for (const auto& [name, command] : verbs_) verbs.push_back(command.get());
    return verbs;
}

Command* Command::find_verb(const std::string& name) const {
    for (const auto& [own, command] : verbs_)
        if (own == name) return command.get();
    return nullptr;
}

std::string Command::path() const {
    return parent_ == nullptr ? name_ : parent_->path() + " " + name_;
}

struct Grammar::Parser {
    CLI::App app;
};

Grammar::Grammar(const std::string& program, const std::string& help) {
    parser_ = std::make_unique<Parser>();
    parser_->app.name(program);
    parser_->app.description(help);
    parser_->app.set_help_flag("-h,--help", "show this text");
    root_ = std::make_unique<Command>(&parser_->app, nullptr, program, help);
}

Grammar::~Grammar() = default;

// The library looks for verbs among the values as well, and in every verb above. So it is given
// verbs, then options, then "--" and the values.
class Grammar::Sorter {
public:
    explicit Sorter(Command& root) : root_(root), verb_(&root) {}

    // Empty, or what is wrong.
    std::string sort(const std::vector<std::string>& arguments);
    const Command& verb() const { return *verb_; }
    std::vector<std::string> sorted() const;

private:
    // True when what was typed next is its value.
    bool take_option(const std::string& typed);
    bool take_short(const std::string& typed);
    bool refuse_option(const std::string& typed);
    void refuse_verb(const std::string& typed);
    bool take_verb(const std::string& typed);
    void take_value(const std::string& typed);
    CLI::Option* find(const std::string& name) const;
    std::size_t values_max() const;

    Command& root_;
    Command* verb_;
    bool help_ = false;  // "help" was typed
    std::vector<std::string> verbs_, options_, values_;
    std::string wrong_;
};

CLI::Option* Grammar::Sorter::find(const std::string& name) const {
    for (CLI::App* at = app(verb_->parser_); at != nullptr; at = at->get_parent())
        if (CLI::Option* option = at->get_option_no_throw(name)) return option;
    return nullptr;
}

std::size_t Grammar::Sorter::values_max() const {
    std::size_t most = 0;
    for (const CLI::Option* option : app(verb_->parser_)->get_options())
        if (option->get_positional())
            most += static_cast<std::size_t>(option->get_items_expected_max());
    return most;
}

bool Grammar::Sorter::refuse_option(const std::string& typed) {
    const std::string name = typed.substr(0, typed.find('='));
    std::vector<std::string> options;
    for (const Command* at = verb_; at != nullptr; at = at->parent())
        for (const Parameter& parameter : at->parameters())
            for (const std::string& spelling : parameter.spellings())
                if (spelling.starts_with("--") && !parameter.hidden)
                    options.push_back(spelling.substr(2));
    options.emplace_back("help");
    if (verb_ == &root_) options.emplace_back("version");
    std::vector<std::string> meant = nearest(name.substr(name.find_first_not_of('-')), options);
    for (std::string& option : meant) option.insert(0, "--");
    wrong_ =
        "unknown option '" + typed + "'" +
        (meant.empty() ? " (a value that begins with '-' goes behind '--')" : did_you_mean(meant));
    return false;
}

// A verb of a noun may be typed without the noun: "kill" for "dev kill".
void Grammar::Sorter::refuse_verb(const std::string& typed) {
    std::vector<std::string> here, below;
    for (const Command* verb : verb_->verbs()) {
        here.push_back(verb->name());
        for (const Command* deeper : verb->verbs())
            if (deeper->name() == typed) below.push_back(deeper->path());
    }
    std::vector<std::string> meant = nearest(typed, here);
    for (std::string& verb : meant) verb = verb_->path() + " " + verb;
    const std::string guess = did_you_mean(meant.empty() ? below : meant);
    wrong_ = "'" + typed + "' is no verb of '" + verb_->path() + "'" +
             (guess.empty() ? ";" : guess) + " see '" + verb_->path() + " --help'";
}

bool Grammar::Sorter::take_option(const std::string& typed) {
    options_.push_back(typed);
    if (typed[1] != '-') return take_short(typed);
    const std::size_t equals = typed.find('=');
    const std::string name = typed.substr(0, equals);
    const CLI::Option* option = find(name);
    if (option == nullptr) return refuse_option(typed);
    if (option->get_items_expected_max() == 0) return false;
    if (equals == std::string::npos) return true;
    // The library would take what comes next for the value of "--name=".
    options_.back() = name;
    options_.push_back(typed.substr(equals + 1));
    return false;
}

// "-o json", "-ojson", and flags in one: "-ab".
bool Grammar::Sorter::take_short(const std::string& typed) {
    for (std::size_t i = 1; i < typed.size(); ++i) {
        const CLI::Option* option = find(std::string{'-', typed[i]});
        if (option == nullptr) return refuse_option(typed);
        if (option->get_items_expected_max() > 0) return i + 1 == typed.size();
    }
    return false;
}

bool Grammar::Sorter::take_verb(const std::string& typed) {
    const bool first = verb_ == &root_ && verbs_.empty();
    if (first && typed == "help" && !std::exchange(help_, true)) {
        options_.push_back("--help");
        return true;
    }
    Command* verb = values_.empty() ? verb_->find_verb(typed) : nullptr;
    if (verb == nullptr) return false;
    verb_ = verb;
    verbs_.push_back(typed);
    return true;
}

void Grammar::Sorter::take_value(const std::string& typed) {
    values_.push_back(typed);
    if (!verb_->verbs_.empty())
        refuse_verb(typed);
    else if (values_.size() > values_max())
        wrong_ = "one argument too many: '" + typed + "'";
}

std::string Grammar::Sorter::sort(const std::vector<std::string>& arguments) {
    bool only_values = false, option_open = false;
    for (const std::string& typed : arguments) {
        const bool number =
            typed.size() > 1 && (typed[1] == '.' || (typed[1] >= '0' && typed[1] <= '9'));
        if (std::exchange(option_open, false))
            options_.push_back(typed);
        else if (only_values)
            take_value(typed);
        else if (typed == "--")
            only_values = true;
        else if (typed == "--version" && verb_ == &root_ && take_verb("version"))
            continue;
        else if (typed.size() > 1 && typed[0] == '-' && !number)
            option_open = take_option(typed);
        else if (!take_verb(typed))
            take_value(typed);
        if (!wrong_.empty()) return wrong_;
    }
    if (option_open) wrong_ = options_.back() + " needs a value";
    return wrong_;
}

std::vector<std::string> Grammar::Sorter::sorted() const {
    std::vector<std::string> sorted = verbs_;
    sorted.insert(sorted.end(), options_.begin(), options_.end());
    if (!values_.empty()) sorted.push_back("--");
    sorted.insert(sorted.end(), values_.begin(), values_.end());
    return sorted;
}

Parsed Grammar::parse(const std::vector<std::string>& arguments) {
    Parsed parsed;
    Sorter sorter(*root_);
    parsed.message = sorter.sort(arguments);
    parsed.command = &sorter.verb();
    if (!parsed.message.empty()) {
        parsed.kind = Parsed::Kind::Usage;
        return parsed;
    }
    // The library takes the arguments last first.
    std::vector<std::string> sorted = sorter.sorted();
    std::ranges::reverse(sorted);
    try {
        parser_->app.parse(std::move(sorted));
    } catch (const CLI::CallForHelp&) {
        parsed.kind = Parsed::Kind::Help;
        parsed.message = help_text(*parsed.command);
    } catch (const CLI::ParseError& error) {
        parsed.kind = Parsed::Kind::Usage;
        parsed.message = error.what();
        std::ranges::replace(parsed.message, '\n', ' ');
        if (const std::size_t twice = parsed.message.find(": At Most 1 required");
            twice != std::string::npos)
            parsed.message = parsed.message.substr(0, twice) + " is given more than once";
    }
    return parsed;
}

}  // namespace weft::cli
