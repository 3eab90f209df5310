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

Table status(const std::vector<std::vector<std::string>>& rows) {
    Table table{{"node", "members_alive", "members_suspect", "members_dead", "members_left",
                 "members_unseen", "members_not_alive"},
                {false, true, true, true, true, true, false},
                rows};
    return table;
}

TEST(MembersView, StatusCountsMembersAndNamesWhoIsNotAlive) {
    EXPECT_EQ(members_text(status({{"a", "2", "0", "0", "0", "0", "-"}})), "members: 2 alive\n");
    EXPECT_EQ(members_text(status({{"a", "0", "1", "1", "0", "3", "b c d e f"}})),
              "members: 0 alive, 1 suspect, 1 dead, 3 unseen: b c d e f\n");
    const std::vector<std::string> gone{"a", "2", "0", "0", "1", "0", "b"};
    EXPECT_EQ(members_text(status({gone, {"b", "-", "-", "-", "-", "-", "-"}})),
              "members: 2 alive, 1 left: b\n")
        << "who is silent has no view";
}

TEST(MembersView, StatusHasALineForEachViewThatDiffers) {
    EXPECT_EQ(members_text(status({{"a", "2", "0", "1", "0", "0", "c"},
                                   {"b", "2", "0", "1", "0", "0", "c"},
                                   {"c", "1", "0", "2", "0", "0", "a b"}})),
              "members by c: 1 alive, 2 dead: a b\nmembers by a b: 2 alive, 1 dead: c\n");
    EXPECT_EQ(members_text({{"node", "boot"}, {false, true}, {{"a", "1"}}}), "")
        << "of a version that does not tell";
}

// In an upgrade a silent member must not be shown with what another thinks it runs.
TEST(MembersView, TakesTheVersionOfAMemberFromItsOwnAnswer) {
    const auto told = [](const std::string& of_a, const std::string& of_b) {
        return Table{{"member", "state", "boot", "refutations", "version"},
                     {false, false, true, true, false},
                     {{"a", "alive", "1", "0", of_a}, {"b", "alive", "1", "0", of_b}}};
    };
    const NodeAnswer a{"a", "", told("0.2.0", "9.9.9")}, b{"b", "", told("-", "0.1.0")};
    const NodeAnswer silent{"b", "", fail(ErrorNumber::CannotReachMesh, "it is down")};
    EXPECT_EQ(cell(merged_members({a, b}), 0, "version"), "0.2.0");
    EXPECT_EQ(cell(merged_members({a, b}), 1, "version"), "0.1.0");
    EXPECT_EQ(cell(merged_members({a, silent}), 1, "version"), "-");
    EXPECT_EQ(cell(merged_members({{"b", "", view("alive", "-", "1", "z")}}), 0, "version"), "-")
        << "of a version that does not tell";
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
