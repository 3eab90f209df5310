#include "tests/tidy/tidy.h"

#include "tests/tidy/source_text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace weft::tidy {
namespace {

const std::vector<SourceFile>& tree() {
    static const std::vector<SourceFile> files = load_tree(WEFT_SOURCE_DIR);
    return files;
}

std::vector<SourceFile> tree_and_pages() {
    std::vector<SourceFile> files = load_pages(WEFT_SOURCE_DIR);
    files.insert(files.end(), tree().begin(), tree().end());
    return files;
}

SourceFile page(const std::string& path) {
    std::ifstream stream(std::string(WEFT_SOURCE_DIR "/") + path);
    return {path, std::string(std::istreambuf_iterator<char>(stream), {})};
}

// Rules that nothing keeps yet. May only fall.
constexpr std::size_t kRulesNotBuilt = 14;

// ---- the project itself -------------------------------------------------------------------------

TEST(Project, IsFoundAtAll) { EXPECT_GT(tree().size(), 100U); }

TEST(Project, IncludesOnlyAlongTheEdgesOfTheDesign) {
    const auto found = check_layers(tree());
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, KeepsThirdPartyHeadersInTheirFolders) {
    const auto found = check_third_party(tree());
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, ListsEverySourceAndTestInCMake) {
    const auto found = check_listed(tree());
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, KeepsFilesAndFunctionsSmall) {
    const auto found = check_sizes(tree());
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, HasNoForbiddenWords) {
    const auto found = check_words(tree());
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, DrawsInAnOrderThatIsTheSameForEveryCompiler) {
    const auto found = check_draws(tree());
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, HasJudgedEveryInvariant) {
    const auto found = check_invariants(tree(), page("docs/invariants.md"));
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, KeepsItsRulesAsTheirPageSays) {
    const auto found = check_rules(tree(), page("docs/rules.md"), kRulesNotBuilt);
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, PointsOnlyAtWhatIsHere) {
    const auto found = check_pointers(tree_and_pages());
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Project, NamesOnlyRulesThatCanBeLookedUp) {
    const auto found = check_rule_numbers(tree_and_pages(), page("docs/rules.md"), "SI");
    EXPECT_TRUE(found.empty()) << describe(found);
    const auto members = check_rule_numbers(tree_and_pages(), page("docs/membership.md"), "M");
    EXPECT_TRUE(members.empty()) << describe(members);
}

// What a node leaves out of its log by name is written under that name.
TEST(Project, LimitsOnlyLinesThatExist) {
    std::string all;
    const SourceFile* limits = nullptr;
    for (const SourceFile& file : tree()) {
        if (file.path == "node/runtime/line_limits.cpp")
            limits = &file;
        else
            all += file.text;
    }
    ASSERT_NE(limits, nullptr);
    const std::size_t begin = limits->text.find("kOfInput[]");
    const std::string_view list(
        limits->text.begin() + static_cast<std::ptrdiff_t>(begin),
        limits->text.begin() + static_cast<std::ptrdiff_t>(limits->text.find("};", begin)));
    std::size_t names = 0;
    for (std::size_t at = list.find('"'); at != list.npos; ++names) {
        const std::size_t end = list.find('"', at + 1);
        ASSERT_NE(end, list.npos);
        const std::string name(list.substr(at, end + 1 - at));
        EXPECT_NE(all.find("(" + name), std::string::npos) << name;
        at = list.find('"', end + 1);
    }
    EXPECT_GT(names, 5U);
}

// ---- the checks find what they are for
// -----------------------------------------------------------

TEST(Layers, FindAPlantedEdge) {
    struct Case {
        const char* why;
        const char* path;
        const char* include;
        bool allowed;
    };
    const Case cases[] = {
        {"siblings never meet", "routing/a.cpp", "#include \"storage/contracts.h\"", false},
        {"upwards", "core/a.h", "#include \"routing/key.h\"", false},
        {"a core into the world", "replication/a.cpp", "#include \"transport/sockets.h\"", false},
        {"contracts only", "replication/a.cpp", "#include \"storage/lmdb_store.h\"", false},
        {"the contracts", "replication/a.cpp", "#include \"storage/contracts.h\"", true},
        {"node does not know its runtime", "node/a.cpp", "#include \"node/runtime/r.h\"", false},
        {"runtime knows node", "node/runtime/a.cpp", "#include \"node/node.h\"", true},
        {"client's core knows no sockets", "client/core/a.cpp", "#include \"transport/x.h\"",
         false},
        {"the simulator has no sockets", "sim/a.cpp", "#include \"transport/sockets.h\"", false},
        {"public headers stand alone", "include/weft/a.h", "#include \"core/time.h\"", false},
        {"an example looks inside", "examples/p/a.cpp", "#include \"core/hash.h\"", false},
        {"an example as it should be", "examples/p/a.cpp", "#include <weft/client.h>", true},
        {"a core uses core", "entity/a.cpp", "#include \"core/entry.h\"", true},
        {"the program may use all", "cli/a.cpp", "#include \"storage/data_directory.h\"", true},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.why);
        const auto found = check_layers({{c.path, std::string(c.include) + "\n"}});
        EXPECT_EQ(found.empty(), c.allowed) << describe(found);
    }
}

