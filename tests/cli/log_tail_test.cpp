#include "cli/log_tail.h"

#include "tests/support/temp_folder.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace weft::cli {
namespace {

class Logs : public ::testing::Test {
protected:
    void add(const std::string& text) const { std::ofstream(path(), std::ios::app) << text; }
    std::filesystem::path path() const { return folder.path() / "log"; }

    const test::TempFolder folder;
};

std::string all_of(LogTail& tail) {
    std::string text;
    for (std::string more = tail.read(); !more.empty(); more = tail.read()) text += more;
    return text;
}

TEST_F(Logs, BeginAtTheLastLines) {
    add("one\ntwo\nthree\nfour\n");
    struct Case {
        std::uint64_t lines;
        const char* text;
    };
    for (const auto& c :
         {Case{0, ""}, Case{1, "four\n"}, Case{3, "two\nthree\nfour\n"},
          Case{4, "one\ntwo\nthree\nfour\n"}, Case{UINT64_MAX, "one\ntwo\nthree\nfour\n"}}) {
        auto tail = LogTail::open(path(), c.lines);
        ASSERT_TRUE(tail);
        EXPECT_EQ(all_of(*tail), c.text) << c.lines;
        EXPECT_EQ(tail->rest(), "");
    }
    add("half");
    auto tail = LogTail::open(path(), 2);
    EXPECT_EQ(all_of(*tail), "four\n");
    EXPECT_EQ(tail->rest(), "half");
    const auto none = LogTail::open(folder.path() / "none", 1);
    EXPECT_EQ(none.error().code, ErrorCode::NotFound);
    EXPECT_EQ(none.error().number, std::uint16_t(ErrorNumber::NotThere)) << "no entity is meant";
}

// Lines and the blocks in which a file is read have nothing to do with each other.
TEST_F(Logs, OfManyBlocksBeginRight) {
    std::string text;
    for (int i = 0; i < 40'000; ++i) text += "line " + std::to_string(i) + "\n";
    add(text);
    for (const std::uint64_t lines : {1ULL, 4'999ULL, 20'000ULL, 39'999ULL}) {
        auto tail = LogTail::open(path(), lines);
        const std::string begin = "line " + std::to_string(40'000 - lines) + "\n";
        EXPECT_EQ(all_of(*tail), text.substr(text.find(begin))) << lines;
    }
    std::string long_line;
    for (int i = 0; i < 20'000; ++i) long_line += "0123456789";
    long_line += "\nend\n";
    add(long_line);
    auto tail = LogTail::open(path(), 2);
    EXPECT_EQ(all_of(*tail), long_line);
}

TEST_F(Logs, ShowWhatIsAddedInWholeLines) {
    add("one\n");
    auto tail = LogTail::open(path(), 0);
    EXPECT_EQ(tail->read(), "");
    add("tw");
    EXPECT_EQ(tail->read(), "");
    add("o\nthree\n");
    EXPECT_EQ(all_of(*tail), "two\nthree\n");
}

TEST_F(Logs, GoOnInAFileThatTookTheName) {
    add("one\n");
    auto tail = LogTail::open(path(), 1);
    EXPECT_EQ(all_of(*tail), "one\n");
    std::filesystem::rename(path(), folder.path() / "log.1");
    EXPECT_EQ(tail->read(), "") << "the new one is not there yet";
    std::ofstream(folder.path() / "log.1", std::ios::app) << "late\nhalf";
    EXPECT_EQ(tail->read(), "late\n") << "its writer still has the old one";
    add("new\n");
    EXPECT_EQ(all_of(*tail), "half\nnew\n");
    add("newer\n");
    EXPECT_EQ(all_of(*tail), "newer\n");
}

TEST_F(Logs, GoOnAtTheBeginOfAFileThatWasCutShort) {
    add("one\ntwo\n");
    auto tail = LogTail::open(path(), 10);
    EXPECT_EQ(all_of(*tail), "one\ntwo\n");
    std::filesystem::resize_file(path(), 0);
    EXPECT_EQ(tail->read(), "");
    add("new\n");
    EXPECT_EQ(all_of(*tail), "new\n");
}

}  // namespace
}  // namespace weft::cli
