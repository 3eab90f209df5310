#include "cli/output.h"

#include "cli/exit_code.h"
#include "cli/shell.h"
#include "core/error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using Json = nlohmann::json;

const Table kTable{{"node", "leads"}, {false, true}, {{"a", "21"}, {"bé", "-"}}};

TEST(Output, AlignsTablesByCharactersAndNumbersToTheRight) {
    EXPECT_EQ(render(Format::Table, kTable),
              "node  leads\n"
              "a        21\n"
              "bé        -\n");
}

TEST(Output, GivesNumericColumnsAsNumbersInJson) {
    const Json json = Json::parse(render(Format::Json, kTable));
    EXPECT_EQ(json[0]["leads"], 21);
    EXPECT_TRUE(json[1]["leads"].is_null());
    EXPECT_EQ(json[1]["node"], "bé");
}

// "false" and "no answer" as text count as true wherever a script tests them.
TEST(Output, GivesFlagColumnsAsBooleansInJson) {
    const Table table{{"id", "ok"},
                      {false, false},
                      {{"true", "true"}, {"false", "false"}, {"a", "no answer"}},
                      {false, true}};
    const Json json = Json::parse(render(Format::Json, table));
    EXPECT_EQ(json[0]["ok"], true);
    EXPECT_EQ(json[1]["ok"], false);
    EXPECT_TRUE(json[2]["ok"].is_null());
    EXPECT_EQ(json[0]["id"], "true") << "the id of an entity, not a flag";
    EXPECT_EQ(render(Format::Csv, table), "id,ok\ntrue,true\nfalse,false\na,no answer\n");
}

TEST(Output, PutsOneObjectPerLineInNdjson) {
    EXPECT_EQ(render(Format::Ndjson, kTable),
              "{\"node\":\"a\",\"leads\":21}\n{\"node\":\"bé\",\"leads\":null}\n");
}

// RFC 4180.
TEST(Output, QuotesCsvCellsThatNeedIt) {
    const Table table{{"id", "value"}, {false, false}, {{"a,b", "say \"x\"\nand y"}}};
    EXPECT_EQ(render(Format::Csv, table), "id,value\n\"a,b\",\"say \"\"x\"\"\nand y\"\n");
}

// A stored value must not be able to write to the reader's terminal.
TEST(Output, ShowsControlCharactersInTablesAsText) {
    const Table table{{"id"}, {false}, {{"\x1b[2Jx"}}};
    EXPECT_EQ(render(Format::Table, table), "id\n\\x1b[2Jx\n");
    // U+009B is ESC [ in one character, for terminals that read UTF-8.
    const Table upper{{"id"},
                      {false},
                      {{"\xc2\x9b"
                        "2Jx"},
                       {"\xc2\xa0\xc3\x9b"},
                       {"\xc2"}}};
    EXPECT_EQ(render(Format::Table, upper), "id\n\\xc2\\x9b2Jx\n\xc2\xa0\xc3\x9b\n\xc2\n");
    // Terminals that do not read UTF-8 take its one byte for it.
    const Table bytes{{"id"},
                      {false},
                      {{"\x9b"
                        "2Jx"},
                       {"\xc4\x9b \xf0\x9f\x98\x80 \xf0\x9b\x9c"}}};
    EXPECT_EQ(render(Format::Table, bytes),
              "id\n\\x9b2Jx\n\xc4\x9b \xf0\x9f\x98\x80 \xf0\\x9b\\x9c\n");
}

