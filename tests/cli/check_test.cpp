// `weft check linearizable`, through the grammar.

#include "cli/history_file.h"
#include "cli/verbs.h"
#include "tests/support/made_history.h"
#include "tests/support/temp_folder.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace weft::cli {
namespace {

using Json = nlohmann::json;

struct Ran {
    int code = 0;
    std::string out, err;
};

class CheckVerb : public testing::Test {
protected:
    std::string file(const std::string& text) {
        const std::string path = folder_.path() / "history";
        std::ofstream(path) << text;
        return path;
    }
    static Ran run(const std::vector<std::string>& arguments) {
        GlobalOptions globals;
        Grammar grammar("weft", "test");
        add_verbs(grammar.root(), globals);
        const Parsed parsed = grammar.parse(arguments);
        if (parsed.kind != Parsed::Kind::Run) return {-1, {}, parsed.message};
        const auto shell = Shell::open(globals);
        if (!shell) return {-1, {}, shell.error().message};
        Shell copy = *shell;
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        Ran ran;
        ran.code = parsed.command->action()(copy);
        ran.out = testing::internal::GetCapturedStdout();
        ran.err = testing::internal::GetCapturedStderr();
        return ran;
    }
    test::TempFolder folder_;
};

struct Made {
    sim::OperationKind kind;
    const char* value;
    std::int64_t start_ns;
};

// The last get of kv/a sees a value that was overwritten; one get before it does not matter.
std::string stale() {
    using enum sim::OperationKind;
    std::string text;
    for (const auto& [kind, value, start] :
         {Made{Put, "x", 0}, Made{Put, "y", 20}, Made{Get, "y", 32}, Made{Get, "x", 40}}) {
        sim::Operation op;
        op.client = 2;
        op.kind = kind;
        op.outcome = sim::OperationOutcome::Done;
        if (kind == Put) op.argument = value;
        if (kind == Get) op.result = value;
        op.start_ns = start;
        op.end_ns = start + 5;
        text += operation_line("kv/a", op);
    }
    sim::Operation other;
    other.kind = Get;
    other.outcome = sim::OperationOutcome::Done;
    other.end_ns = 1;
    return text + operation_line("kv/b", other);
}

TEST_F(CheckVerb, SaysInOneLineThatAHistoryIsRight) {
    std::string text;
    for (int i = 0; i < 3; ++i)
        for (const auto& op : test::make_history({.seed = static_cast<std::uint32_t>(i)}))
            text += operation_line(fmt::format("kv/{}", i), op);
    const Ran ran = run({"check", "linearizable", file(text), "--model", "kv", "--jobs", "2"});
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    EXPECT_TRUE(ran.out.starts_with("linearizable: 600 operations on 3 entities in ")) << ran.out;
    EXPECT_EQ(std::ranges::count(ran.out, '\n'), 1);
}

TEST_F(CheckVerb, ShowsTheSmallestImpossiblePart) {
    const std::string path = folder_.path() / "part";
    const Ran ran = run({"check", "linearizable", file(stale()), "--model", "kv", "--part", path});
    EXPECT_EQ(ran.code, 10);
    EXPECT_NE(ran.out.find("not linearizable: kv/a: client 2 get() -> x [40..45] fits no order"),
              std::string::npos)
        << ran.out;
    EXPECT_NE(ran.out.find("3 of 4 operations"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("1 wrong, 0 undecided"), std::string::npos) << ran.out;

    const auto part = read_history(path);
    ASSERT_TRUE(part) << part.error().message;
    ASSERT_EQ(part->size(), 1U);
    const sim::History& history = part->at("kv/a");
    ASSERT_EQ(history.size(), 3U);
    EXPECT_EQ(history[0].argument, "x");
    EXPECT_EQ(history[1].argument, "y");
    EXPECT_EQ(history[2].result, "x");
    EXPECT_EQ(run({"check", "linearizable", path, "--model", "kv"}).code, 10);
}

TEST_F(CheckVerb, GivesEverythingAsJson) {
    const Ran ran =
        run({"-o", "json", "check", "linearizable", file(stale()), "--model", "register"});
    EXPECT_EQ(ran.code, 10);
    const Json json = Json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.out;
    EXPECT_EQ(json["linearizable"], false);
    EXPECT_EQ(json["operations"], 5);
    EXPECT_EQ(json["wrong"], 1);
    EXPECT_EQ(json["entities"][0]["entity"], "kv/a");
    EXPECT_EQ(json["entities"][0]["verdict"], "not linearizable");
    EXPECT_EQ(json["entities"][0]["smallest_impossible"].size(), 3U);
    EXPECT_EQ(json["entities"][1]["verdict"], "linearizable");
    EXPECT_FALSE(json["entities"][1].contains("reason"));
}

TEST_F(CheckVerb, FailsWhenTheSearchGaveUp) {
    const Ran ran = run({"check", "linearizable", file(stale()), "--model", "kv", "--steps", "1"});
    EXPECT_EQ(ran.code, 9) << ran.out;
    EXPECT_NE(ran.out.find("undecided: kv/a: "), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("NOT decided"), std::string::npos) << ran.out;
}

TEST_F(CheckVerb, RefusesWrongFilesAndOptions) {
    const Ran delete_line = run({"check", "linearizable",
                                 file(R"({"client":1,"entity":"a/b","op":"delete","arg":null,)"
                                      R"("result":null,"outcome":"done","start_ns":0,"end_ns":1})"),
                                 "--model", "register"});
    EXPECT_EQ(delete_line.code, 2);
    EXPECT_TRUE(delete_line.err.starts_with("error WEFT-1007: line 1: only kv knows delete"))
        << delete_line.err;
    const Ran empty = run({"check", "linearizable", file(""), "--model", "kv"});
    EXPECT_EQ(empty.code, 2) << "nothing was judged: that is not a good verdict";
    EXPECT_NE(empty.err.find("holds no operation"), std::string::npos) << empty.err;
    const std::string right = file(stale());
    EXPECT_EQ(run({"check", "linearizable", right, "--model", "queue"}).code, 2);
    EXPECT_EQ(run({"check", "linearizable", right}).code, 2) << "which model is not guessed";
    EXPECT_EQ(run({"check", "linearizable", right, "--model", "kv", "--steps", "0"}).code, 2);
    EXPECT_EQ(run({"check", "linearizable", right, "--model", "kv", "--jobs", "257"}).code, 2);
    const Ran missing = run({"check", "linearizable", right + "-none", "--model", "kv"});
    EXPECT_EQ(missing.code, 78);
    EXPECT_NE(missing.err.find("cannot read"), std::string::npos) << missing.err;
}

}  // namespace
}  // namespace weft::cli
