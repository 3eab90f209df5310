#pragma once
// What the grammar knows of one argument, option or flag. The help, the completions and the manual
// pages are made from it.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

struct Parameter {
    enum class Kind : std::uint8_t {
        Argument,
        OptionalArgument,
        Arguments,  // one or more
        OptionalArguments,
        Option,
        Flag,
    };
    // What a shell can complete a value with.
    enum class Values : std::uint8_t { Any, Choices, Files, Verbs };

    Kind kind = Kind::Flag;
    std::string names;  // "KV_ID", or "-o,--output"
    std::string help;
    std::string default_value;  // empty: there is none, or the help has a word on it
    Values values = Values::Any;
    std::vector<std::string> choices;
    bool hidden = false;  // for tests: works, and is shown nowhere

    bool is_positional() const { return kind != Kind::Option && kind != Kind::Flag; }
    // Each name of an option alone: "-o" and "--output".
    std::vector<std::string> spellings() const;
    // "OUTPUT" of "-o,--output": what stands for its value.
    std::string placeholder() const;

    Parameter& one_of(std::vector<std::string> words) {
        values = Values::Choices;
        choices = std::move(words);
        return *this;
    }
    Parameter& is_file() {
        values = Values::Files;
        return *this;
    }
    Parameter& is_hidden() {
        hidden = true;
        return *this;
    }
    // An optional argument that only another option can stand for: the verb itself asks for it.
    Parameter& is_needed() {
        kind = Kind::Argument;
        return *this;
    }
    // A path of verbs: "dev kill".
    Parameter& is_verbs() {
        values = Values::Verbs;
        return *this;
    }
};

}  // namespace weft::cli