// They hide text, turn its order around or end a line: "evil\u202egpj.exe".
TEST(Output, ShowsCharactersThatActOnTheirNeighboursAsText) {
    struct Case {
        const char *character, *shown, *json;
    };
    const Case cases[] = {
        {"\u200b", "\\xe2\\x80\\x8b", "\\u200b"}, {"\u200f", "\\xe2\\x80\\x8f", "\\u200f"},
        {"\u2028", "\\xe2\\x80\\xa8", "\\u2028"}, {"\u2029", "\\xe2\\x80\\xa9", "\\u2029"},
        {"\u202e", "\\xe2\\x80\\xae", "\\u202e"}, {"\u2066", "\\xe2\\x81\\xa6", "\\u2066"},
        {"\u2069", "\\xe2\\x81\\xa9", "\\u2069"}, {"\u200a", "\u200a", "\u200a"},
        {"\u2010", "\u2010", "\u2010"},           {"\u202f", "\u202f", "\u202f"},
        {"\u206a", "\u206a", "\u206a"},           {"\u20ac", "\u20ac", "\u20ac"},
    };
    for (const Case& c : cases) {
        const std::string text = std::string("a") + c.character + "b";
        EXPECT_EQ(printable(text), std::string("a") + c.shown + "b");
        EXPECT_EQ(printable_value(text), printable(text));
        EXPECT_EQ(for_terminal(text), printable(text));
        const std::string json = render(Format::Ndjson, Record{{"v", text}});
        EXPECT_EQ(json, std::string("{\"v\":\"a") + c.json + "b\"}\n");
        EXPECT_EQ(Json::parse(json)["v"], text);
    }
}

TEST(Output, CountsInWords) {
    EXPECT_EQ(counted(0, "node"), "0 nodes");
    EXPECT_EQ(counted(1, "node"), "1 node");
    EXPECT_EQ(counted(2, "node"), "2 nodes");
    EXPECT_EQ(counted(1, "entity", "entities"), "1 entity");
    EXPECT_EQ(counted(2, "entity", "entities"), "2 entities");
}

TEST(Output, LeavesOnlyLinesAndColoursToATerminal) {
    const std::string coloured = "a\tb\n\x1b[1;31mred\x1b[0m";
    EXPECT_EQ(for_terminal(coloured), coloured);
    EXPECT_EQ(for_terminal("\x1b]0;owned\a\x1b[2J\r\x7f\x1b["),
              "\\x1b]0;owned\\x07\\x1b[2J\\x0d\\x7f\\x1b[");
    EXPECT_EQ(for_terminal("\xc2\x9b"
                           "2J\xc2\xa0"),
              "\\xc2\\x9b2J\xc2\xa0");
    EXPECT_EQ(printable_value("a\tb\n\x1b[1m."), "a\tb\n\\x1b[1m.");
    EXPECT_EQ(printable("a\tb\n"), "a\\x09b\\x0a");
}

// RFC 8259 leaves U+007F and above to the writer; a terminal acts on some of them.
TEST(Output, EscapesAllControlCharactersInJson) {
    const std::string value = "\x1b\x7f\xc2\x80\xc2\x9b\xc2\xa0";
    const std::string text = render(Format::Ndjson, Record{{"value", value}});
    EXPECT_EQ(text, "{\"value\":\"\\u001b\\u007f\\u0080\\u009b\xc2\xa0\"}\n");
    EXPECT_EQ(Json::parse(text)["value"], value);
}

TEST(Output, GivesBytesThatAreNoTextInBase64) {
    Record record;
    add_bytes(record, "value", "plain");
    add_bytes(record, "other", std::string_view("\xff\x00", 2));
    const Json json = Json::parse(render(Format::Json, record));
    EXPECT_EQ(json["value"], "plain");
    EXPECT_EQ(json["other_base64"], "/wA=");
    EXPECT_FALSE(json.contains("other"));
}

TEST(Output, ListsRecordsUnderTheColumnsOfTheFirst) {
    const std::vector<Record> records{{{"node", std::string("a")}, {"pid", std::uint64_t{7}}},
                                      {{"node", std::string("b")}, {"pid", std::monostate{}}}};
    EXPECT_EQ(render(Format::Table, records), "node  pid\na       7\nb       -\n");
}

