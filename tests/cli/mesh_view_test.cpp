#include "cli/mesh_view.h"

#include "cli/health_view.h"
#include "core/error.h"

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

NodeAnswer refused(std::string name, ErrorNumber why) {
    return {std::move(name), "127.0.0.1:1", fail(why, "it said why")};
}

TEST(MeshView, KeepsTheKindsOfColumnsWhenAnswersAreJoined) {
    const Table one{
        {"id", "boot", "ready"}, {false, true, false}, {{"a", "1", "true"}}, {false, false, true}};
    const Table joint =
        joined({refused("x", ErrorNumber::CannotReachMesh), {"a", "", one}, {"b", "", one}});
    EXPECT_EQ(joint.rows.size(), 2u);
    EXPECT_EQ(joint.numeric, one.numeric);
    EXPECT_EQ(joint.flags, one.flags);
}

// "Nobody answers" of a dead node must not hide what a living one says.
TEST(MeshView, TellsTheErrorOfANodeThatAnswered) {
    const std::vector<NodeAnswer> answers{refused("a", ErrorNumber::CannotReachMesh),
                                          refused("b", ErrorNumber::UnknownEntityType)};
    EXPECT_EQ(telling_error(answers).number,
              static_cast<std::uint16_t>(ErrorNumber::UnknownEntityType));
    const std::vector<NodeAnswer> silent{refused("a", ErrorNumber::CannotReachMesh)};
    EXPECT_EQ(telling_error(silent).code, ErrorCode::CannotReach);
}

TEST(MeshView, MissingNodesMakeAnAnswerPartial) {
    const Shell shell;
    const NodeAnswer good{"a", "", Table{}};
    EXPECT_EQ(report_missing(shell, {good, good}), exit_code(Exit::Ok));
    EXPECT_EQ(report_missing(shell, {good, refused("b", ErrorNumber::PartitionNotHosted)}),
              exit_code(Exit::Ok))
        << "it holds no part of it";
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(report_missing(shell, {good, refused("b", ErrorNumber::CannotReachMesh)}),
              exit_code(Exit::Partial));
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(said.starts_with("error WEFT-1011: 1 of 2 nodes did not answer: b (it said why)\n"))
        << said;
}

TEST(MeshView, NamesTheNodesThatDidNotAnswer) {
    const NodeAnswer follower = refused("a", ErrorNumber::NoLeader);
    EXPECT_EQ(missing_nodes({follower, {"b", "", Table{}}}), "");
    EXPECT_EQ(missing_nodes({follower, refused("b", ErrorNumber::CannotReachMesh),
                             refused("c", ErrorNumber::NoAnswerInTime)}),
              "2 of 3 nodes did not answer: b (it said why), c (it said why)");
}

TEST(HealthView, SaysWhyANodeDidNotAnswer) {
    const Health health = judge({refused("b", ErrorNumber::CannotReachMesh)});
    EXPECT_FALSE(health.healthy);
    ASSERT_EQ(health.reasons.size(), 1u);
    EXPECT_EQ(health.reasons[0], "b: no answer: it said why (WEFT-1006)");
}

}  // namespace
}  // namespace weft::cli
