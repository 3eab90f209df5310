// A new rule of the node is woken in time and checked with the others.

#include "tests/tidy/tidy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::tidy {
namespace {

TEST(Switchboard, AsksEachFieldForItsDeadlineAndItsCheck) {
    const auto found = check_switchboard(load_tree(WEFT_SOURCE_DIR));
    EXPECT_TRUE(found.empty()) << describe(found);
}

// ---- planted ------------------------------------------------------------------------------------

std::vector<std::string> found_with(const std::string& deadlines, const std::string& checks) {
    std::vector<std::string> said;
    const std::vector<SourceFile> files = {
        {"node/a.h",
         "\nclass A {\npublic:\n    Instant deadline() const;\n    void check() const;\n"
         "private:\n    Instant due_;\n};\n"},
        {"node/disk/b.h",
         "\nstruct B {\n    Instant deadline(bool full) const { return due; }\n"
         "    struct In {\n        void check() const;\n    };\n};\n"},
        {"node/state.h",
         "struct Node::State {\n    Instant next_deadline() const;\n"
         "    void check() const;\n    A one;\n    B other{4};  // why\n};\n"},
        {"node/node.cpp", "Instant Node::State::next_deadline() const {\n    return std::min({" +
                              deadlines + "});\n}\n\nvoid Node::State::check() const {\n    " +
                              checks + "\n}\n"}};
    for (const Violation& each : check_switchboard(files)) said.push_back(each.what);
    return said;
}

TEST(Switchboard, FindsAFieldThatIsNotAsked) {
    using Said = std::vector<std::string>;
    const std::string both = "one.deadline(), other.deadline(true)";
    EXPECT_EQ(found_with(both, "one.check();"), Said{});
    EXPECT_EQ(found_with("one.deadline()", "one.check();"),
              Said{"other.deadline() is not in Node::State::next_deadline()"});
    EXPECT_EQ(found_with("none.deadline(), other.deadline(true)", "one.check();"),
              Said{"one.deadline() is not in Node::State::next_deadline()"});
    EXPECT_EQ(found_with(both, "// one.check();"),
              Said{"one.check() is not in Node::State::check()"});
    EXPECT_EQ(check_switchboard({}).size(), 2U) << "nor that nothing is there";
}

}  // namespace
}  // namespace weft::tidy
