// All data of a mesh that stands still, and the repair of its terms.

#include "cli/stopped_mesh.h"

#include "cli/dev_mesh.h"
#include "cli/term_repair.h"
#include "core/error.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <fstream>

namespace weft::cli {
namespace {

namespace fs = std::filesystem;

constexpr PartitionId kGroup{3};
constexpr Term kForged{std::uint64_t{1} << 60};

class StoppedMeshes : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_GE(sodium_init(), 0);
        make_mesh("mesh");
        for (const char* name : {"a", "b", "c"}) make_data("mesh", name);
    }

    fs::path at(const std::string& mesh, const std::string& node) const {
        return temp_.path() / mesh / node;
    }
    void make_mesh(const std::string& name) const {
        fs::create_directories(temp_.path() / name);
        ASSERT_TRUE(DevMesh::create(temp_.path() / name, {.nodes = 3, .first_port = 17'440}));
    }
    std::unique_ptr<storage::DataDirectory> open_data(const std::string& mesh,
                                                      const std::string& node) const {
        storage::DataDirectoryOptions options;
        options.path = NodeFolder{at(mesh, node)}.data();
        options.cluster = *read_cluster(at(mesh, node));
        options.node = read_node_record(at(mesh, node))->node;
        auto data = storage::DataDirectory::open(options);
        EXPECT_TRUE(data) << data.error().message;
        return data ? *std::move(data) : nullptr;
    }
    // As if somebody had forged a term after a log of term 5 was compacted.
    void make_data(const std::string& mesh, const std::string& node, NodeId vote = {}) const {
        const auto data = open_data(mesh, node);
        storage::WriteBatch batch;
        storage::LogBase base;
        base.index = LogIndex{10};
        base.term = Term{5};
        batch.move_base(kGroup, base);
        batch.hard_state(kGroup, {kForged, vote});
        ASSERT_TRUE(data->store().apply(batch));
    }
    std::vector<fs::path> all() const {
        return {at("mesh", "a"), at("mesh", "b"), at("mesh", "c")};
    }
    Error refusal(const std::vector<fs::path>& folders) const {
        const auto mesh = StoppedMesh::open(folders);
        EXPECT_FALSE(mesh);
        return mesh ? Error{} : mesh.error();
    }
    void expect_refusal(const std::vector<fs::path>& folders, ErrorNumber number,
                        const std::string& text) const {
        const Error error = refusal(folders);
        EXPECT_EQ(error.number, static_cast<std::uint16_t>(number)) << error.message;
        EXPECT_NE(error.message.find(text), std::string::npos) << error.message;
    }
    std::string bytes_of(const std::string& node) const {
        std::ifstream file(at("mesh", node) / "data" / "data.mdb", std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    storage::HardState hard_of(const std::string& node) const {
        const auto groups = open_data("mesh", node)->store().recover();
        EXPECT_EQ(groups.size(), 1U);
        return groups.at(0).hard;
    }

    test::TempFolder temp_;
};

TEST_F(StoppedMeshes, NeedEveryNodeOnce) {
    expect_refusal({at("mesh", "b")}, ErrorNumber::BadConfiguration, "missing: a, c");
    expect_refusal({at("mesh", "b"), at("mesh", "a"), at("mesh", "b")},
                   ErrorNumber::BadConfiguration, "are both of node b");
    expect_refusal({}, ErrorNumber::BadConfiguration, "no folder");
    expect_refusal({temp_.path()}, ErrorNumber::DirectoryUnusable, "not a node's folder");
}

TEST_F(StoppedMeshes, TakeNoFolderOfAnother) {
    make_mesh("other");
    make_data("other", "c");
    expect_refusal({at("mesh", "a"), at("mesh", "b"), at("other", "c")}, ErrorNumber::ForeignData,
                   at("other", "c").string() + " is of mesh");
    fs::copy_file(at("mesh", "c") / "genesis", at("other", "c") / "genesis",
                  fs::copy_options::overwrite_existing);
    expect_refusal({at("mesh", "a"), at("mesh", "b"), at("mesh", "c"), at("other", "c")},
                   ErrorNumber::ForeignData, "no node of its mesh");
    // The data of one node under the name of another.
    fs::remove_all(at("mesh", "c") / "data");
    fs::copy(at("mesh", "b") / "data", at("mesh", "c") / "data");
    expect_refusal(all(), ErrorNumber::ForeignData, "node c: ");
}

TEST_F(StoppedMeshes, AreRefusedWhileANodeRuns) {
    const auto running = open_data("mesh", "b");
    expect_refusal(all(), ErrorNumber::DirectoryInUse, "node b: ");
}

TEST_F(StoppedMeshes, KeepTheirNodesFromStarting) {
    const auto mesh = StoppedMesh::open(all());
    ASSERT_TRUE(mesh) << mesh.error().message;
    expect_refusal(all(), ErrorNumber::DirectoryInUse, "node a: ");
}

// A node without data may have lost what it had promised.
TEST_F(StoppedMeshes, MakeNoDataWhereThereAreNone) {
    fs::remove_all(at("mesh", "b") / "data");
    expect_refusal(all(), ErrorNumber::DirectoryUnusable, "holds no data");
    EXPECT_FALSE(fs::exists(at("mesh", "b") / "data"));
}

TEST_F(StoppedMeshes, ArePlannedWithoutAChangeAndRepairedOnce) {
    const std::string before = bytes_of("b");
    {
        auto mesh = StoppedMesh::open(all());
        ASSERT_TRUE(mesh) << mesh.error().message;
        const TermPlan plan = plan_of(*mesh);
        EXPECT_EQ(count_lowered(plan), 3U);
        EXPECT_EQ(render(Format::Csv, term_rows(*mesh, plan, false)),
                  "node,partition,term,after,state,reason\n"
                  "a,3,1152921504606846976,6,planned,nothing above: the log of a begins behind an "
                  "entry of term 5\n"
                  "b,3,1152921504606846976,6,planned,nothing above: the log of a begins behind an "
                  "entry of term 5\n"
                  "c,3,1152921504606846976,6,planned,nothing above: the log of a begins behind an "
                  "entry of term 5\n");
        EXPECT_EQ(bytes_of("b"), before);
        ASSERT_TRUE(lower_terms(*mesh, plan));
        EXPECT_EQ(count_lowered(plan_of(*mesh)), 0U);
        EXPECT_TRUE(term_rows(*mesh, plan_of(*mesh), true).empty());
    }
    for (const char* name : {"a", "b", "c"})
        EXPECT_EQ(hard_of(name), (storage::HardState{Term{6}, NodeId{}})) << name;
}

TEST_F(StoppedMeshes, AreRepairedToTheEndByTheNextWhenOneEndedInBetween) {
    {
        const auto data = open_data("mesh", "a");
        storage::WriteBatch batch;
        batch.hard_state(kGroup, {Term{6}, NodeId{}});
        ASSERT_TRUE(data->store().apply(batch));
    }
    auto mesh = StoppedMesh::open(all());
    ASSERT_TRUE(mesh) << mesh.error().message;
    const TermPlan plan = plan_of(*mesh);
    ASSERT_EQ(count_lowered(plan), 2U);
    EXPECT_EQ(plan[0].after, Term{6});
}

TEST_F(StoppedMeshes, KeepATermInWhichANodeVoted) {
    make_data("mesh", "b", read_node_record(at("mesh", "a"))->node);
    auto mesh = StoppedMesh::open(all());
    ASSERT_TRUE(mesh) << mesh.error().message;
    const TermPlan plan = plan_of(*mesh);
    EXPECT_EQ(count_lowered(plan), 0U);
    EXPECT_EQ(render(Format::Csv, term_rows(*mesh, plan, true)),
              "node,partition,term,after,state,reason\n"
              "b,3,1152921504606846976,1152921504606846976,kept,node b voted in term "
              "1152921504606846976\n");
}

}  // namespace
}  // namespace weft::cli
