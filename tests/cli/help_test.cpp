#include "cli/help.h"

#include "cli/shell.h"
#include "cli/verbs.h"
#include "tests/support/shell_words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::cli {
namespace {

struct Line {
    GlobalOptions globals;
    Grammar grammar{"weft", "test"};
    Line() { add_verbs(grammar.root(), globals); }
};

void collect(const Command& command, std::vector<const Command*>& all) {
    all.push_back(&command);
    for (const Command* verb : command.verbs()) collect(*verb, all);
}

// Every verb and noun, the program first.
std::vector<const Command*> all_of(const Line& line) {
    std::vector<const Command*> all;
    collect(const_cast<Line&>(line).grammar.root(), all);
    return all;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Help, OfEveryVerbHasUsageOptionsAndDefaults) {
    Line line;
    const auto all = all_of(line);
    ASSERT_GT(all.size(), 35U);
    for (const Command* command : all) {
        SCOPED_TRACE(command->path());
        const std::string text = help_text(*command);
        EXPECT_TRUE(contains(text, "\nUsage: " + command->path() + " "));
        EXPECT_TRUE(contains(text, "  -o, --output OUTPUT"));
        EXPECT_TRUE(contains(text, "(default: table)"));
        EXPECT_TRUE(contains(text, "(default: 5s)"));
        EXPECT_TRUE(contains(text, "-h, --help"));
        for (const Parameter& parameter : command->parameters()) {
            EXPECT_NE(contains(text, "\n  " + heading_of(parameter)), parameter.hidden)
                << parameter.names;
            EXPECT_FALSE(parameter.help.empty()) << parameter.names;
        }
        for (const Command* verb : command->verbs())
            EXPECT_TRUE(contains(text, "\n  " + verb->name() + " "));
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            const std::string row = text.substr(at, end - at);
            EXPECT_TRUE(row.size() <= 80 || contains(row, "weft ")) << row;
            EXPECT_FALSE(row.ends_with(' ')) << row;
            at = end + 1;
        }
    }
}

TEST(Help, ShowsTheDefaultOnceAndOnlyWhereThereIsOne) {
    Line line;
    const auto text = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "help");
        return line.grammar.parse(words).message;
    };
    EXPECT_TRUE(contains(text({"bench", "put"}), "(default: 10000)"));
    EXPECT_TRUE(contains(text({"bench", "call"}), "the command's payload (default: 1)"));
    EXPECT_TRUE(contains(text({"mesh", "create"}), "--out OUT"));
    EXPECT_TRUE(contains(text({"mesh", "create"}), "(default: genesis)"));
    EXPECT_TRUE(contains(text({"dev"}), "default: 3"));
    EXPECT_FALSE(contains(text({"dev"}), "(default: 0)")) << "0 means something else to people";
    EXPECT_TRUE(contains(text({"put"}), "Usage: weft put [OPTIONS] KV_ID [VALUE]\n"));
    EXPECT_TRUE(contains(text({"call"}), "weft call [OPTIONS] TYPE_ID COMMAND [PAYLOAD]\n"));
    EXPECT_TRUE(contains(text({"mesh", "create"}), "weft mesh create [OPTIONS] LINES...\n"));
    EXPECT_TRUE(contains(text({"dev"}), "Usage: weft dev [VERB] [OPTIONS]\n"));
    EXPECT_TRUE(contains(text({}), "Usage: weft VERB [OPTIONS]\n"));
    EXPECT_TRUE(contains(text({}), "--version"));
}

// An example that the grammar refuses would be worse than none.
TEST(Help, EveryVerbThatRunsHasAnExampleThatParses) {
    Line line;
    for (const Command* command : all_of(line)) {
        SCOPED_TRACE(command->path());
        if (!command->action()) continue;
        EXPECT_FALSE(command->examples().empty());
        EXPECT_TRUE(contains(help_text(*command), "\nExamples:\n"));
        for (const Example& example : command->examples()) {
            SCOPED_TRACE(example.line);
            const auto words = test::shell_words(example.line);
            ASSERT_FALSE(words.empty()) << "no 'weft' in it";
            Line fresh;
            const Parsed parsed = fresh.grammar.parse({words.begin() + 1, words.end()});
            EXPECT_EQ(parsed.kind, Parsed::Kind::Run) << parsed.message;
            EXPECT_EQ(parsed.command->path(), command->path());
        }
    }
}

TEST(Help, OfAVerbIsAskedInTwoWays) {
    Line line;
    for (const Command* command : all_of(line)) {
        if (command->name() == "help") continue;  // "help --help" is of the program
        std::vector<std::string> words = test::shell_words(command->path());
        words.erase(words.begin());
        std::vector<std::string> behind = words, before = words;
        behind.push_back("--help");
        before.insert(before.begin(), "help");
        for (const auto& asked : {behind, before}) {
            const Parsed parsed = line.grammar.parse(asked);
            EXPECT_EQ(parsed.kind, Parsed::Kind::Help) << command->path() << parsed.message;
            EXPECT_EQ(parsed.message, help_text(*command));
        }
    }
    EXPECT_EQ(line.grammar.parse({"help", "frobnicate"}).kind, Parsed::Kind::Usage);
    EXPECT_EQ(line.grammar.parse({"-o", "json", "help", "put"}).kind, Parsed::Kind::Help);
}

TEST(Help, VersionIsAnOptionOfTheProgramOnly) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"--version"},
                                                  {"-o", "json", "--version"},
                                                  {"--version", "-o", "json"}}) {
        Line line;
        const Parsed parsed = line.grammar.parse(words);
        EXPECT_EQ(parsed.kind, Parsed::Kind::Run) << parsed.message;
        EXPECT_EQ(parsed.command->path(), "weft version");
    }
    Line line;
    EXPECT_EQ(line.grammar.parse({"put", "--version"}).kind, Parsed::Kind::Usage);
    EXPECT_EQ(line.grammar.parse({"version", "--version"}).kind, Parsed::Kind::Usage);
}

}  // namespace
}  // namespace weft::cli
