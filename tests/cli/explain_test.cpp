#include "cli/explain.h"

#include "cli/exit_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace weft::cli {
namespace {

std::string read(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Explain, FindsEveryPageInEveryWriting) {
    for (const ErrorPage& page : error_pages()) {
        const std::string number = std::to_string(static_cast<int>(page.number));
        for (const std::string& typed : {number, "WEFT-" + number, "weft-" + number}) {
            const auto found = find_error_page(typed);
            ASSERT_TRUE(found) << typed;
            EXPECT_EQ(*found, &page);
        }
        const Record record = describe_error(page);
        EXPECT_EQ(std::get<std::string>(record.front().value), "WEFT-" + number);
        EXPECT_FALSE(std::get<std::string>(record.back().value).empty()) << number;
    }
}

TEST(Explain, NamesTheNearestOfANumberThatNoErrorHas) {
    struct Case {
        const char* typed;
        const char* nearest;
    };
    for (const auto& c : {Case{"2009", "WEFT-2002"}, Case{"WEFT-1000", "WEFT-1003"},
                          Case{"0", "WEFT-1003"}, Case{"99999999999999", "WEFT-9001"}}) {
        const auto found = find_error_page(c.typed);
        ASSERT_FALSE(found) << c.typed;
        EXPECT_EQ(found.error().code, ErrorCode::NotFound);
        EXPECT_EQ(found.error().number, std::uint16_t(ErrorNumber::NotThere));
        EXPECT_NE(found.error().message.find(c.nearest), std::string::npos)
            << found.error().message;
    }
    for (const char* typed : {"", "WEFT-", "conflict", "-5", "20 02", "2002x", "WEFT--2002"}) {
        const auto found = find_error_page(typed);
        ASSERT_FALSE(found) << typed;
        EXPECT_EQ(found.error().code, ErrorCode::Configuration) << typed;
    }
}

TEST(Explain, TellsTheExitCodeThatTheProgramEndsWith) {
    for (const auto& [number, exit] :
         {std::pair{"1009", 74}, {"1010", 3}, {"1011", 9}, {"8103", 5}}) {
        const auto page = find_error_page(number);
        ASSERT_TRUE(page) << number;
        const Record record = describe_error(**page);
        const auto field = std::ranges::find(record, "exit", &Field::name);
        ASSERT_NE(field, record.end());
        EXPECT_EQ(std::get<std::int64_t>(field->value), exit) << number;
    }
    for (const char* number : {"1003", "1005"}) {
        const Record record = describe_error(**find_error_page(number));
        const std::string meaning = std::get<std::string>(record.back().value);
        EXPECT_TRUE(meaning.ends_with("; 2 if it is the command line that is wrong")) << meaning;
    }
}

// docs/errors.md may hold no page that the table lacks: the other half of core's test.
TEST(Explain, DocumentationHasNoPageOfItsOwn) {
    const std::string docs = read(WEFT_SOURCE_DIR "/docs/errors.md");
    std::set<std::string> documented, known;
    for (std::size_t at = docs.find("\n## WEFT-"); at != std::string::npos;
         at = docs.find("\n## WEFT-", at + 1))
        documented.insert(docs.substr(at + 9, 4));
    for (const ErrorPage& page : error_pages())
        known.insert(std::to_string(static_cast<int>(page.number)));
    EXPECT_EQ(documented, known);
    for (const ErrorPage& page : error_pages())
        EXPECT_NE(docs.find("`" + std::string(error_code_name(page.code)) + "`"),
                  std::string::npos);
}

TEST(Explain, ExitCodesAreThoseOfTheDocumentation) {
    std::istringstream docs(read(WEFT_SOURCE_DIR "/docs/operating.md"));
    std::set<int> documented, known;
    std::string line;
    while (std::getline(docs, line) && line != "## Exit codes") {
    }
    while (std::getline(docs, line) && !line.starts_with("## "))
        if (line.starts_with("| ") && line[2] >= '0' && line[2] <= '9')
            documented.insert(std::stoi(line.substr(2)));
    for (const ExitPage& page : exit_pages()) {
        known.insert(exit_code(page.code));
        EXPECT_EQ(exit_meaning(page.code), page.meaning);
    }
    EXPECT_EQ(documented, known);
    for (int code = 1; code <= static_cast<int>(ErrorCode::Internal); ++code)
        EXPECT_FALSE(exit_meaning(exit_for(static_cast<ErrorCode>(code))).empty()) << code;
}

}  // namespace
}  // namespace weft::cli
