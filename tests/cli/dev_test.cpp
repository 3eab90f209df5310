// What `weft dev` finds out about ports and about nodes that ended.

#include "cli/dev_ports.h"
#include "cli/dev_start.h"
#include "core/error.h"
#include "tests/support/temp_folder.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

namespace weft::cli {
namespace {

using namespace std::chrono_literals;

// A socket bound to a port of its own, as libzmq binds.
class Bound {
public:
    Bound() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_, plain, size), 0);
        EXPECT_EQ(::getsockname(socket_, plain, &size), 0);
        port_ = ntohs(address.sin_port);
    }
    ~Bound() { ::close(socket_); }
    Bound(const Bound&) = delete;
    Bound& operator=(const Bound&) = delete;

    int port() const { return port_; }
    bool listen() const { return ::listen(socket_, 1) == 0; }

private:
    int socket_;
    int port_ = 0;
};

// 'dev down --clean' removes the folders that the file names.
TEST(DevMeshes, NameNoFolderButTheirOwn) {
    ASSERT_GE(sodium_init(), 0);
    const test::TempFolder temp;
    const auto folder = temp.path() / "mesh";
    std::filesystem::create_directories(folder);
    ASSERT_TRUE(DevMesh::create(folder, {.nodes = 1, .first_port = 17'340}));
    ASSERT_TRUE(DevMesh::open(folder));
    // Whole nodes, but elsewhere.
    std::filesystem::copy(folder / "a", temp.path() / "b");
    std::filesystem::copy(folder / "a", folder / "keep");
    for (const char* name : {"../b", "keep", ".", "..", "/tmp", "A", "j"}) {
        ASSERT_TRUE(
            write_file(folder / "mesh", std::string("weft-dev-1\na\n") + name + "\n", 0644));
        const auto opened = DevMesh::open(folder);
        ASSERT_FALSE(opened) << name;
        EXPECT_NE(opened.error().message.find(std::string("'") + name + "'"), std::string::npos)
            << opened.error().message;
    }
}

// What somebody put beside it is theirs.
TEST(DevMeshes, RemoveWhatTheyMadeAndNothingElse) {
    ASSERT_GE(sodium_init(), 0);
    const test::TempFolder temp;
    const auto folder = temp.path() / "mesh";
    std::filesystem::create_directories(folder);
    const auto make = [&folder] {
        auto mesh = DevMesh::create(folder, {.nodes = 2, .first_port = 17'340});
        EXPECT_TRUE(mesh);
        const auto data = NodeFolder{folder / "a"}.data();
        std::filesystem::create_directories(data);
        for (const char* name : {"data.mdb", "lock.mdb", "lock", "identity", "identity.2.new"})
            EXPECT_TRUE(write_file(data / name, "x", 0644));
        for (const char* name : {"a/log", "a/pid", "lock"})
            EXPECT_TRUE(write_file(folder / name, "x", 0644));
        return *std::move(mesh);
    };
    const DevMesh clean = make();
    const auto nothing = clean.remove();
    ASSERT_TRUE(nothing) << nothing.error().message;
    EXPECT_TRUE(nothing->empty());
    EXPECT_FALSE(std::filesystem::exists(folder));
    EXPECT_EQ(removal_text(clean, *nothing), "removed " + folder.string());

    std::filesystem::create_directories(folder);
    const DevMesh mesh = make();
    for (const char* name : {"notes", "a/weft.toml", "a/data/precious"})
        ASSERT_TRUE(write_file(folder / name, "x", 0644));
    const auto left = mesh.remove();
    ASSERT_TRUE(left) << left.error().message;
    EXPECT_EQ(*left,
              (std::vector<std::filesystem::path>{"a/data/precious", "a/weft.toml", "notes"}));
    EXPECT_EQ(removal_text(mesh, *left), "removed what weft made in " + folder.string() +
                                             "; left there: a/data/precious, a/weft.toml, notes");
    EXPECT_FALSE(std::filesystem::exists(folder / "a/node.key"));
    EXPECT_FALSE(std::filesystem::exists(folder / "b"));
}

TEST(DevLocks, LeaveNothingBehindWhenNothingCameOfIt) {
    const test::TempFolder temp;
    const auto theirs = temp.path() / "theirs", ours = temp.path() / "ours";
    std::filesystem::create_directories(theirs);
    ASSERT_TRUE(write_file(theirs / "precious", "x", 0644));
    for (const auto& folder : {theirs, ours}) {
        auto lock = DevLock::take(folder);
        ASSERT_TRUE(lock);
        EXPECT_TRUE(std::filesystem::exists(folder / "lock"));
        lock->leave_no_trace();
    }
    EXPECT_FALSE(std::filesystem::exists(theirs / "lock"));
    EXPECT_TRUE(std::filesystem::exists(theirs / "precious"));
    EXPECT_FALSE(std::filesystem::exists(ours));
    ASSERT_TRUE(write_file(theirs / "lock", "", 0644));
    DevLock::take(theirs)->leave_no_trace();
    EXPECT_TRUE(std::filesystem::exists(theirs / "lock")) << "it was there before";
}

TEST(DevFolders, AreFoundWithoutHome) {
    const char* home = std::getenv("HOME");
    const std::string before = home == nullptr ? "" : home;
    ::unsetenv("HOME");
    EXPECT_TRUE(default_dev_folder().is_absolute());
    if (home != nullptr) ::setenv("HOME", before.c_str(), 1);
}

TEST(DevPorts, AreTakenWhenSomebodyListens) {
    const Bound socket;
    ASSERT_TRUE(socket.listen());
    EXPECT_FALSE(port_is_free(socket.port()));
}

// A node between its bind and its listen must get through, however often others look.
TEST(DevPorts, AreLookedAtWithoutHarmToAnodeThatStarts) {
    const Bound socket;
    EXPECT_TRUE(port_is_free(socket.port()));
    EXPECT_TRUE(socket.listen());
}

TEST(DevPorts, AreChosenByOneCommandAtATime) {
    auto first = PortLock::take(20s);
    ASSERT_TRUE(first) << first.error().message;
    const auto second = PortLock::take(30ms);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Configuration);
    auto third = std::async(std::launch::async, [] { return PortLock::take(20s).has_value(); });
    {
        const PortLock dropped = *std::move(first);
    }
    EXPECT_TRUE(third.get());
}

TEST(EndedNodes, TellTheErrorTheyEndedWith) {
    const auto error = error_at_end(
        "2026-11-24T17:00:00Z error node.not_started error=WEFT-1004 what=\"taken\"\n"
        "error WEFT-1004: 127.0.0.1:7340 is taken by another program\n"
        "  because: Another process listens on this address and port.\n"
        "  try: Stop that process.\n");
    ASSERT_TRUE(error);
    EXPECT_EQ(*error,
              make_error(ErrorNumber::PortInUse, "127.0.0.1:7340 is taken by another program"));
}

TEST(EndedNodes, TellNoErrorThatIsNotTheirLast) {
    const char* const logs[] = {
        "",
        "\n",
        "2026-11-24T17:00:00Z info node.started\n",
        "error WEFT-1004: of a former start\n  because: x\n2026-11-24 info node.started\n",
        "error WEFT-10: cut",
        "error WEFT-",
        "error WEFT-abcd: not a number\n",
        "error WEFT-1004",
        "  because: only this\n",
    };
    for (const char* log : logs) EXPECT_FALSE(error_at_end(log)) << log;
    EXPECT_EQ(error_at_end("error WEFT-8999: of a newer version\n")->number, 8999);
}

}  // namespace
}  // namespace weft::cli
