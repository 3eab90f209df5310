#include "cli/history.h"

#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace weft::cli {
namespace {

using Json = nlohmann::json;

Json line_of(const Operation& operation, const CallResult& result) {
    return Json::parse(history_line({7, "kv/bench-1", &operation, &result, 100, 250}));
}

CallResult ended(Outcome outcome, std::string_view reply = "", bool exists = true) {
    CallResult result;
    result.outcome = outcome;
    result.reply = Bytes::copy_of(reply);
    result.exists = exists;
    return result;
}

TEST(History, HasTheFieldsThatCheckersRead) {
    Operation put{BenchOp::Put, 1, "put", "v1", "v1", {}};
    const Json json = line_of(put, ended(Outcome::Done));
    EXPECT_EQ(json, Json::parse(R"({"client":7,"entity":"kv/bench-1","op":"put","arg":"v1",
        "result":null,"outcome":"done","start_ns":100,"end_ns":250})"));
}

TEST(History, ShowsWhatEachOperationFound) {
    const Operation get{BenchOp::Get, 1, "get", "", "", {}};
    EXPECT_EQ(line_of(get, ended(Outcome::Done, "v1"))["result"], "v1");
    EXPECT_TRUE(line_of(get, ended(Outcome::Done, "", false))["result"].is_null());
    EXPECT_EQ(line_of(get, ended(Outcome::Done, "", true))["result"], "")
        << "an empty value is a value";

    const Operation cas{BenchOp::Cas, 1, "cas", "", "new", "old"};
    const Json swapped = line_of(cas, ended(Outcome::Done));
    EXPECT_EQ(swapped["arg"], Json::parse(R"(["old","new"])"));
    EXPECT_EQ(swapped["result"], true);
    EXPECT_EQ(line_of(cas, ended(Outcome::Rejected))["result"], false);
    EXPECT_TRUE(line_of(cas, ended(Outcome::Unknown))["result"].is_null());

    const Operation absent{BenchOp::Cas, 1, "cas", "", "new", {}};
    EXPECT_TRUE(line_of(absent, ended(Outcome::Done))["arg"][0].is_null());

    const Operation add{BenchOp::Call, 1, "add", "1", "", {}};
    const Json added = line_of(add, ended(Outcome::Done, "42"));
    EXPECT_EQ(added["op"], "add");
    EXPECT_EQ(added["arg"], 1);
    EXPECT_EQ(added["result"], 42);
}

TEST(History, NamesEveryOutcome) {
    const Operation get{BenchOp::Get, 1, "get", "", "", {}};
    EXPECT_EQ(line_of(get, ended(Outcome::Done))["outcome"], "done");
    EXPECT_EQ(line_of(get, ended(Outcome::Rejected))["outcome"], "rejected");
    EXPECT_EQ(line_of(get, ended(Outcome::NotDone))["outcome"], "not_done");
    EXPECT_EQ(line_of(get, ended(Outcome::Unknown))["outcome"], "unknown");
}

TEST(History, IsCompleteAfterFinish) {
    const test::TempFolder folder;
    const std::string path = folder.path() / "history";
    auto history = History::create(path);
    ASSERT_TRUE(history);
    const Operation get{BenchOp::Get, 1, "get", "", "", {}};
    const CallResult result = ended(Outcome::Done);
    for (int i = 0; i < 1000; ++i) history->add({0, "kv/a", &get, &result, i, i + 1});
    ASSERT_TRUE(history->finish());
    std::ifstream file(path);
    int lines = 0;
    for (std::string line; std::getline(file, line); ++lines) EXPECT_TRUE(Json::accept(line));
    EXPECT_EQ(lines, 1000);
}

TEST(History, ThatCannotBeWrittenIsAnError) {
    EXPECT_FALSE(History::create("/no/such/folder/history"));
}

}  // namespace
}  // namespace weft::cli
