// Settings as a user gives them: a file, the environment, options; and what SIGHUP does.

#include "tests/e2e/test_mesh.h"

#include <signal.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

class Settings : public MeshTest {
protected:
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(file(name)) << text;
    }
    std::string read(const std::string& name) const {
        std::ifstream stream(file(name));
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    bool says(const std::string& name, const std::string& text) const {
        for (int i = 0; i < 1000; ++i) {
            if (read(name).find(text) != std::string::npos) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    std::string path(const std::string& name) const { return "'" + file(name).string() + "'"; }
};

TEST_F(Settings, ComeFromTheFileTheEnvironmentAndTheCommandLine) {
    const auto status = weft_json("dev status");
    write("weft.toml", "[log]\nlevel = \"warn\"\n\n[client]\naddresses = [\"" +
                           status.at(0).at("client").get<std::string>() + "\"]\n");
    const auto shown = nlohmann::json::parse(
        weft("-o json -c " + path("weft.toml") + " config show", "WEFT_NODE__CPU=0").output);
    std::map<std::string, std::pair<std::string, std::string>> values;
    for (const auto& row : shown) values[row.at("key")] = {row.at("value"), row.at("origin")};
    EXPECT_EQ(values["log.level"],
              (std::pair<std::string, std::string>{"warn", file("weft.toml").string() + ":2"}));
    EXPECT_EQ(values["node.cpu"], (std::pair<std::string, std::string>{"0", "WEFT_NODE__CPU"}));
    EXPECT_EQ(values["log.file"], (std::pair<std::string, std::string>{"", "default"}));
    const Ran table = weft("-c " + path("weft.toml") + " config show --origin");
    EXPECT_NE(table.output.find("weft.toml:2"), std::string::npos) << table.output;
    EXPECT_EQ(weft("config show").output.find("default"), std::string::npos);
    // Verbs talk to the mesh that it names.
    EXPECT_EQ(weft("-c " + path("weft.toml") + " put kv/a one").exit_code, 0);
    EXPECT_EQ(weft("get kv/a", "WEFT_CLIENT__ADDRESSES=127.0.0.1:1").exit_code, 3);

    EXPECT_EQ(weft("config check " + path("weft.toml")).exit_code, 0);
    write("bad.toml", "[client]\n  adresses = []\n");
    for (const char* verb : {"config check", "config show", "get kv/a", "node run"}) {
        const Ran bad = weft("-c " + path("bad.toml") + " " + verb);
        EXPECT_EQ(bad.exit_code, 78) << verb << bad.output;
        EXPECT_NE(bad.output.find("bad.toml:2:3: 'adresses' is no key of [client]; did you mean "
                                  "'addresses'?"),
                  std::string::npos)
            << verb << bad.output;
    }
}

// 2: somebody typed it; what comes from a file or the environment ends with 78.
TEST_F(Settings, OfTheCommandLineAreRefusedWithAnExitCodeOfTheirOwn) {
    const Refused cases[] = {
        {"node run --log-level loud", 2, "--log-level: log.level is 'loud'"},
        {"node run --listen-mesh junk", 2, "--listen-mesh: listen.mesh is 'junk'"},
        {"node run --listen-mesh 8.8.8.8:1", 2, "WEFT-1003: --listen-mesh"},
        {"node run --listen-mesh 127.0.0.1:7636 --listen-client 127.0.0.1:7636", 2,
         "each has a port of its own"},
        {"node run x --log-file /no/such/folder/log", 2, "/no/such/folder/log"},
        {"node run x --addr 127.0.0.1:1", 2, "--addr has no place here"},
        {"node init /no/such/x --mesh 0.0.0.0:1", 2, "WEFT-1003"},
        {"node init ''", 2, "FOLDER is empty"},
        {"node init /no/such/x --name ''", 2, "--name is empty"},
        {"mesh create x --addr 127.0.0.1:1", 2, "--addr has no place here"},
        {"dev --nodes 0", 2, "--nodes is 1 to 9"},
        {"dev --nodes 10", 2, "--nodes is 1 to 9"},
        {"dev --nodes -1", 2, "--nodes is '-1'"},
        {"dev --nodes 2", 2, "holds a mesh of 3 nodes"},
        {"dev --ephemeral", 2, "holds a mesh that keeps its data"},
        {"bench put --history /no/such/folder/x", 2, "/no/such/folder/x"},
        {"--addr '' get kv/x", 2, "--addr is empty"},
        {"-c '' get kv/x", 2, "-c is empty"},
        {"put kv/x y --request ''", 2, "'' is not a request id"},
        {"call counter/x add 5 --request ''", 2, "'' is not a request id"},
        {"delete kv/x --request ''", 2, "'' is not a request id"},
        {"-c /no/such/folder dev down", 3, "WEFT-1010: /no/such/folder is not there"},
        {"-c /etc/passwd dev", 2, "-c /etc/passwd is a file"},
        {"data check", 2, "which node? Give its FOLDER"},
        {"explain WEFT-9999", 5, "WEFT-8103: no error has the number WEFT-9999"},
        {"config check /no/such/file", 78, "/no/such/file is not there"},
        {"config check ''", 2, "FILE is empty"},
        {"-c /no/such/file config check", 78, "/no/such/file is not there"},
        {"-c /no/such/file config show", 78, "/no/such/file is not there"},
    };
    expect_refused(cases);
}

TEST_F(Settings, AreReadAgainAtSighupAndTheLogIsOpenedAgain) {
    EXPECT_EQ(weft("dev kill a").exit_code, 0);
    const std::string begin = "[node]\nfolder = \"" + (folder() / "a").string() +
                              "\"\n[log]\nfile = \"" + file("log").string() + "\"\n";
    write("weft.toml", begin);
    std::future<Ran> node = weft_beside("-c " + path("weft.toml") + " node run");
    ASSERT_TRUE(says("log", "node.ready"));
    const std::string listed = read("log");
    // Its own arguments and no other process's.
    const std::string find = "pgrep -xf -- \".*-c " + file("weft.toml").string() + " node run\"";
    std::FILE* pipe = ::popen(find.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    int pid = 0;
    ASSERT_EQ(std::fscanf(pipe, "%d", &pid), 1);
    ::pclose(pipe);

    // As a program that rotates logs: the old file is moved away, and no line is lost.
    std::filesystem::rename(file("log"), file("log.1"));
    write("weft.toml", begin + "level = \"debug\"\n");
    ASSERT_EQ(::kill(pid, SIGHUP), 0);
    EXPECT_TRUE(says("log", "config.reloaded log_level=debug"));
    const std::string old = read("log.1");
    EXPECT_TRUE(old.starts_with(listed));
    // A file that is wrong, or what cannot be changed, changes nothing.
    write("weft.toml", begin + "level = \"loud\"\n");
    ASSERT_EQ(::kill(pid, SIGHUP), 0);
    EXPECT_TRUE(says("log", "log.level is 'loud'"));
    write("weft.toml", begin + "level = \"warn\"\n[storage]\nmap = \"1GiB\"\n");
    ASSERT_EQ(::kill(pid, SIGHUP), 0);
    EXPECT_TRUE(says("log", "storage.map cannot change while the node runs"));
    EXPECT_EQ(weft("put kv/a one").exit_code, 0);
    ASSERT_EQ(::kill(pid, SIGTERM), 0);
    const Ran ended = node.get();
    EXPECT_EQ(ended.exit_code, 0) << ended.output;
    EXPECT_NE(read("log").find(" info node.stopped"), std::string::npos) << "still at debug";
    EXPECT_EQ(read("log.1"), old);
    EXPECT_EQ(weft("dev start a").exit_code, 0);
}

}  // namespace
}  // namespace weft::e2e
