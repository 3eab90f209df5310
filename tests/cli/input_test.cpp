#include "cli/input.h"

#include "core/error.h"
#include "tests/support/temp_folder.h"
#include "weft/types.h"

#include <gtest/gtest.h>

#include <fstream>

namespace weft::cli {
namespace {

// What `weft put WORDS...` is given.
class InputTest : public ::testing::Test {
protected:
    InputTest() {
        Command& verb = grammar_.root().verb("put", "store");
        input.add_address(verb, "KV_ID", "the id");
        input.add_value(verb, "VALUE", "the value");
    }
    void given(std::vector<std::string> words) {
        words.insert(words.begin(), "put");
        const Parsed parsed = grammar_.parse(words);
        EXPECT_EQ(parsed.kind, Parsed::Kind::Run) << parsed.message;
    }
    std::string file(const std::string& bytes) {
        const auto path = temp_.path() / ("file-" + std::to_string(files_++));
        std::ofstream(path, std::ios::binary) << bytes;
        return path.string();
    }

    Input input;

private:
    Grammar grammar_{"weft", "test"};
    test::TempFolder temp_;
    int files_ = 0;
};

TEST_F(InputTest, TakesTheAddressAndThenValues) {
    given({"kv/a", "@file -x"});
    EXPECT_EQ(input.address(), "kv/a");
    EXPECT_EQ(input.values(), std::vector<std::string>{"@file -x"});
    EXPECT_EQ(input.value("@file -x"), "@file -x") << "no sign in a value has a meaning";
}

TEST_F(InputTest, TakesTheAddressFromAFileAndMovesTheValuesUp) {
    given({"--id-file", file("kv/with space\t\xc3\xa9\n"), "value"});
    EXPECT_EQ(input.address(), "kv/with space\t\xc3\xa9") << "an editor's line end is none of it";
    EXPECT_EQ(input.values(), std::vector<std::string>{"value"});
}

TEST_F(InputTest, OnlyOneLineEndIsNotPartOfTheAddress) {
    given({"--id-file", file("kv/a\n\r\n")});
    EXPECT_EQ(input.address(), "kv/a\n");
}

TEST_F(InputTest, RefusesAnAddressFromTwoPlacesOrNone) {
    given({"kv/a", "value", "--id-file", file("kv/b")});
    const auto two = input.address();
    ASSERT_FALSE(two.has_value());
    EXPECT_EQ(two.error().code, ErrorCode::Malformed) << "exit code 2";
    EXPECT_EQ(two.error().number, 1005);
    const auto none = Input().address();
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, ErrorCode::Malformed);
}

TEST_F(InputTest, ReadsFilesByteByByteUpToTheLimitOfAValue) {
    const std::string bytes("\0\xff\r\n", 4);
    EXPECT_EQ(input.file(file(bytes)), bytes);
    EXPECT_EQ(input.file(file("")), "");
    EXPECT_EQ(input.file(file(std::string(kPayloadBytesMax, 'x')))->size(), kPayloadBytesMax);
    const auto large = input.file(file(std::string(kPayloadBytesMax + 1, 'x')));
    ASSERT_FALSE(large.has_value());
    EXPECT_EQ(large.error().number, static_cast<std::uint16_t>(ErrorNumber::PayloadTooLarge));
    const auto missing = input.file("/no/such/file");
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().number, static_cast<std::uint16_t>(ErrorNumber::BadConfiguration));
    EXPECT_EQ(missing.error().code, ErrorCode::Malformed);
    EXPECT_FALSE(input.file("/").has_value()) << "a folder";
}

}  // namespace
}  // namespace weft::cli