TEST(ThirdParty, FindsAPlantedHeader) {
    struct Case {
        const char* why;
        const char* path;
        const char* include;
        bool allowed;
    };
    const Case cases[] = {
        {"LMDB outside storage", "node/a.cpp", "#include <lmdb.h>", false},
        {"LMDB in a header", "storage/a.h", "#include <lmdb.h>", false},
        {"LMDB where it belongs", "storage/a.cpp", "#include <lmdb.h>", true},
        {"threads in a core", "replication/a.cpp", "#include <thread>", false},
        {"distributions in a core", "core/random.h", "#include <random>", false},
        {"the system in a core", "routing/a.cpp", "#include <sys/socket.h>", false},
        {"fmt in a core", "core/a.h", "#include <fmt/core.h>", true},
        {"threads in the runtime", "node/runtime/a.cpp", "#include <thread>", true},
        {"JSON in the client", "client/a.cpp", "#include <nlohmann/json.hpp>", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.why);
        const auto found = check_third_party({{c.path, std::string(c.include) + "\n"}});
        EXPECT_EQ(found.empty(), c.allowed) << describe(found);
    }
}

TEST(Invariants, FindAUseWithoutARowAndARowWithoutAUse) {
    const SourceFile code{"core/a.cpp",
                          "void f() {\n    WEFT_INVARIANT(g(a, b) == 1, \"one {} \"\n"
                          "                   \"two\", a);\n}\n"};
    const std::string row = "| `core/a.cpp` | `one {} two` | no | own |\n";
    EXPECT_TRUE(check_invariants({code}, {"p.md", "# x\n" + row}).empty());
    const auto unjudged = check_invariants({code}, {"p.md", ""});
    ASSERT_EQ(unjudged.size(), 1U);
    EXPECT_EQ(unjudged[0].line, 2U);
    EXPECT_EQ(check_invariants({}, {"p.md", row}).size(), 1U);
    SourceFile elsewhere = code;
    elsewhere.path = "core/b.cpp";
    EXPECT_EQ(check_invariants({elsewhere}, {"p.md", row}).size(), 2U);
    elsewhere.path = "tests/core/a.cpp";
    EXPECT_TRUE(check_invariants({elsewhere}, {"p.md", ""}).empty());
}

// ---- rules --------------------------------------------------------------------------------------

TEST(Rules, NameOnlyWhatExists) {
    const std::vector<SourceFile> files{
        {"core/a.cpp", "void f() {}\n// not_there\n"},
        {"core/mutant.cpp", "WEFT_ROW(M, \"S1: x\"),\nWEFT_ROW(N, \"P-once: y\"),\n"},
        {"tests/core/a_test.cpp", "\nTEST(A, B) {\n}\nTEST_F(C,\n       D) {\n"},
    };
    struct Case {
        const char* why;
        const char* row;
        std::size_t found;
    };
    const Case cases[] = {
        {"all is there",
         "| S1 | x | own | `core/a.cpp` f (so); `core/mutant.cpp` | A.B, C.* | M, N |", 0},
        {"a test over two lines", "| S1 | x | own | `core/a.cpp` | C.D (all) | M, N |", 0},
        {"no such file", "| S1 | x | own | `core/b.cpp` f | A.B | M, N |", 1},
        {"no such function", "| S1 | x | own | `core/a.cpp` g, f | A.B | M, N |", 1},
        {"a part of a name", "| S1 | x | own | `core/a.cpp` voi | A.B | M, N |", 1},
        {"in a comment only", "| S1 | x | own | `core/a.cpp` not_there | A.B | M, N |", 1},
        {"no file at all", "| S1 | x | own | all of it | A.B | M, N |", 1},
        {"no such test", "| S1 | x | own | `core/a.cpp` f | A.B, A.D | M, N |", 1},
        {"no such suite", "| S1 | x | own | `core/a.cpp` f | E.* | M, N |", 1},
        {"built without a test", "| S1 | x | own | `core/a.cpp` f | - | M, N |", 1},
        {"no such mutant", "| S1 | x | own | `core/a.cpp` f | A.B | M, N, O |", 1},
        {"a mutant in no row", "| S1 | x | own | `core/a.cpp` f | A.B | M |", 1},
        {"a mutant in another's row",
         "| S1 | x | own | `core/a.cpp` f | A.B | - |\n| I1 | x | own | `core/a.cpp` f | A.B | M, "
         "N |",
         1},
        {"two rows",
         "| S1 | x | own | `core/a.cpp` | A.B | M, N |\n| S1 | x | own | `core/a.cpp` | A.B | M, N "
         "|",
         1},
        {"a row that lacks a cell", "| S1 | x | own | `core/a.cpp` f | A.B |", 4},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        const auto found = check_rules(files, {"p.md", "# x\n" + std::string(c.row) + "\n"}, 0);
        EXPECT_EQ(found.size(), c.found) << describe(found);
    }
}

