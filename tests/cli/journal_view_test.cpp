#include "cli/journal_view.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace weft::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kNoLimit = 1 << 20;

// A value, a value of bytes that is cut, an event, and a row without either.
Table answer() {
    return {{"index", "term", "stamp", "what", "value", "events", "left_out"},
            {true, true, true, false, false, false, true},
            {{"2", "1", "1795764503447", "value of 8 bytes", "apples=2", "-", "0"},
             {"3", "1", "1795764503448", "value of 9 bytes", "\xff\x01", "-", "7"},
             {"4", "-", "1795764503449", "", "", "05000000", "0"},
             {"5", "1", "0", "deleted", "", "-", "-"}}};
}

TEST(JournalView, ShowsPeopleTextOrHexInTheWidthOfALine) {
    EXPECT_EQ(shown_value("apples=2", false, 40), "apples=2");
    EXPECT_EQ(shown_value("", false, 40), "");
    EXPECT_EQ(shown_value("apples=2", false, 6), "apples...");
    EXPECT_EQ(shown_value("apples=2", true, 40), "apples=2...");
    EXPECT_EQ(shown_value("\xff\x01", false, 40), "0xff01");
    EXPECT_EQ(shown_value(std::string(100, '\xff'), false, 6), "0xffff...");
    EXPECT_EQ(shown_value("h\u00e4user", false, 2), "h\u00e4...") << "characters, not bytes";
    EXPECT_EQ(shown_value("ab\xc3", true, 40), "ab...") << "cut within a character";
    EXPECT_EQ(shown_value("ab\xc3", false, 40), "0x6162c3") << "whole, and no text";
    EXPECT_EQ(shown_value(std::string(5000, 'x'), false, kNoLimit), std::string(5000, 'x'));
}

TEST(JournalView, PutsTheValueBehindWhatHappened) {
    const Table table = journal_table(answer(), false);
    EXPECT_EQ(table.columns, (std::vector<std::string>{"index", "term", "time", "what"}));
    ASSERT_EQ(table.rows.size(), 4U);
    EXPECT_EQ(table.rows[0][2], "2026-11-27T07:28:23.447Z");
    EXPECT_EQ(table.rows[0][3], "value of 8 bytes: apples=2");
    EXPECT_EQ(table.rows[1][3], "value of 9 bytes: 0xff01...");
    EXPECT_EQ(table.rows[2][3], "05000000");
    EXPECT_EQ(table.rows[3][2], "-");
    EXPECT_EQ(table.rows[3][3], "deleted");
}

TEST(JournalView, GivesProgramsEverything) {
    const Json json = Json::parse(render(Format::Json, journal_records(answer(), false)));
    ASSERT_EQ(json.size(), 4U);
    EXPECT_EQ(json[0]["index"], 2);
    EXPECT_EQ(json[0]["stamp"], 1795764503447);
    EXPECT_EQ(json[0]["time"], "2026-11-27T07:28:23.447Z");
    EXPECT_EQ(json[0]["value"], "apples=2");
    EXPECT_FALSE(json[0].contains("value_base64") || json[0].contains("events"));
    EXPECT_EQ(json[1]["value_base64"], "/wE=");
    EXPECT_EQ(json[1]["left_out"], 7);
    EXPECT_FALSE(json[1].contains("value"));
    EXPECT_EQ(json[2]["events"], "05000000");
    EXPECT_TRUE(json[2]["term"].is_null());
    EXPECT_FALSE(json[3].contains("value") || json[3].contains("left_out"));
    EXPECT_EQ(render(Format::Csv, journal_records(answer(), true)),
              "index,term,stamp,time,what,value,value_base64,events,left_out\n"
              "2,1,1795764503447,2026-11-27T07:28:23.447Z,value of 8 bytes,apples=2,,,0\n"
              "3,1,1795764503448,2026-11-27T07:28:23.448Z,value of 9 bytes,,/wE=,,7\n"
              "4,-,1795764503449,2026-11-27T07:28:23.449Z,,,,05000000,0\n"
              "5,1,0,-,deleted,,,,-\n");
}

// A node of an older weft says nothing of values.
TEST(JournalView, TakesAnAnswerWithoutValues) {
    const Table old{{"index", "stamp", "what"}, {true, true, false}, {{"2", "7", "1 events"}}};
    EXPECT_EQ(journal_table(old, true).rows[0][2], "1 events");
    const Json json = Json::parse(render(Format::Json, journal_records(old, false)));
    EXPECT_FALSE(json[0].contains("value"));
    EXPECT_EQ(json[0]["what"], "1 events");
}

}  // namespace
}  // namespace weft::cli
