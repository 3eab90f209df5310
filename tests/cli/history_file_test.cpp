#include "cli/history_file.h"

#include "tests/support/temp_folder.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <fstream>

namespace weft::cli {
namespace {

using enum sim::OperationKind;
using sim::OperationOutcome;

class HistoryFile : public testing::Test {
protected:
    Result<std::map<std::string, sim::History>> read(const std::string& text,
                                                     const HistoryReading& reading = {}) {
        const std::string path = folder_.path() / "history";
        std::ofstream(path) << text;
        return read_history(path, reading);
    }
    std::string error_of(const std::string& text, const HistoryReading& reading = {}) {
        const auto histories = read(text, reading);
        return histories ? "no error" : histories.error().message;
    }
    test::TempFolder folder_;
};

sim::Operation operation(sim::OperationKind kind, OperationOutcome outcome) {
    sim::Operation op;
    op.client = 7;
    op.kind = kind;
    op.outcome = outcome;
    op.start_ns = 100;
    if (outcome != OperationOutcome::Unknown) op.end_ns = 250;
    if (kind == Put || kind == Cas) op.argument = "a \"quoted\" \x01 värde";
    if (kind == Add) op.argument = "-12";
    return op;
}

std::string line_with(const std::string& field, const std::string& value) {
    const std::map<std::string, std::string> right = {
        {"client", "1"},     {"entity", "\"kv/a\""},  {"op", "\"get\""}, {"arg", "null"},
        {"result", "\"x\""}, {"outcome", "\"done\""}, {"start_ns", "5"}, {"end_ns", "9"}};
    std::string line = "{";
    for (const auto& [name, text] : right) {
        if (name == field && value.empty()) continue;
        if (line.size() > 1) line += ",";
        line += fmt::format("\"{}\":{}", name, name == field ? value : text);
    }
    return line + "}\n";
}

TEST_F(HistoryFile, GivesBackWhatWasWritten) {
    sim::History all;
    for (const auto kind : {Put, Get, Delete, Cas, Add})
        for (const auto outcome : {OperationOutcome::Done, OperationOutcome::Rejected,
                                   OperationOutcome::NotDone, OperationOutcome::Unknown})
            all.push_back(operation(kind, outcome));
    sim::Operation seen = operation(Get, OperationOutcome::Done);
    seen.result = "007";
    all.push_back(seen);
    sim::Operation swapped = operation(Cas, OperationOutcome::Done);
    swapped.expected = "";
    swapped.note = "why";
    all.push_back(swapped);
    sim::Operation added = operation(Add, OperationOutcome::Done);
    added.result = "-9223372036854775808";
    all.push_back(added);
    std::string text;
    for (const auto& op : all) text += operation_line("counter/é", op);
    const auto back = read(text);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(back->size(), 1U);
    const sim::History& history = back->at("counter/é");
    ASSERT_EQ(history.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        SCOPED_TRACE(operation_line("counter/é", all[i]));
        EXPECT_EQ(history[i].client, all[i].client);
        EXPECT_EQ(history[i].kind, all[i].kind);
        EXPECT_EQ(history[i].outcome, all[i].outcome);
        EXPECT_EQ(history[i].argument, all[i].argument);
        EXPECT_EQ(history[i].expected, all[i].expected);
        EXPECT_EQ(history[i].result, all[i].result);
        EXPECT_EQ(history[i].note, all[i].note);
        EXPECT_EQ(history[i].start_ns, all[i].start_ns);
        EXPECT_EQ(history[i].end_ns, all[i].end_ns);
    }
}

TEST_F(HistoryFile, WritesNumbersOfCountersAsNumbers) {
    sim::Operation get = operation(Get, OperationOutcome::Done);
    get.result = "42";
    EXPECT_NE(operation_line("counter/a", get).find("\"result\":42,"), std::string::npos);
    EXPECT_NE(operation_line("kv/a", get).find("\"result\":\"42\","), std::string::npos);
}

TEST_F(HistoryFile, NamesTheLineAndWhatIsWrongWithIt) {
    struct Case {
        const char* field;
        const char* value;
        const char* wrong;
    };
    const Case cases[] = {
        {"client", "-1", "\"client\" is -1, it must be an integer from 0 to 4294967295"},
        {"client", "4294967296", "\"client\" is 4294967296"},
        {"client", "1.5", "\"client\" is 1.5"},
        {"client", "", "no field \"client\""},
        {"entity", "\"\"", "\"entity\" is \"\", it must be a string TYPE/ID"},
        {"entity", "", "no field \"entity\""},
        {"op", "\"push\"", "one of put, get, delete, cas, add"},
        {"op", "3", "\"op\" is 3"},
        {"op", "\"put\"", "\"arg\" is null, it must be a string"},
        {"op", "\"add\"", "\"arg\" is null, it must be a whole number"},
        {"op", "\"cas\"", "[old, new]"},
        {"op", "\"delete\"", "only a get or an add that is done has one"},
        {"arg", "\"x\"", "null for get and delete"},
        {"arg", "", "no field \"arg\""},
        {"result", "[]", "\"result\" is []"},
        {"result", "", "no field \"result\""},
        {"outcome", "\"perhaps\"", "one of done, rejected, not_done, unknown"},
        {"outcome", "\"unknown\"", "only a get or an add that is done has one"},
        {"start_ns", "-1", "\"start_ns\" is -1"},
        {"start_ns", "9223372036854775808", "\"start_ns\" is 9223372036854775808"},
        {"start_ns", "10", "\"end_ns\" is 9, it must be at least start_ns"},
        {"end_ns", "null", "\"end_ns\" is null"},
    };
    ASSERT_EQ(error_of(line_with("", "")), "no error");
    for (const auto& c : cases) {
        const std::string error = error_of(line_with("", "") + line_with(c.field, c.value));
        EXPECT_TRUE(error.starts_with("line 2: ")) << error;
        EXPECT_NE(error.find(c.wrong), std::string::npos) << c.wrong << " but: " << error;
    }
    EXPECT_EQ(error_of("\n"), "line 1: it is empty");
    EXPECT_EQ(error_of("7\n"), "line 1: it is not a JSON object");
    EXPECT_EQ(error_of(line_with("", "").substr(0, 30)), "line 1: it is not JSON, or cut short");
}

TEST_F(HistoryFile, RefusesWhatTheModelDoesNotKnow) {
    const sim::Operation gone = operation(Delete, OperationOutcome::Done);
    const std::string lines = line_with("", "") + operation_line("kv/a", gone);
    EXPECT_EQ(error_of(lines, {.model = sim::Model::Kv}), "no error");
    EXPECT_EQ(error_of(lines, {.model = sim::Model::Cas}), "line 2: only kv knows delete");
    EXPECT_EQ(error_of(lines, {.model = sim::Model::Register}), "line 2: only kv knows delete");
    EXPECT_EQ(error_of(lines, {.model = sim::Model::Counter}),
              "line 1: a counter answers with whole numbers only");
}

TEST_F(HistoryFile, HasLimits) {
    const std::string line = line_with("", "");
    HistoryReading reading;
    reading.line_bytes_max = line.size() - 1;  // without its end
    reading.operations_max = 2;
    EXPECT_EQ(error_of(line + line, reading), "no error");
    EXPECT_NE(error_of(line + line + line, reading).find("more than 2 lines"), std::string::npos);
    reading.line_bytes_max -= 1;
    const auto over = read(line, reading);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code, ErrorCode::LimitExceeded);
    EXPECT_TRUE(over.error().message.starts_with("line 1: ")) << over.error().message;
}

TEST_F(HistoryFile, ThatIsMissingIsAnError) {
    const auto missing = read_history(folder_.path() / "none");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::Configuration);
}

}  // namespace
}  // namespace weft::cli
