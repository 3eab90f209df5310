// The program as a user meets it: verbs, exit codes, bad input.

#include "tests/e2e/test_mesh.h"

#include <fstream>

namespace weft::e2e {
namespace {

class Program : public MeshTest {};

TEST_F(Program, StoresReadsComparesAndDeletes) {
    EXPECT_EQ(weft("put kv/alice apples=2").exit_code, 0);
    EXPECT_EQ(weft("get kv/alice").output, "apples=2\n");
    EXPECT_EQ(weft("get alice").output, "apples=2\n") << "a bare id is of kv";
    EXPECT_EQ(weft("cas kv/alice apples=2 apples=3").exit_code, 0);
    EXPECT_EQ(weft("cas kv/alice apples=2 apples=4").exit_code, 6);
    EXPECT_EQ(weft("cas kv/alice other --if-absent").exit_code, 6);
    const auto read = weft_json("get kv/alice");
    EXPECT_EQ(read.at("value"), "apples=3");
    EXPECT_EQ(read.at("version"), 2);
    EXPECT_EQ(weft("cas kv/alice apples=5 --if-revision " + read.at("revision").dump()).exit_code,
              0);
    EXPECT_EQ(weft("delete kv/alice").exit_code, 0);
    EXPECT_EQ(weft("get kv/alice").exit_code, 5);
}

TEST_F(Program, StoresWhatStandsBehindTheIdWhateverItSays) {
    for (const std::string value :
         {"version", "status", "health", "get", "[3]", "[1,2]", "-5", ""}) {
        SCOPED_TRACE(value);
        EXPECT_EQ(weft("put kv/word '" + value + "'").exit_code, 0);
        EXPECT_EQ(weft_json("get kv/word").at("value"), value);
    }
    EXPECT_EQ(weft("call kv/word put version").exit_code, 0);
    EXPECT_EQ(weft("get kv/word").output, "version\n");
    EXPECT_EQ(weft("cas kv/word version '[12]'").exit_code, 0);
    EXPECT_EQ(weft("cas kv/word '[12]' '[1,2,3]'").exit_code, 0);
    EXPECT_EQ(weft("get kv/word").output, "[1,2,3]\n");
    EXPECT_EQ(weft("cas kv/word '[]'").exit_code, 2) << "neither two values nor an option";

    EXPECT_EQ(weft("put kv/word < /dev/null").exit_code, 2) << "the value was forgotten";
    EXPECT_EQ(weft("put kv/word --file ''").exit_code, 2);
    EXPECT_EQ(weft("put kv/word '' --file /dev/null").exit_code, 2) << "both";
    EXPECT_EQ(weft("put kv/word --frob").exit_code, 2);
    EXPECT_EQ(weft("get kv/word version").exit_code, 2);
    EXPECT_EQ(weft("get kv/word").output, "[1,2,3]\n");
    std::ofstream(file("value")) << "from input";
    EXPECT_EQ(weft("put kv/word < '" + file("value").string() + "'").exit_code, 0);
    EXPECT_EQ(weft("get kv/word").output, "from input\n");
    EXPECT_EQ(weft("put kv/word - < /dev/null").exit_code, 0);
    EXPECT_EQ(weft_json("get kv/word").at("value"), "");
    EXPECT_EQ(weft("put kv/word -- --frob").exit_code, 0);
    EXPECT_EQ(weft("get kv/word").output, "--frob\n");
}

TEST_F(Program, CountsAndShowsTheJournal) {
    EXPECT_EQ(weft("call counter/visits add 5").exit_code, 0);
    EXPECT_EQ(weft("call counter/visits add -2").exit_code, 0);
    EXPECT_EQ(weft("call counter/visits get").output, "3\n");
    EXPECT_GE(weft_json("journal counter/visits").size(), 2U);
    EXPECT_GE(weft_json("journal '!mesh/facts'").size(), 1U);
    EXPECT_EQ(weft("put kv/list-1 x").exit_code + weft("put kv/list-2 y").exit_code, 0);
    EXPECT_EQ(weft_json("entity list kv list-").size(), 2U);
}

TEST_F(Program, TellsTheOutcomeOfARequest) {
    const auto put = weft_json("put kv/outcome one");
    const std::string request = put.at("request");
    const auto told = weft_json("outcome " + request);
    EXPECT_EQ(told.at("outcome"), "done");
    // The same request again is the same command: nothing happens twice.
    const auto again = weft_json("put kv/outcome one --request " + request);
    EXPECT_EQ(again.at("version"), put.at("version"));
    EXPECT_EQ(weft("put kv/outcome two --request " + request).exit_code, 6) << "another body";
}

TEST_F(Program, ShowsNodesPartitionsAndHealth) {
    EXPECT_EQ(weft_json("status").size(), 3U);
    EXPECT_EQ(weft_json("partition list").size(), 65U);
    EXPECT_EQ(weft_json("partition show 1").size(), 3U);
    EXPECT_EQ(weft("partition show 1000").exit_code, 5);
    EXPECT_EQ(weft("health").exit_code, 0);
    EXPECT_EQ(weft_json("status")[0].at("ready"), true) << "a boolean, not the text";
    EXPECT_EQ(weft_json("health")[0].at("ok"), true);
    EXPECT_EQ(weft_json("partition show 1")[0].at("damaged"), false);
    EXPECT_EQ(weft_json("partition list")[0].at("ready").type(), nlohmann::json::value_t::boolean);
    EXPECT_EQ(weft("dev kill c").exit_code, 0);
    EXPECT_EQ(weft("health --timeout 1s").exit_code, 10);
    EXPECT_EQ(weft("dev kill c").exit_code, 5) << "it does not run";
    EXPECT_EQ(weft("dev kill z").exit_code, 5) << "there is no such node";
}

TEST_F(Program, RefusesBadInputWithWhatWhyAndWhatToDo) {
    struct Case {
        const char* arguments;
        int exit_code;
        const char* named;
    };
    const std::string long_id(201, 'x');
    const Case cases[] = {
        {"put", 2, "WEFT-1005"},
        {"put kv/ x", 2, "WEFT-3001"},
        {"frobnicate", 2, "WEFT-1005"},
        {"-o xml status", 2, "xml"},
        {"get kv/x --timeout never", 2, "never"},
        {"put '!mesh/facts' x", 2, "WEFT-3001"},
        {"put \"$(printf 'kv/\\377')\" x", 2, "WEFT-3001"},
        {"call nosuchtype/a get", 5, "WEFT-3003"},
        {"call counter/a frob", 5, "WEFT-3004"},
        {"call counter/a add many", 2, "WEFT-3005"},
        {"outcome garbage", 2, "request id"},
        {"status --addr 127.0.0.1:1 --timeout 300ms", 3, "WEFT-1006"},
        {"status --addr 192.0.2.1:7341 --timeout 300ms", 78, "WEFT-1003"},
        {"status --addr nonsense", 78, "WEFT-1005"},
        {"data check /no/such/folder", 5, "/no/such/folder"},
        {"node run /no/such/folder", 78, "WEFT-5008"},
        {"bench put --mix frob=1", 2, "frob"},
        {"bench put --clients 0", 2, "--clients"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.arguments);
        const Ran ran = weft(c.arguments);
        EXPECT_EQ(ran.exit_code, c.exit_code) << ran.output;
        EXPECT_NE(ran.output.find(c.named), std::string::npos) << ran.output;
        EXPECT_NE(ran.output.find("because: "), std::string::npos) << ran.output;
        EXPECT_NE(ran.output.find("try: "), std::string::npos) << ran.output;
    }
    EXPECT_EQ(weft("put kv/" + long_id + " x").exit_code, 2);
    std::ofstream(file("big")) << std::string((1 << 20) + 1, 'x');
    EXPECT_EQ(weft("put kv/big --file '" + file("big").string() + "'").exit_code, 2);
    EXPECT_EQ(weft("health").exit_code, 0) << "nothing of that hurt the mesh";
}

// A backup that lost its data must not look like one that has them.
TEST_F(Program, TellsWhenItsOutputCannotBeWritten) {
    EXPECT_EQ(weft("put kv/big " + std::string(9000, 'x')).exit_code, 0);
    for (const char* arguments :
         {"get kv/big", "get kv/big --raw", "entity list kv", "status", "health", "-o json status",
          "journal kv/big", "put kv/other x", "dev status", "version", "help", "put --help"})
        for (const char* where : {"> /dev/full", ">&-"}) {
            SCOPED_TRACE(std::string(arguments) + where);
            const Ran ran = weft(std::string(arguments) + " " + where);
            EXPECT_EQ(ran.exit_code, 74) << ran.output;
            EXPECT_NE(ran.output.find("WEFT-1009"), std::string::npos) << ran.output;
        }
    EXPECT_EQ(weft("get kv/other").output, "x\n") << "what was done stands";
    EXPECT_EQ(weft("get kv/none > /dev/full").exit_code, 5) << "nothing was to be printed";
    EXPECT_EQ(weft("put kv/other y < /dev/null <&-").exit_code, 0) << "no input is needed";
    EXPECT_EQ(weft("put kv/other - <&-").exit_code, 2) << "the input is closed";
}

// DESIGN 6: opened twice is refused, and so is a disk of another mesh.
TEST_F(Program, RefusesToRunANodeTwiceOrOnForeignData) {
    const std::string a = (folder() / "a").string(), b = (folder() / "b").string();
    const Ran twice = weft("node run '" + a + "'");
    EXPECT_TRUE(twice.exit_code == 6 || twice.exit_code == 78) << twice.output;
    EXPECT_EQ(weft("dev kill b").exit_code, 0);
    EXPECT_EQ(weft("dev kill c").exit_code, 0);
    std::filesystem::remove_all(b + "/data");
    std::filesystem::copy(folder() / "c" / "data", b + "/data",
                          std::filesystem::copy_options::recursive);
    const Ran foreign = weft("node run '" + b + "'");
    EXPECT_EQ(foreign.exit_code, 78) << foreign.output;
    EXPECT_NE(foreign.output.find("WEFT-5007"), std::string::npos) << foreign.output;
}

TEST_F(Program, KeepsASecondMeshApart) {
    const std::string other = (file("other")).string();
    const std::string there = "WEFT_DEV_DIR='" + other + "'";
    const Ran up = weft("dev --detach --nodes 1 --ephemeral", there);
    EXPECT_EQ(up.exit_code, 0) << up.output;
    EXPECT_EQ(weft("put kv/x there", there).exit_code, 0) << "one node alone is a whole mesh";
    EXPECT_EQ(weft("get kv/x").exit_code, 5) << "the meshes must not meet";
    EXPECT_EQ(weft("dev down", there).exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists(other)) << "ephemeral: nothing stays";
}

}  // namespace
}  // namespace weft::e2e
