#include "cli/command.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace weft::cli {

namespace {

CLI::App* app(void* parser) { return static_cast<CLI::App*>(parser); }

}  // namespace

Command::Command(void* parser) : parser_(parser) {}
Command::~Command() = default;

Command& Command::verb(const std::string& name, const std::string& help) {
    CLI::App* child = app(parser_)->add_subcommand(name, help);
    // Global options may stand behind the verb: "weft status -o json".
    child->fallthrough();
    verbs_.emplace_back(name, std::make_unique<Command>(child));
    return *verbs_.back().second;
}

void Command::argument(const std::string& name, std::string& target, const std::string& help) {
    app(parser_)->add_option(name, target, help)->required();
}

void Command::optional_argument(const std::string& name, std::string& target,
                                const std::string& help) {
    app(parser_)->add_option(name, target, help);
}

void Command::arguments(const std::string& name, std::vector<std::string>& target,
                        const std::string& help) {
    app(parser_)->add_option(name, target, help)->required();
}

void Command::option(const std::string& names, std::string& target, const std::string& help) {
    app(parser_)->add_option(names, target, help);
}

void Command::option(const std::string& names, std::uint64_t& target, const std::string& help) {
    app(parser_)->add_option(names, target, help)->capture_default_str();
}

void Command::option(const std::string& names, double& target, const std::string& help) {
    app(parser_)->add_option(names, target, help)->capture_default_str();
}

void Command::option(const std::string& names, std::vector<std::string>& target,
                     const std::string& help) {
    app(parser_)->add_option(names, target, help)->delimiter(',');
}

void Command::flag(const std::string& names, bool& target, const std::string& help) {
    app(parser_)->add_flag(names, target, help);
}

const Command& Command::chosen() const {
    for (const auto& [name, command] : verbs_)
        if (app(parser_)->got_subcommand(name)) return command->chosen();
    return *this;
}

std::string Command::usage() const { return app(parser_)->help(); }

std::string Command::path() const {
    std::string path;
    for (const CLI::App* at = app(parser_); at != nullptr; at = at->get_parent())
        path.insert(0, path.empty() ? at->get_name() : at->get_name() + " ");
    return path;
}

struct Grammar::Parser {
    CLI::App app;
};

Grammar::Grammar(const std::string& program, const std::string& help)
    : parser_(std::make_unique<Parser>()) {
    parser_->app.name(program);
    parser_->app.description(help);
    parser_->app.set_help_flag("-h,--help", "show this text");
    root_ = std::make_unique<Command>(&parser_->app);
}

Grammar::~Grammar() = default;

Parsed Grammar::parse(const std::vector<std::string>& arguments) {
    Parsed parsed;
    // The library takes the arguments last first.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
        parser_->app.parse(std::move(reversed));
        parsed.command = &root_->chosen();
    } catch (const CLI::CallForHelp&) {
        parsed.command = &root_->chosen();
        parsed.kind = Parsed::Kind::Help;
        parsed.message = parsed.command->usage();
    } catch (const CLI::ParseError& error) {
        parsed.command = &root_->chosen();
        parsed.kind = Parsed::Kind::Usage;
        parsed.message = error.what();
        std::replace(parsed.message.begin(), parsed.message.end(), '\n', ' ');
    }
    return parsed;
}

}  // namespace weft::cli
