#include "cli/nearest.h"

#include "cli/command.h"
#include "cli/verbs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::cli {
namespace {

TEST(Nearest, CountsWhatFingersDo) {
    EXPECT_EQ(edit_distance("put", "put"), 0U);
    EXPECT_EQ(edit_distance("puut", "put"), 1U);
    EXPECT_EQ(edit_distance("pt", "put"), 1U);
    EXPECT_EQ(edit_distance("pit", "put"), 1U);
    EXPECT_EQ(edit_distance("ptu", "put"), 1U) << "two neighbours changed places";
    EXPECT_EQ(edit_distance("", "put"), 3U);
    EXPECT_EQ(edit_distance("put", ""), 3U);
    EXPECT_EQ(edit_distance("status", "stauts"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

// A wrong guess is worse than none.
TEST(Nearest, GuessesNothingWhenNothingIsNear) {
    const std::vector<std::string> words = {"put", "get", "status", "partition", "cas", "call"};
    for (const char* typed : {"", "x", "frobnicate", "zz", "stxxxs", "p", "delete"})
        EXPECT_TRUE(nearest(typed, words).empty()) << typed;
    EXPECT_EQ(nearest("stat", words), std::vector<std::string>{"status"});
    EXPECT_EQ(nearest("partitoin", words), std::vector<std::string>{"partition"});
    EXPECT_EQ(nearest("ca", words), (std::vector<std::string>{"cas", "call"}));
    EXPECT_TRUE(nearest(std::string(100'000, 'a'), words).empty());
}

TEST(Nearest, IsToldForVerbsNounsAndOptions) {
    struct Case {
        std::vector<std::string> line;
        const char* told;  // empty: no guess
    };
    const Case cases[] = {
        {{"puut"}, "did you mean 'weft put'?"},
        {{"stat"}, "did you mean 'weft status'?"},
        {{"partiton", "list"}, "did you mean 'weft partition'?"},
        {{"dev", "kil", "b"}, "did you mean 'weft dev kill'?"},
        {{"help", "jornal"}, "did you mean 'weft journal'?"},
        {{"kill", "b"}, "did you mean 'weft dev kill'?"},
        {{"list"}, "'weft partition list' or 'weft entity list'"},
        {{"status", "--adr", "x"}, "did you mean '--addr'?"},
        {{"status", "--adr=x"}, "did you mean '--addr'?"},
        {{"--outptu", "json", "status"}, "did you mean '--output'?"},
        {{"put", "a", "--fiel", "x"}, "did you mean '--file'?"},
        {{"put", "a", "-file", "x"}, "did you mean '--file'?"},
        {{"--verison"}, "did you mean '--version'?"},
        {{"get", "a", "--hlep"}, "did you mean '--help'?"},
        {{"frobnicate"}, ""},
        {{"dev", "frobnicate"}, ""},
        {{"put", "a", "--frobnicate"}, ""},
        {{"put", "a", "-y"}, ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.line.back());
        GlobalOptions globals;
        Grammar grammar("weft", "test");
        add_verbs(grammar.root(), globals);
        const Parsed parsed = grammar.parse(c.line);
        EXPECT_EQ(parsed.kind, Parsed::Kind::Usage);
        if (*c.told == '\0')
            EXPECT_EQ(parsed.message.find("did you mean"), std::string::npos) << parsed.message;
        else
            EXPECT_NE(parsed.message.find(c.told), std::string::npos) << parsed.message;
    }
}

}  // namespace
}  // namespace weft::cli
