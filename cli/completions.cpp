#include "cli/completions.h"

#include "cli/help.h"

namespace weft::cli {

namespace {

// As one word of any of the shells.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

void collect(const Command& command, std::vector<const Command*>& all) {
    all.push_back(&command);
    for (const Command* verb : command.verbs()) collect(*verb, all);
}

std::vector<const Command*> all_of(const Command& root) {
    std::vector<const Command*> all;
    collect(root, all);
    return all;
}

// What the scripts know of a value: "files", "any", or the words there are.
std::string values_of(const Parameter& parameter) {
    if (parameter.values == Parameter::Values::Files) return "files";
    if (parameter.values == Parameter::Values::Choices) return "words " + joined(parameter.choices);
    return "any";
}

// Verbs such as help, whose arguments are verbs: shells go on in the grammar behind them.
std::vector<std::string> verbs_naming_verbs(const Command& root) {
    std::vector<std::string> names;
    for (const Command* verb : root.verbs())
        for (const Parameter& parameter : verb->parameters())
            if (parameter.values == Parameter::Values::Verbs) names.push_back(verb->name());
    return names;
}

// "PATH --option" and "PATH 0", the first argument, to what it takes; bash and zsh agree on it.
std::string value_cases(const Command& root) {
    std::string out;
    const auto add = [&out](const std::string& pattern, const Parameter& parameter) {
        out += "        " + pattern + ") REPLY=" + quoted(values_of(parameter)) + " ;;\n";
    };
    for (const Command* command : all_of(root)) {
        int position = 0;
        for (const Parameter& parameter : command->parameters()) {
            if (parameter.kind == Parameter::Kind::Flag || parameter.hidden) continue;
            const bool many = parameter.kind == Parameter::Kind::Arguments ||
                              parameter.kind == Parameter::Kind::OptionalArguments;
            if (many)
                add(quoted(command->path() + " ") + "[0-9]*", parameter);
            else if (parameter.is_positional())
                add(quoted(command->path() + " " + std::to_string(position++)), parameter);
            else
                for (const std::string& spelling : parameter.spellings())
                    add(quoted(command->path() + " " + spelling), parameter);
        }
    }
    return out + "        *) REPLY=''; return 1 ;;\n";
}

struct Word {
    std::string name, help;
};

std::vector<Word> verbs_of(const Command& command) {
    std::vector<Word> words;
    for (const Command* verb : command.verbs()) words.push_back({verb->name(), verb->help()});
    return words;
}

std::vector<Word> options_of(const Command& command) {
    std::vector<Word> words;
    for (const Parameter& parameter : command.parameters())
        if (!parameter.is_positional() && !parameter.hidden)
            for (const std::string& spelling : parameter.spellings())
                words.push_back({spelling, parameter.help});
    if (command.parent() != nullptr) return words;
    words.push_back({"--help", std::string(kHelpText)});
    words.push_back({"-h", std::string(kHelpText)});
    return words;
}

using WordsOf = std::vector<Word> (*)(const Command&);

// A case for each command that has such words.
std::string bash_cases(const Command& root, WordsOf words_of) {
    std::string out;
    for (const Command* command : all_of(root)) {
        std::vector<std::string> names;
        for (const Word& word : words_of(*command)) names.push_back(word.name);
        if (names.empty()) continue;
        out += "        " + quoted(command->path()) + ") REPLY=" + quoted(joined(names)) + " ;;\n";
    }
    return out + "        *) REPLY='' ;;\n";
}

std::string zsh_cases(const Command& root, WordsOf words_of) {
    std::string out;
    for (const Command* command : all_of(root)) {
        std::string list;
        for (const Word& word : words_of(*command))
            list += "\n            " + quoted(word.name + ":" + word.help);
        if (list.empty()) continue;
        out += "        " + quoted(command->path()) + ") reply=(" + list + ") ;;\n";
    }
    return out + "        *) reply=() ;;\n";
}

std::string replace(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

// What bash and zsh agree on: the tables, and the first steps with each word of the line.
constexpr const char* kTables =
    R"sh(# The verbs below a path of verbs; its options; what an option or an argument takes.
_weft_verbs() {
    case "$1" in
@VERBS@    esac
}
_weft_options() {
    case "$1" in
@OPTIONS@    esac
}
_weft_values() {
    case "$1" in
@VALUES@    esac
}
# The same for an option of the program.
_weft_option_values() {
    _weft_values "$1 $2" || _weft_values "@PROGRAM@ $2"
}

)sh";
constexpr const char* kWalk = R"sh(        _weft_verbs "$verb"
        if [[ -z $only && $word == -- ]]; then
            only=1
        elif [[ -z $only && $word == -?* ]]; then
            if _weft_option_values "$verb" "$word"; then option=$word; fi
        elif [[ -z $only && $given == 0 && $verb$naming == @PROGRAM@ &&
            ' @NAMING@ ' == *" $word "* ]]; then
            naming=$word
)sh";

constexpr const char* kBash = R"bash(# bash completion of weft, made by 'weft completions bash'.

@TABLES@_weft() {
    local cur=${COMP_WORDS[COMP_CWORD]} verb=@PROGRAM@ option='' naming='' only='' word REPLY
    local given=0 i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        # bash makes three words of --option=value.
        if [[ -n $option && $word == '=' ]]; then continue; fi
        if [[ -n $option ]]; then option=''; continue; fi
@WALK@        elif [[ -z $only && $given == 0 && " $REPLY " == *" $word "* ]]; then
            verb+=" $word"
        else
            given=$((given + 1))
        fi
    done
    if [[ -n $option ]]; then
        if [[ $cur == '=' ]]; then cur=''; fi
        _weft_option_values "$verb" "$option"
    elif [[ -z $only && $cur == -* ]]; then
        if [[ -n $naming ]]; then verb="@PROGRAM@ $naming"; fi
        _weft_options "$verb"
        word=$REPLY
        if [[ $verb != @PROGRAM@ ]]; then _weft_options @PROGRAM@; fi
        REPLY="words $word $REPLY"
    else
        _weft_verbs "$verb"
        if [[ $given == 0 && -z $only && -n $REPLY ]]; then
            REPLY="words $REPLY"
        elif [[ -z $naming ]]; then
            _weft_values "$verb $given"
        fi
    fi
    if [[ $REPLY == 'words '* ]]; then
        COMPREPLY=($(compgen -W "${REPLY#words }" -- "$cur"))
    elif [[ $REPLY == files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}
complete -F _weft @PROGRAM@
)bash";

constexpr const char* kZsh = R"zsh(#compdef @PROGRAM@
# zsh completion of weft, made by 'weft completions zsh'.

@TABLES@_weft() {
    emulate -L zsh
    local verb=@PROGRAM@ option='' naming='' only='' word='' REPLY='' given=0 i
    local cur=$words[CURRENT]
    local -a reply options
    for ((i = 2; i < CURRENT; i++)); do
        word=$words[i]
        if [[ -n $option ]]; then option=''; continue; fi
@WALK@        elif [[ -z $only && $given == 0 && -n ${reply[(r)${word}:*]} ]]; then
            verb+=" $word"
        else
            given=$((given + 1))
        fi
    done
    REPLY=''
    if [[ -z $option && -z $only && $cur == --*=* ]]; then
        option=${cur%%=*}
        compset -P '*='
    fi
    if [[ -n $option ]]; then
        _weft_option_values "$verb" "$option"
    elif [[ -z $only && $cur == -* ]]; then
        if [[ -n $naming ]]; then verb="@PROGRAM@ $naming"; fi
        _weft_options "$verb"
        options=($reply)
        if [[ $verb != @PROGRAM@ ]]; then _weft_options @PROGRAM@; options+=($reply); fi
        _describe -o option options
        return
    else
        _weft_verbs "$verb"
        if [[ $given == 0 && -z $only && $#reply -gt 0 ]]; then
            _describe verb reply
            return
        fi
        if [[ -z $naming ]]; then _weft_values "$verb $given"; fi
    fi
    if [[ $REPLY == files ]]; then
        _files
    elif [[ $REPLY == 'words '* ]]; then
        compadd -- ${=REPLY#words }
    fi
}

if [[ $funcstack[1] == _weft ]]; then
    _weft "$@"
else
    compdef _weft @PROGRAM@
fi
)zsh";

constexpr const char* kFish = R"fish(# fish completion of weft, made by 'weft completions fish'.

# The verbs typed so far, as a path; "-" behind it once a value was typed.
function __weft_verb
    set -l verb @PROGRAM@
    set -l skip 0
    set -l typed (commandline -opc)
    set -e typed[1]
    for word in $typed
        if test $skip = 1
            set skip 0
        else if contains -- $word @VALUE_OPTIONS@
            set skip 1
        else if string match -q -- '-*' $word
            continue
        else if test "$verb" = @PROGRAM@; and contains -- $word @NAMING@
            continue
        else if contains -- "$verb $word" @PATHS@
            set verb "$verb $word"
        else
            set verb "$verb -"
        end
    end
    echo $verb
end
function __weft_at
    test (__weft_verb) = $argv[1]
end
# The verb itself, or with values behind it.
function __weft_in
    string match -q -r -- '^'$argv[1]'( -)*$' (__weft_verb)
end

complete -c @PROGRAM@ -f
)fish";

using CasesOf = std::string (*)(const Command&, WordsOf);

std::string filled(std::string script, const Command& root, CasesOf cases_of) {
    script = replace(std::move(script), "@TABLES@", kTables);
    script = replace(std::move(script), "@WALK@", kWalk);
    script = replace(std::move(script), "@VERBS@", cases_of(root, verbs_of));
    script = replace(std::move(script), "@OPTIONS@", cases_of(root, options_of));
    script = replace(std::move(script), "@VALUES@", value_cases(root));
    script = replace(std::move(script), "@NAMING@", joined(verbs_naming_verbs(root)));
    return replace(std::move(script), "@PROGRAM@", root.name());
}

std::string fish_option(const Command& command, const Parameter& parameter) {
    std::string line = "complete -c weft";
    if (command.parent() != nullptr) line += " -n " + quoted("__weft_in " + quoted(command.path()));
    for (const std::string& spelling : parameter.spellings())
        line +=
            spelling.starts_with("--") ? " -l " + spelling.substr(2) : " -s " + spelling.substr(1);
    if (parameter.values == Parameter::Values::Files)
        line += " -r -F";
    else if (parameter.kind == Parameter::Kind::Option)
        line += " -x";
    if (parameter.values == Parameter::Values::Choices)
        line += " -a " + quoted(joined(parameter.choices));
    return line + " -d " + quoted(parameter.help) + "\n";
}

std::string fish_argument(const Command& command, const Parameter& parameter) {
    const std::string start =
        "complete -c weft -n " + quoted("__weft_in " + quoted(command.path()));
    if (parameter.values == Parameter::Values::Files) return start + " -F\n";
    if (parameter.values == Parameter::Values::Choices)
        return start + " -a " + quoted(joined(parameter.choices)) + "\n";
    return {};
}

}  // namespace

std::string bash_completions(const Command& root) { return filled(kBash, root, bash_cases); }

std::string zsh_completions(const Command& root) { return filled(kZsh, root, zsh_cases); }

std::string fish_completions(const Command& root) {
    std::string paths, value_options, lines;
    for (const Command* command : all_of(root)) {
        if (command != &root) paths += " " + quoted(command->path());
        for (const Command* verb : command->verbs())
            lines += "complete -c weft -n " + quoted("__weft_at " + quoted(command->path())) +
                     " -a " + verb->name() + " -d " + quoted(verb->help()) + "\n";
        for (const Parameter& parameter : command->parameters()) {
            if (parameter.hidden) continue;
            lines += parameter.is_positional() ? fish_argument(*command, parameter)
                                               : fish_option(*command, parameter);
            if (parameter.kind == Parameter::Kind::Option)
                value_options += " " + joined(parameter.spellings());
        }
    }
    lines += "complete -c weft -s h -l help -d " + quoted(std::string(kHelpText)) + "\n";
    std::string script = replace(kFish, " @PATHS@", paths);
    script = replace(std::move(script), " @VALUE_OPTIONS@", value_options);
    script = replace(std::move(script), "@NAMING@", joined(verbs_naming_verbs(root)));
    return replace(std::move(script), "@PROGRAM@", root.name()) + lines;
}

}  // namespace weft::cli