TEST(Errors, SayWhatWhyAndWhatToDo) {
    const Error error = make_error(ErrorNumber::PortInUse, "127.0.0.1:7340 is taken");
    const std::string text = render_error(Format::Table, error);
    EXPECT_TRUE(text.starts_with("error WEFT-1004: 127.0.0.1:7340 is taken\n  because: ")) << text;
    EXPECT_NE(text.find("\n  try: "), std::string::npos) << text;
}

TEST(Errors, KeepTheLinesOfTheirTextAndNothingElse) {
    const Error error =
        make_error(ErrorNumber::CannotReachMesh, "node a ended:\n  try: \033]0;x\007\nlast");
    const std::string text = render_error(Format::Table, error);
    EXPECT_TRUE(
        text.starts_with("error WEFT-1006: node a ended:\n"
                         "  |   try: \\x1b]0;x\\x07\n"
                         "  | last\n"
                         "  because: "))
        << text;
}

TEST(Errors, CarryTheSameFieldsInJson) {
    const Error error = make_error(ErrorNumber::NoAnswerInTime, "5000 ms passed");
    const Json json =
        Json::parse(render_error(Format::Json, error, {{"request", std::string("id-1")}}))["error"];
    EXPECT_EQ(json["number"], "WEFT-7002");
    EXPECT_EQ(json["code"], "outcome_unknown");
    EXPECT_EQ(json["message"], "5000 ms passed");
    EXPECT_EQ(json["request"], "id-1");
    EXPECT_FALSE(json["because"].get<std::string>().empty());
    EXPECT_FALSE(json["try"].get<std::string>().empty());
}

TEST(Errors, AreColouredForPeopleOnly) {
    const Error error = make_error(ErrorNumber::NotFound, "kv/a has no value");
    const std::string plain = render_error(Format::Table, error);
    EXPECT_EQ(plain.find('\x1b'), std::string::npos);
    const std::string color = render_error(Format::Table, error, {}, true);
    EXPECT_TRUE(color.starts_with("\x1b[1;31merror WEFT-8102\x1b[0m: kv/a has no value\n"));
    for (const Format format : {Format::Json, Format::Ndjson})
        EXPECT_EQ(render_error(format, error, {}, true), render_error(format, error));
}

TEST(Colors, HaveThreeWords) {
    EXPECT_EQ(parse_color("always", 1), true);
    EXPECT_EQ(parse_color("never", 1), false);
    EXPECT_EQ(parse_color("auto", -1), false) << "no terminal";
    EXPECT_FALSE(parse_color("yes", 1));
}

TEST(Times, AreWrittenInUtc) {
    EXPECT_EQ(utc_time(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(utc_time(1795764503447), "2026-11-27T07:28:23.447Z");
    EXPECT_EQ(utc_time(951782400001), "2000-02-29T00:00:00.001Z");
    EXPECT_EQ(utc_time(-1), "1969-12-31T23:59:59.999Z");
}

// docs/operating.md promises these to scripts.
TEST(ExitCodes, AreThosePromised) {
    struct Case {
        ErrorNumber number;
        int code;
    };
    const Case cases[] = {
        {ErrorNumber::BadEntityId, 2},     {ErrorNumber::PayloadTooLarge, 2},
        {ErrorNumber::CannotReachMesh, 3}, {ErrorNumber::NotFound, 5},
        {ErrorNumber::ValueConflict, 6},   {ErrorNumber::LeadershipLost, 7},
        {ErrorNumber::NoAnswerInTime, 7},  {ErrorNumber::QueueFull, 8},
        {ErrorNumber::NoLeader, 8},        {ErrorNumber::DataDamaged, 10},
        {ErrorNumber::PortInUse, 78},      {ErrorNumber::BadConfiguration, 78},
        {ErrorNumber::ForeignData, 78},
    };
    for (const auto& c : cases) {
        const ErrorCode code = error_page(c.number).code;
        EXPECT_EQ(exit_code(exit_for(code)), c.code) << error_code_name(code);
    }
}

}  // namespace
}  // namespace weft::cli
