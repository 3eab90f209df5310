// `weft mesh repair-term` with real nodes: a mesh whose terms were forged elects and serves again.

#include "cli/stopped_mesh.h"
#include "tests/e2e/test_mesh.h"

#include <fmt/core.h>

namespace weft::e2e {
namespace {

constexpr Term kForged{std::uint64_t{1} << 60};

class RepairTerm : public MeshTest {
protected:
    std::vector<std::filesystem::path> folders() const {
        return {folder() / "a", folder() / "b", folder() / "c"};
    }
    // What one forged frame did to a node before terms were bounded.
    void forge_terms() const {
        const auto mesh = cli::StoppedMesh::open(folders());
        ASSERT_TRUE(mesh) << mesh.error().message;
        for (const auto& node : mesh->nodes()) {
            storage::WriteBatch batch;
            for (const auto& group : node.data->store().recover())
                batch.hard_state(group.group, {kForged, NodeId{}});
            ASSERT_TRUE(node.data->store().apply(batch));
        }
    }
};

TEST_F(RepairTerm, AMeshWithoutRoomForElectionsServesAgain) {
    for (int i = 0; i < 10; ++i) ASSERT_EQ(weft(fmt::format("put kv/k{} v{}", i, i)).exit_code, 0);
    const Ran running = weft("mesh repair-term a b c");
    EXPECT_EQ(running.exit_code, 6) << running.output;
    EXPECT_NE(running.output.find("WEFT-5005"), std::string::npos) << running.output;
    ASSERT_EQ(weft("dev down").exit_code, 0);
    EXPECT_EQ(weft("mesh repair-term --yes a b c").output, "nothing to repair\n");
    forge_terms();

    for (const char* name : {"a", "b", "c"}) weft(fmt::format("dev start {} --timeout 1s", name));
    EXPECT_NE(weft("put --timeout 2s kv/k0 lost").exit_code, 0) << "elected with forged terms";
    ASSERT_EQ(weft("dev down").exit_code, 0);

    const Ran missing = weft("mesh repair-term --yes a c");
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_NE(missing.output.find("missing: b"), std::string::npos) << missing.output;
    for (int i = 0; i < 2; ++i) {
        const auto plan = weft_json("mesh repair-term a b c");
        EXPECT_EQ(plan.size(), 3U * 65U);
        for (const auto& row : plan) EXPECT_EQ(row.value("state", ""), "planned") << row.dump();
    }
    const Ran done =
        weft(fmt::format("mesh repair-term --yes {0}/a {0}/b {0}/c", folder().string()));
    EXPECT_EQ(done.exit_code, 0) << done.output;
    EXPECT_NE(done.output.find("195 terms lowered"), std::string::npos) << done.output;
    EXPECT_EQ(weft("mesh repair-term a b c").output, "nothing to repair\n");

    const Ran started = weft("dev --detach");
    ASSERT_EQ(started.exit_code, 0) << started.output;
    EXPECT_TRUE(becomes_healthy(20));
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(weft(fmt::format("get kv/k{}", i)).output, fmt::format("v{}\n", i));
    EXPECT_EQ(weft("put kv/k0 new").exit_code, 0);
}

}  // namespace
}  // namespace weft::e2e
