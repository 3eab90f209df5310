// The crash slot on a real file, left behind by a real process that died in a handler.

#include "node/runtime/crash_file.h"

#include "core/error.h"
#include "tests/node_runtime/raw_client.h"
#include "tests/node_runtime/test_mesh.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace weft::node {
namespace {

class CrashFileTest : public ::testing::Test {
protected:
    CrashFileTest() {
        char name[] = "/tmp/weft-crash-file-XXXXXX";
        folder_ = mkdtemp(name);
    }
    ~CrashFileTest() override { std::filesystem::remove_all(folder_); }
    std::string path() const { return folder_ + "/handler"; }
    std::unique_ptr<CrashFile> open() const {
        auto file = CrashFile::open(path());
        EXPECT_TRUE(file.has_value());
        return file ? *std::move(file) : nullptr;
    }
    static Request request(std::uint64_t seq) {
        Request made;
        made.id = {ClientId{{7}}, 1234, PartitionId{17}, seq};
        made.type = "kv";
        made.entity = "cart/42";
        return made;
    }
    // A process dies by SIGKILL, inside the handler or just behind it.
    void die(std::uint64_t seq, bool inside) const {
        const pid_t child = fork();
        if (child == 0) {
            auto file = CrashFile::open(path());
            if (!file) _exit(1);
            (*file)->enter(request(seq));
            if (!inside) (*file)->leave();
            kill(getpid(), SIGKILL);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
    }

private:
    std::string folder_;
};

TEST_F(CrashFileTest, ADeathInsideAHandlerLeavesItsRequest) {
    die(5, true);
    auto file = open();
    ASSERT_TRUE(file->found().has_value());
    EXPECT_EQ(file->found()->request, request(5).id);
    EXPECT_EQ(file->found()->type, "kv");
    EXPECT_EQ(file->found()->id, "cart/42");
    EXPECT_EQ(file->crashed(), (std::vector<RequestId>{request(5).id}));
}

TEST_F(CrashFileTest, ADeathOutsideAHandlerAccusesNothing) {
    die(5, false);
    EXPECT_FALSE(open()->found().has_value());
    EXPECT_TRUE(open()->crashed().empty());
}

TEST_F(CrashFileTest, ACrashIsFoundOnceAndRememberedOverFurtherStarts) {
    die(5, true);
    open();
    die(6, false);
    auto file = open();
    EXPECT_FALSE(file->found().has_value());
    EXPECT_EQ(file->crashed(), (std::vector<RequestId>{request(5).id}));
}

TEST_F(CrashFileTest, SoManyAreRememberedNewestFirst) {
    for (std::uint64_t seq = 1; seq <= CrashFile::kKept + 2; ++seq) die(seq, true);
    const auto crashed = open()->crashed();
    ASSERT_EQ(crashed.size(), CrashFile::kKept);
    EXPECT_EQ(crashed.front().seq, CrashFile::kKept + 2);
    EXPECT_EQ(crashed.back().seq, 3u);
}

// A power cut, or a person, may leave anything there.
TEST_F(CrashFileTest, SenselessBytesAccuseNothing) {
    const auto write = [&](const std::string& bytes) {
        std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
    };
    write(std::string(10000, '\xff'));
    EXPECT_TRUE(open()->crashed().empty());
    write("WEFTRUN1" + std::string(4088, '\xff'));
    EXPECT_FALSE(open()->found().has_value());
    EXPECT_TRUE(open()->crashed().empty());
    write("WEFT");
    EXPECT_TRUE(open()->crashed().empty());
    // Set, but with lengths that no record has.
    std::string bad = "WEFTRUN1" + std::string(4088, '\0');
    bad[8] = 1;
    bad[16] = 49;
    write(bad);
    EXPECT_FALSE(open()->found().has_value());
}

// The whole way: file, runtime, node, partition, reply.
TEST_F(CrashFileTest, ANodeDoesNotRunTheRequestItDiedWith) {
    test::TestMesh mesh(1);
    test::TestNode& node = *mesh.nodes[0];
    node.start();
    transport::Context context;
    Request fatal;
    {
        test::RawClient client(context, node.record().client_address);
        ASSERT_TRUE(client.greet()) << node.log();
        ASSERT_EQ(client.call("counter", "n", "add", "1").outcome, Outcome::Done);
        fatal = client.request("counter", "n", "add", "5");
    }
    ASSERT_EQ(node.stop(), 0);
    {
        auto slot = CrashFile::open(node.options().data_directory + "/handler");
        ASSERT_TRUE(slot.has_value());
        EXPECT_FALSE((*slot)->found().has_value()) << "a clean stop";
        (*slot)->enter(fatal);  // and this process dies
    }
    node.start();
    test::RawClient client(context, node.record().client_address);
    ASSERT_TRUE(client.greet()) << node.log();
    ASSERT_EQ(client.call("counter", "n", "get", "").payload.view(), "1");
    const Reply reply = client.ask(fatal);
    EXPECT_EQ(reply.outcome, Outcome::Unknown);
    EXPECT_EQ(reply.error.number, static_cast<std::uint16_t>(ErrorNumber::HandlerCrashed));
    EXPECT_EQ(client.call("counter", "n", "get", "").payload.view(), "1");
    EXPECT_EQ(node.stop(), 0);
    EXPECT_NE(node.log().find("handler.crashed type=counter id=n"), std::string::npos)
        << node.log();
}

TEST_F(CrashFileTest, APlaceThatCannotBeWrittenIsToldAndNotMapped) {
    const auto file = CrashFile::open(path() + "/missing/handler");
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().code, ErrorCode::StorageFailed);
}

}  // namespace
}  // namespace weft::node
