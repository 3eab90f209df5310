#include "cli/members_view.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::cli {
namespace {

Table view(const std::string& state, const std::string& accusers, const std::string& boot,
           const std::string& zone) {
    return {{"member", "state", "accusers", "boot", "refutations", "zone"},
            {false, false, false, true, true, false},
            {{"b", state, accusers, boot, "0", zone}}};
}

TEST(MembersView, SaysOnceWhatAllAgreeOn) {
    const Table merged = merged_members(
        {{"a", "", view("alive", "-", "1", "z")}, {"c", "", view("alive", "-", "1", "z")}});
    ASSERT_EQ(merged.rows.size(), 1U);
    EXPECT_EQ(cell(merged, 0, "state"), "alive");
    EXPECT_EQ(cell(merged, 0, "accusers"), "-");
    EXPECT_EQ(cell(merged, 0, "zone"), "z");
}

TEST(MembersView, CountsViewsThatDifferAndNamesAllAccusers) {
    const Table merged =
        merged_members({{"a", "", view("suspect", "c a", "2", "old")},
                        {"c", "", view("suspect", "c", "2", "old")},
                        {"d", "", view("alive", "-", "3", "new")},
                        {"e", "", fail(ErrorNumber::CannotReachMesh, "it is down")}});
    ASSERT_EQ(merged.rows.size(), 1U);
    EXPECT_EQ(cell(merged, 0, "state"), "alive 1, suspect 2");
    EXPECT_EQ(cell(merged, 0, "accusers"), "a c");
    EXPECT_EQ(cell(merged, 0, "boot"), "3");
    EXPECT_EQ(cell(merged, 0, "zone"), "new") << "by the newest incarnation";
}

TEST(MembersView, TakesNumbersThatAreNone) {
    const Table merged = merged_members(
        {{"a", "", view("alive", "-", "", "z")}, {"c", "", view("alive", "-", "x9", "z")}});
    EXPECT_EQ(merged.rows.size(), 1U);
}

TEST(MembersView, ASilentNodeHasARowInTheViewsOfEach) {
    const Table each = each_view({{"a", "", view("alive", "-", "1", "z")},
                                  {"b", "", fail(ErrorNumber::CannotReachMesh, "it is down")}});
    ASSERT_EQ(each.rows.size(), 2U);
    EXPECT_EQ(cell(each, 1, "node"), "b");
    EXPECT_EQ(cell(each, 1, "state"), "no answer");
}

}  // namespace
}  // namespace weft::cli
