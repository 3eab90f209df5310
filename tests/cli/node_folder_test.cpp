#include "cli/node_folder.h"

#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/stat.h>

namespace weft::cli {
namespace {

routing::NodeRecord wanted() {
    routing::NodeRecord record;
    record.name = "a";
    record.zone = "z";
    record.host = "h";
    record.mesh_address = "127.0.0.1:7340";
    record.client_address = "127.0.0.1:7341";
    return record;
}

class NodeFolders : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_GE(sodium_init(), 0); }
    std::filesystem::path folder() const { return temp_.path() / "a"; }
    test::TempFolder temp_;
};

TEST_F(NodeFolders, KeepTheIdentityThatWasMade) {
    const auto made = init_node(folder(), wanted());
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(is_node_folder(folder()));
    const auto read = read_node_record(folder());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, *made);
    EXPECT_TRUE(check_node_key(folder(), *read));
}

TEST_F(NodeFolders, AreDifferentEachTime) {
    const auto first = init_node(folder(), wanted());
    const auto second = init_node(temp_.path() / "b", wanted());
    ASSERT_TRUE(first && second);
    EXPECT_NE(first->node, second->node);
    EXPECT_NE(first->signing_key, second->signing_key);
    EXPECT_NE(first->transport_key, second->transport_key);
}

// Replacing a key would give a running node another identity.
TEST_F(NodeFolders, NeverReplaceAnIdentity) {
    const auto first = init_node(folder(), wanted());
    const auto again = init_node(folder(), wanted());
    ASSERT_TRUE(first);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::Conflict);
    EXPECT_EQ(*read_node_record(folder()), *first);
}

TEST_F(NodeFolders, HideTheKeyFromOthersAndRefuseOneThatIsNot) {
    const auto made = init_node(folder(), wanted());
    ASSERT_TRUE(made);
    const std::string key = NodeFolder{folder()}.key();
    struct stat info{};
    ASSERT_EQ(::stat(key.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
    ASSERT_EQ(::chmod(key.c_str(), 0640), 0);
    const auto checked = check_node_key(folder(), *made);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::Configuration);
}

TEST_F(NodeFolders, RefuseTheKeyOfAnotherNode) {
    const auto first = init_node(folder(), wanted());
    const auto second = init_node(temp_.path() / "b", wanted());
    ASSERT_TRUE(first && second);
    const auto checked = check_node_key(temp_.path() / "b", *first);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::WrongCluster);
}

TEST_F(NodeFolders, RefuseADamagedKey) {
    const auto made = init_node(folder(), wanted());
    ASSERT_TRUE(made);
    ASSERT_TRUE(write_file(NodeFolder{folder()}.key(), "weft-key-1\nsigning 00\n", 0600));
    EXPECT_FALSE(check_node_key(folder(), *made));
}

TEST_F(NodeFolders, RefuseAddressesThatCannotBeReadAgain) {
    auto record = wanted();
    record.name = "two words";
    EXPECT_FALSE(init_node(folder(), record));
    EXPECT_FALSE(is_node_folder(folder()));
}

}  // namespace
}  // namespace weft::cli
