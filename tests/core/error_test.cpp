#include "core/error.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace weft {

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The numbers as the enumeration in weft/errors.h lists them.
std::set<int> numbers_in_the_header() {
    std::istringstream header(read_file(WEFT_SOURCE_DIR "/include/weft/errors.h"));
    std::set<int> numbers;
    std::string line;
    bool inside = false;
    while (std::getline(header, line)) {
        if (line.starts_with("enum class ErrorNumber")) inside = true;
        if (inside && line.starts_with("};")) break;
        const std::size_t equals = line.find(" = ");
        if (inside && equals != std::string::npos) {
            EXPECT_TRUE(numbers.insert(std::stoi(line.substr(equals + 3))).second) << line;
        }
    }
    return numbers;
}

TEST(ErrorTable, EveryNumberHasAPage) {
    std::set<int> pages;
    for (const ErrorPage& page : error_pages()) pages.insert(static_cast<int>(page.number));
    EXPECT_EQ(pages.size(), error_pages().size());
    EXPECT_FALSE(pages.empty());
    EXPECT_EQ(pages, numbers_in_the_header());
}

TEST(ErrorTable, EveryPageSaysWhatWhyAndWhatToDo) {
    int before = 0;
    for (const ErrorPage& page : error_pages()) {
        const int number = static_cast<int>(page.number);
        SCOPED_TRACE(number);
        EXPECT_GT(number, before);
        before = number;
        EXPECT_EQ(&error_page(page.number), &page);
        EXPECT_FALSE(page.title.empty());
        EXPECT_FALSE(page.title.ends_with('.')) << "the command line puts the title in a sentence";
        EXPECT_TRUE(page.because.ends_with('.'));
        EXPECT_TRUE(page.try_this.ends_with('.'));
    }
}

TEST(ErrorTable, DocumentationCarriesTheSameTexts) {
    const std::string docs = read_file(WEFT_SOURCE_DIR "/docs/errors.md");
    for (const ErrorPage& page : error_pages()) {
        const std::string expected =
            fmt::format("## WEFT-{}: {}\n\ncode: `{}`\n\nbecause: {}\n\ntry: {}\n",
                        static_cast<int>(page.number), page.title, error_code_name(page.code),
                        page.because, page.try_this);
        EXPECT_NE(docs.find(expected), std::string::npos) << "docs/errors.md lacks:\n" << expected;
    }
}

TEST(ErrorTable, UnknownNumbersShowTheFaultPage) {
    EXPECT_EQ(error_page(ErrorNumber{1}).number, ErrorNumber::Bug);
    EXPECT_EQ(error_page(ErrorNumber{9999}).number, ErrorNumber::Bug);
    EXPECT_EQ(error_page(ErrorNumber{3006}).number, ErrorNumber::Bug);
}

TEST(ErrorTable, EveryCodeHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (int code = 1; code <= static_cast<int>(ErrorCode::Internal); ++code)
        names.insert(error_code_name(static_cast<ErrorCode>(code)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorCode::Internal));
    EXPECT_EQ(error_code_name(ErrorCode::NotLeader), "not_leader");
    EXPECT_EQ(error_code_name(static_cast<ErrorCode>(200)), "internal");
}

// P-once: a repeat is offered freely only where nothing was done.
TEST(ErrorTable, CodesTellTheCallerWhatToDo) {
    struct Case {
        ErrorNumber number;
        ErrorCode code;
        bool retryable;
        bool unknown;
    };
    const Case cases[] = {
        {ErrorNumber::NoLeader, ErrorCode::NotLeader, true, false},
        {ErrorNumber::QueueFull, ErrorCode::Overloaded, true, false},
        {ErrorNumber::DeadlinePassed, ErrorCode::DeadlineExceeded, true, false},
        {ErrorNumber::LeadershipLost, ErrorCode::OutcomeUnknown, false, true},
        {ErrorNumber::NoAnswerInTime, ErrorCode::OutcomeUnknown, false, true},
        {ErrorNumber::EntityRejected, ErrorCode::Rejected, false, false},
        {ErrorNumber::ValueConflict, ErrorCode::Rejected, false, false},
        {ErrorNumber::SessionExpired, ErrorCode::Expired, false, false},
        {ErrorNumber::DiskFull, ErrorCode::StorageFailed, false, false},
        {ErrorNumber::DataDamaged, ErrorCode::Corrupt, false, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(static_cast<int>(c.number));
        const Error error = make_error(c.number, "said");
        EXPECT_EQ(error.code, c.code);
        EXPECT_EQ(error.number, static_cast<std::uint16_t>(c.number));
        EXPECT_EQ(error.message, "said");
        EXPECT_EQ(error.is_retryable(), c.retryable);
        EXPECT_EQ(error.outcome_unknown(), c.unknown);
    }
}

TEST(ErrorTable, FailFormatsItsMessage) {
    const Result<int> result = fail(ErrorNumber::BadEntityId, "{} bytes, at most {}", 49, 48);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), (Error{ErrorCode::Malformed, 3001, "49 bytes, at most 48"}));
}

}  // namespace

}  // namespace weft