TEST(Rules, ThatAreNotBuiltAreCounted) {
    const SourceFile page{"p.md",
                          "| S1 | x | own | **not built**: why | - | - |\n"
                          "| I1 | x | own | **not built** | | - |\n"};
    EXPECT_TRUE(check_rules({}, page, 2).empty());
    EXPECT_EQ(check_rules({}, page, 1).size(), 1U) << "one more than before";
    EXPECT_EQ(check_rules({}, page, 3).size(), 1U) << "one was built, and the number stayed";
}

TEST(Rules, AreMentionedByNumbersThatExist) {
    const SourceFile page{"p.md", "| S1 | x |\nS3\n| I12 | x |\n"};
    struct Case {
        const char* text;
        std::size_t found;
    };
    const Case cases[] = {
        {"// S1, I12.\n", 0},   {"// (S2)\n", 1},        {"// S1-S3\n", 1}, {"\"I1: x {}\"\n", 1},
        {"int S2x, xS2;\n", 0}, {"S_2, I/O, S123\n", 0}, {"I2 I3\nS4", 3},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto found = check_rule_numbers({{"core/a.cpp", c.text}}, page, "SI");
        EXPECT_EQ(found.size(), c.found) << describe(found);
    }
}

TEST(Pointers, LeadToWhatIsHere) {
    struct Case {
        const char* text;
        std::size_t found;
    };
    const Case cases[] = {
        {"// (DESIGN 5).\n", 1},
        {"// as DESIGN\n// 5 says\n", 1},
        {"// the design, REDESIGN 5\n", 0},
        {"// scenario 12\n// scenarios 3, 4\n", 2},
        {"// a scenario of 12 steps\n", 0},
        {"// (trap c)\n", 1},
        {"// P-once, HTTP-twice\n", 0},
        {"// P-thrice\n", 1},
        {"// a trap for all\n", 0},
        {"// reference C.3\n", 1},
        {"// the security\n// reference\n", 1},
        {"// the in-memory reference (x)\n", 0},
        {"// docs/p.md, \"One thing\"\n", 0},
        {"// docs/p.md, \"Two\n// things\"\n", 0},
        {"// docs/p.md, \"Three\"\n", 1},
        {"see [p.md](p.md), \"Three\"\n", 1},
        {"see [p.md](../docs/p.md), \"One thing\"\n", 0},
    };
    const SourceFile design{"docs/design.md", "| P-once | x |\n"};
    const SourceFile page{"docs/p.md", "# P\n## 1. One thing\n### Two things\n"};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto found = check_pointers({page, design, {"core/a.cpp", c.text}});
        EXPECT_EQ(found.size(), c.found) << describe(found);
        EXPECT_TRUE(check_pointers({page, {"docs/adr/1.md", c.text}}).empty()) << "history";
    }
}

TEST(Listed, FindsAFileThatCMakeDoesNotName) {
    const SourceFile cmake{"core/CMakeLists.txt",
                           "weft_library(core SOURCES hash.cpp  # old.cpp\n)"};
    EXPECT_TRUE(check_listed({cmake, {"core/hash.cpp", ""}}).empty());
    EXPECT_EQ(check_listed({cmake, {"core/new.cpp", ""}}).size(), 1U);
    EXPECT_EQ(check_listed({cmake, {"core/old.cpp", ""}}).size(), 1U) << "a comment does not list";
    EXPECT_EQ(check_listed({cmake, {"core/rehash.cpp", ""}}).size(), 1U) << "a part of a name";
    EXPECT_EQ(check_listed({{"lost/a.cpp", ""}}).size(), 1U);
}

