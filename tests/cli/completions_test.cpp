// Scripts are run by the shells that are here; what they must hold is looked at without them.

#include "cli/completions.h"

#include "cli/man_page.h"
#include "cli/verbs.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace weft::cli {
namespace {

struct Shown {
    std::string output;
    int exit_code = -1;
};

Shown run(const std::string& command) {
    Shown shown;
    std::FILE* pipe = ::popen(("{ " + command + "; } 2>&1").c_str(), "r");
    if (pipe == nullptr) return shown;
    std::array<char, 4096> block{};
    for (std::size_t n; (n = std::fread(block.data(), 1, block.size(), pipe)) > 0;)
        shown.output.append(block.data(), n);
    const int status = ::pclose(pipe);
    shown.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return shown;
}

bool is_here(const std::string& program) {
    return run("command -v " + program + " >/dev/null").exit_code == 0;
}

std::set<std::string> lines_of(const std::string& text) {
    std::set<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (end > at) lines.insert(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

class Completions : public ::testing::Test {
protected:
    Completions() { add_verbs(grammar.root(), globals); }

    std::string write(const std::string& name, const std::string& text) const {
        const std::string path = temp.path() / name;
        std::ofstream(path) << text;
        return path;
    }

    GlobalOptions globals;
    Grammar grammar{"weft", "A peer-to-peer mesh for stateful entities."};
    const test::TempFolder temp;
};

struct Case {
    std::vector<std::string> words;  // the last one is being typed
    std::set<std::string> wanted;    // among the offers
    std::set<std::string> unwanted;
};

const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        {{""}, {"put", "get", "dev", "completions", "help"}, {"kill", "--addr"}},
        {{"p"}, {"put", "partition", "peers"}, {"get"}},
        {{"dev", ""}, {"kill", "start", "down", "status"}, {"put"}},
        {{"dev", "k"}, {"kill"}, {"start"}},
        {{"-o", "json", "dev", "k"}, {"kill"}, {}},
        {{"--addr", "put", "dev", "k"}, {"kill"}, {}},
        {{"-o", ""}, {"table", "json", "ndjson", "csv"}, {"put"}},
        {{"status", "--output", "n"}, {"ndjson"}, {"json", "csv"}},
        {{"put", "--"}, {"--file", "--request", "--addr", "--timeout", "--help"}, {"--raw"}},
        {{"get", "kv/a", "--r"}, {"--raw"}, {"--request"}},
        {{"put", "kv/a", "get", ""}, {}, {"kill", "put", "kv/a"}},
        {{"put", "kv/a", "--", "--"}, {}, {"--file"}},
        {{"check", "linearizable", "h", "--model", "c"}, {"counter", "cas"}, {"kv"}},
        {{"completions", ""}, {"bash", "zsh", "fish"}, {}},
        {{"explain", "WEFT-2"}, {"WEFT-2001", "WEFT-2002"}, {"WEFT-3001"}},
        {{"help", ""}, {"put", "dev"}, {}},
        {{"help", "dev", "k"}, {"kill"}, {}},
        {{"man", "dev", ""}, {"kill", "status"}, {"put"}},
        {{"put", "kv/a", "--file", "val"}, {"value one", "value-two"}, {"put"}},
        {{"data", "check", "val"}, {"value one", "value-two"}, {}},
    };
    return all;
}

std::string quoted_words(const std::vector<std::string>& words) {
    std::string out = "weft";
    for (const std::string& word : words) out += " '" + word + "'";
    return out;
}

void expect(const Case& c, const Shown& shown) {
    EXPECT_EQ(shown.exit_code, 0) << shown.output;
    const auto offers = lines_of(shown.output);
    for (const std::string& word : c.wanted)
        EXPECT_TRUE(offers.contains(word)) << word << " is missing in:\n" << shown.output;
    for (const std::string& word : c.unwanted)
        EXPECT_FALSE(offers.contains(word)) << word << " is offered in:\n" << shown.output;
}

TEST_F(Completions, OfBashComplete) {
    ASSERT_TRUE(is_here("bash"));
    const std::string script = write("weft.bash", bash_completions(grammar.root()));
    EXPECT_EQ(run("bash -n '" + script + "'").output, "");
    write("value one", "");
    write("value-two", "");
    for (const Case& c : cases()) {
        const std::string words = quoted_words(c.words);
        SCOPED_TRACE(words);
        const std::string test =
            write("test.bash", "set -u\ncd '" + temp.path().string() + "'\nsource '" + script +
                                   "'\nCOMP_WORDS=(" + words +
                                   ")\nCOMP_CWORD=" + std::to_string(c.words.size()) +
                                   "\n_weft\nif [[ ${#COMPREPLY[@]} -gt 0 ]]; then printf '%s\\n' "
                                   "\"${COMPREPLY[@]}\"; fi\n");
        expect(c, run("bash --norc '" + test + "'"));
    }
    // A name that is a pattern is no pattern.
    write("z*", "");
    write("zed", "");
    const std::string pattern =
        write("pattern.bash", "cd '" + temp.path().string() + "'\nsource '" + script +
                                  "'\nCOMP_WORDS=(weft put kv/a --file 'z*')\nCOMP_CWORD=4\n_weft\n"
                                  "printf '%s\\n' \"${COMPREPLY[@]}\"\n");
    EXPECT_EQ(run("bash --norc '" + pattern + "'").output, "z*\n");
    // What bash makes of "--output=n".
    const std::string test =
        write("equals.bash", "source '" + script +
                                 "'\nCOMP_WORDS=(weft status --output = n)\nCOMP_CWORD=4\n_weft\n"
                                 "printf '%s\\n' \"${COMPREPLY[@]}\"\n");
    EXPECT_EQ(run("bash --norc '" + test + "'").output, "ndjson\n");
}

TEST_F(Completions, OfZshComplete) {
    const std::string text = zsh_completions(grammar.root());
    EXPECT_TRUE(text.starts_with("#compdef weft\n"));
    if (!is_here("zsh")) GTEST_SKIP() << "no zsh here";
    const std::string script = write("_weft", text);
    EXPECT_EQ(run("zsh -f -n '" + script + "'").output, "");
    // The editor's own functions exist in its completion only: these print what they are given.
    const std::string stubs =
        "compdef() { :; }\n"
        "compset() { words[CURRENT]=${words[CURRENT]#*=} }\n"
        "compadd() { shift; print -l -- ${(M)@:#${words[CURRENT]}*} }\n"
        "_files() { print -l -- ${words[CURRENT]}*(N) }\n"
        "_describe() { local list=${@[-1]}; print -l -- "
        "${(M)${${(P)list}%%:*}:#${words[CURRENT]}*} "
        "}\n";
    write("value one", "");
    write("value-two", "");
    for (const Case& c : cases()) {
        const std::string words = quoted_words(c.words);
        SCOPED_TRACE(words);
        const std::string test = write(
            "test.zsh",
            stubs + "cd '" + temp.path().string() + "'\nsource '" + script + "'\nwords=(" + words +
                ")\nCURRENT=" + std::to_string(c.words.size() + 1) + "\n_weft\nexit 0\n");
        expect(c, run("zsh -f '" + test + "'"));
    }
}

TEST_F(Completions, OfFishComplete) {
    const std::string text = fish_completions(grammar.root());
    for (const char* line :
         {"complete -c weft -f\n", " -a kill -d ", " -s o -l output -x -a ", " -l file -r -F -d "})
        EXPECT_NE(text.find(line), std::string::npos) << line;
    if (!is_here("fish")) GTEST_SKIP() << "no fish here";
    const std::string script = write("weft.fish", text);
    EXPECT_EQ(run("fish -N -n '" + script + "'").output, "");
    write("value one", "");
    write("value-two", "");
    for (const Case& c : cases()) {
        if (c.words.size() > 1 && c.words[c.words.size() - 2] == "--") continue;  // fish's own
        const std::string words = quoted_words(c.words);
        SCOPED_TRACE(words);
        std::string line = "weft";
        for (const std::string& word : c.words) line += " " + word;
        const std::string test =
            write("test.fish", "cd '" + temp.path().string() + "'\nsource '" + script +
                                   "'\ncomplete -C '" + line +
                                   "' | string replace -r '\\t.*' ''\nexit 0\n");
        expect(c, run("HOME='" + temp.path().string() + "' fish -N '" + test + "'"));
    }
}

// An option that takes a value under one verb and none under another would confuse fish's script.
TEST_F(Completions, OptionsMeanTheSameUnderEveryVerb) {
    std::set<std::string> values, flags;
    const std::function<void(const Command&)> collect = [&](const Command& command) {
        for (const Parameter& parameter : command.parameters())
            for (const std::string& spelling : parameter.spellings())
                (parameter.kind == Parameter::Kind::Option ? values : flags).insert(spelling);
        for (const Command* verb : command.verbs()) collect(*verb);
    };
    collect(grammar.root());
    for (const std::string& spelling : flags) EXPECT_FALSE(values.contains(spelling)) << spelling;
}

class ManPages : public Completions {};

TEST_F(ManPages, OfEveryVerbFormatWithoutWarnings) {
    const std::function<void(const Command&)> check = [&](const Command& command) {
        const std::string page = man_page(command);
        SCOPED_TRACE(man_name(command));
        EXPECT_NE(page.find("\n.SH NAME\n"), std::string::npos);
        EXPECT_NE(page.find("\n.SH SYNOPSIS\n.B weft"), std::string::npos);
        if (command.action()) {
            EXPECT_NE(page.find("\n.SH EXAMPLES\n"), std::string::npos);
        }
        const std::string path = write(man_name(command) + ".1", page);
        if (is_here("groff")) {
            EXPECT_EQ(run("groff -man -ww -z -Tascii '" + path + "'").output, "");
        }
        for (const Command* verb : command.verbs()) check(*verb);
    };
    check(grammar.root());
    if (!is_here("groff")) GTEST_SKIP() << "no groff here";
    const std::string text =
        run("groff -man -Tascii '" + (temp.path() / "weft-put.1").string() + "' | col -bx").output;
    for (const char* part : {"weft-put - store a value", "weft put [OPTIONS] KV_ID [VALUE]",
                             "--file FILE", "weft put kv/alice apples=2", "weft(1)"})
        EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in:\n" << text;
}

}  // namespace
}  // namespace weft::cli
