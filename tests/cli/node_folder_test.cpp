#include "cli/node_folder.h"

#include "tests/support/temp_folder.h"
#include "weft/errors.h"

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
    EXPECT_EQ(again.error().number, std::uint16_t(ErrorNumber::BadConfiguration))
        << "the page of 5008 is of folders that cannot be used";
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

TEST_F(NodeFolders, AreMadeOnlyForWhatOthersCanUse) {
    struct Case {
        std::string name, mesh, client, says;
    };
    const Case cases[] = {
        {"two words", "127.0.0.1:7340", "127.0.0.1:7341", "the node's name holds blanks"},
        {"a", "junk", "127.0.0.1:7341", "junk"},
        {"a", "127.0.0.1:0", "127.0.0.1:7341", "127.0.0.1:0"},
        {"a", "127.0.0.1:7340", "127.0.0.1:70000", "127.0.0.1:70000"},
        {"a", "127.0.0.1:7340", "127.0.0.1:7340", "has a port of its own"},
        {"a", "0.0.0.0:7340", "127.0.0.1:7341", "0.0.0.0 is not a loopback address"},
    };
    for (const Case& c : cases) {
        auto record = wanted();
        record.name = c.name;
        record.mesh_address = c.mesh;
        record.client_address = c.client;
        const auto made = init_node(folder(), record);
        ASSERT_FALSE(made) << c.says;
        EXPECT_NE(made.error().message.find(c.says), std::string::npos) << made.error().message;
        EXPECT_FALSE(std::filesystem::exists(folder()));
    }
}

}  // namespace
}  // namespace weft::cli