TEST(Sizes, FindALongFileALongFunctionAndAWideLine) {
    std::string body;
    for (int i = 0; i < 69; ++i) body += "    ++n;\n";
    const std::string longer = "void f(int n) {\n" + body + "}\n";
    EXPECT_EQ(check_sizes({{"core/a.cpp", longer}}).size(), 1U);
    const std::string fits = "void f(int n) {\n" + body.substr(0, body.size() - 9) + "}\n";
    EXPECT_TRUE(check_sizes({{"core/a.cpp", fits}}).empty());
    EXPECT_EQ(check_sizes({{"core/a.cpp", std::string(401, '\n')}}).size(), 1U);
    EXPECT_TRUE(check_sizes({{"core/a.cpp", std::string(400, '\n')}}).empty());
    EXPECT_EQ(check_sizes({{"include/weft/a.h", std::string(201, '\n')}}).size(), 1U);
    EXPECT_EQ(check_sizes({{"core/a.cpp", "// " + std::string(98, 'x') + "\n"}}).size(), 1U);
    EXPECT_TRUE(check_sizes({{"core/a.cpp", "// " + std::string(97, 'x') + "\n"}}).empty());
}

TEST(Words, FindThreadLocalsTodosAndMissingGuards) {
    EXPECT_EQ(check_words({{"core/a.cpp", "thread_local int x;\n"}}).size(), 1U);
    EXPECT_TRUE(check_words({{"core/a.cpp", "// no thread_local here\n"}}).empty());
    EXPECT_EQ(check_words({{"core/a.cpp", "// TODO later\n"}}).size(), 1U);
    EXPECT_TRUE(check_words({{"core/a.cpp", "// TODO(#12) later\n"}}).empty());
    EXPECT_EQ(check_words({{"core/a.h", "int x;\n"}}).size(), 1U);
}

TEST(Text, LosesCommentsAndLiteralsButNoLines) {
    const std::string text =
        "int a; // one\n/* two\nthree */ char b = '\"';\nauto c = \"//\"; int d;\n";
    const std::string code = code_of(text);
    EXPECT_EQ(lines_of(code).size(), lines_of(text).size());
    EXPECT_EQ(code.find("one"), std::string::npos);
    EXPECT_EQ(code.find("three"), std::string::npos);
    EXPECT_NE(code.find("int d;"), std::string::npos);
    EXPECT_NE(code_of("auto n = 1'000; int e;").find("int e;"), std::string::npos);
    EXPECT_EQ(code_of("auto r = R\"x(a )\" b)x\"; int f;").find(" b"), std::string::npos);
}

// ---- draws --------------------------------------------------------------------------------------

TEST(Draws, AreOneInEveryExpression) {
    struct Case {
        const char* code;
        std::size_t found;
    };
    const Case cases[] = {
        {"f(random.below(3), random.below(4));", 1},
        {"x = random.below(3) * random.next();", 1},
        {"g(a.chance(1, 2), T{b.between(low, high)});", 1},
        {"id(next_ref_++, next_ref_++);", 1},
        {"f(++calls_, ++calls_);", 1},
        {"x = random.below(random.below(4)) + random.below(2);", 1},
        {"f(random.below(3)); f(random.below(4));", 0},
        {"if (random.chance(1, 2) && random.chance(1, 3)) f();", 0},
        {"if (random.chance(1, 2)) x = random.below(3);", 0},
        {"if (f(random.next(), random.next())) g();", 1},
        {"x = c ? random.below(3) : random.below(4);", 0},
        {"T t{random.below(3), random.below(4)};", 0},
        {"later(random.between(a, b), [this] { f(random.below(3)); g(random.next()); });", 0},
        {"for (; it != end; ++it) f(it->next());", 0},
        {"x = random.below(random.below(4));", 0},
        {"f(reader.next(), reader.next());", 0},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.code);
        const std::string body = std::string("void h() {\n    ") + c.code + "\n}\n";
        EXPECT_EQ(check_draws({{"sim/a.cpp", body}}).size(), c.found);
        EXPECT_EQ(check_draws({{"core/a.h", body}}).size(), c.found);
        EXPECT_TRUE(check_draws({{"cli/a.cpp", body}}).empty()) << "no replay depends on it";
    }
}

}  // namespace
}  // namespace weft::tidy
