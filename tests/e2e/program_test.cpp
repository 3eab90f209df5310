// The program as a user meets it: verbs, exit codes, bad input.

#include "tests/e2e/test_mesh.h"

#include <chrono>
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
    const std::string group = put.at("partition").dump(), other = group == "1" ? "2" : "1";
    std::string elsewhere = request;
    elsewhere.replace(request.rfind("-" + group + "-") + 1, group.size(), other);
    const Ran foreign = weft("put kv/outcome one --request " + elsewhere);
    EXPECT_EQ(foreign.exit_code, 2) << foreign.output;
    EXPECT_NE(foreign.output.find("outcome: not_done"), std::string::npos) << foreign.output;
    EXPECT_NE(foreign.output.find("WEFT-1005: the request id is of partition"), std::string::npos);
    // The exit code of a rejection is that of the call itself.
    const Ran bad = weft("-o json call counter/x add abc");
    EXPECT_EQ(bad.exit_code, 2);
    const std::string refused = nlohmann::json::parse(bad.output).at("error").at("request");
    EXPECT_EQ(weft("outcome " + refused).exit_code, 2);
    // What was never proposed has no outcome to ask for.
    for (const char* never : {"put counter/x 5", "call nosuchtype/a get"})
        EXPECT_EQ(weft(never).output.find("request: "), std::string::npos) << never;
}

// Bytes that no command line can hold, in all places.
TEST_F(Program, TakesIdsAndValuesFromFilesAndStandardInput) {
    const std::string one("\0one\xff\n", 6), two("\r\n\0two", 6);
    std::ofstream(file("one"), std::ios::binary) << one;
    std::ofstream(file("two"), std::ios::binary) << two;
    std::ofstream(file("id")) << "kv/-- a 'b'\n";
    const std::string at_one = "'" + file("one").string() + "'";
    const std::string at_two = "'" + file("two").string() + "'";
    const std::string id = "--id-file '" + file("id").string() + "'";
    EXPECT_EQ(weft("put " + id + " --file " + at_one).exit_code, 0);
    EXPECT_EQ(weft("get " + id + " --raw").output, one);
    EXPECT_EQ(weft("get \"kv/-- a 'b'\" --raw").output, one) << "the same id";
    EXPECT_EQ(weft("cas " + id + " --expect-file " + at_two + " --file " + at_two).exit_code, 6);
    EXPECT_EQ(weft("cas " + id + " --expect-file " + at_one + " --file " + at_two).exit_code, 0);
    EXPECT_EQ(weft("get " + id + " --raw").output, two);
    EXPECT_EQ(weft("cas " + id + " --expect-file " + at_two + " - < " + at_one).exit_code, 0);
    EXPECT_EQ(weft("cas " + id + " - three < " + at_one).exit_code, 0) << "the old one is piped";
    EXPECT_EQ(weft("cas " + id + " three --file " + at_two).exit_code, 0);
    EXPECT_EQ(weft("cas " + id + " --expect-file - --file " + at_one + " < " + at_two).exit_code,
              0);
    EXPECT_EQ(weft("get " + id + " --raw").output, one);
    const std::string revision = weft_json("get " + id).at("revision").dump();
    EXPECT_EQ(weft("cas " + id + " --if-revision " + revision + " < " + at_two).exit_code, 0);
    EXPECT_EQ(weft("call " + id + " put --file " + at_one).exit_code, 0);
    EXPECT_EQ(weft("call " + id + " get --file /dev/null").output, one + "\n");
    EXPECT_EQ(weft("put --id-file - literal < '" + file("id").string() + "'").exit_code, 0);
    EXPECT_EQ(weft("get " + id).output, "literal\n");
    EXPECT_EQ(weft("put --id-file - - < '" + file("id").string() + "'").exit_code, 2)
        << "one input";
    EXPECT_GE(weft_json("journal " + id).size(), 1U);
    EXPECT_EQ(weft("delete " + id).exit_code, 0);
    EXPECT_EQ(weft("get " + id).exit_code, 5);
    EXPECT_EQ(weft("put kv/at @file").exit_code, 0);
    EXPECT_EQ(weft("get kv/at").output, "@file\n") << "a value, not a file";
}

// B is the mesh of the environment, and -c means A.
TEST_F(Program, MeansTheMeshOfTheFolderInEveryVerb) {
    const std::string other = "-c '" + file("other").string() + "' ";
    ASSERT_EQ(weft(other + "dev --detach --nodes 1").exit_code, 0);
    EXPECT_EQ(weft(other + "put kv/where other").exit_code, 0);
    EXPECT_EQ(weft("get kv/where").exit_code, 5);
    EXPECT_EQ(weft_json(other + "dev status").size(), 1U);
    EXPECT_EQ(weft_json("dev status").size(), 3U);
    EXPECT_EQ(weft(other + "dev pause a").exit_code, 0);
    EXPECT_EQ(weft(other + "dev resume a").exit_code, 0);
    EXPECT_EQ(weft("health").exit_code, 0);
    const std::string address = weft_json(other + "status")[0].at("address");
    EXPECT_EQ(weft("get kv/where --addr " + address).output, "other\n");
    EXPECT_EQ(weft(other + "get kv/where --addr " + address).output, "other\n");
    EXPECT_EQ(weft("-c '" + folder().string() + "' get kv/where --addr " + address).exit_code, 78)
        << "that address is not of that mesh";
    EXPECT_EQ(weft(other + "dev kill a").exit_code, 0);
    EXPECT_EQ(weft(other + "data check a").exit_code, 0);
    EXPECT_EQ(weft("-c '" + file("other").string() + "/a' data check").exit_code, 0);
    EXPECT_EQ(weft(other + "data check b").exit_code, 5)
        << "only the mesh of the environment has b";
    EXPECT_EQ(weft(other + "dev start a").exit_code, 0);
    EXPECT_EQ(weft(other + "dev down --clean").exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists(file("other")));
    EXPECT_EQ(weft("health").exit_code, 0) << "the other mesh is as it was";
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
    // The dead node refuses connections: nobody waits for its answer, and all say that it is
    // missing.
    for (const char* arguments :
         {"status", "peers", "entity list kv", "partition list", "partition show 1"}) {
        SCOPED_TRACE(arguments);
        const auto begin = std::chrono::steady_clock::now();
        const Ran ran = weft(std::string(arguments) + " --timeout 20s");
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
        EXPECT_EQ(ran.exit_code, 9);
        EXPECT_NE(ran.output.find("WEFT-1011: 1 of 3 nodes did not answer: c ("), std::string::npos)
            << ran.output;
        EXPECT_NE(ran.output.find("refuses the connection"), std::string::npos) << ran.output;
    }
    EXPECT_EQ(weft("dev kill z").exit_code, 5) << "there is no such node";
    EXPECT_EQ(weft("dev kill b").exit_code, 0);
    Ran journal = weft("journal kv/x --timeout 5s");
    // Until its lease is over the last node may have the answer.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (journal.exit_code == 0 && std::chrono::steady_clock::now() < until)
        journal = weft("journal kv/x --timeout 5s");
    EXPECT_EQ(journal.exit_code, 8) << journal.output;
    EXPECT_NE(journal.output.find("2 of 3 nodes did not answer: "), std::string::npos)
        << journal.output;
}

TEST_F(Program, RefusesBadInputWithWhatWhyAndWhatToDo) {
    const std::string long_id(201, 'x');
    const Refused cases[] = {
        {"put", 2, "WEFT-1005"},
        {"put kv/ x", 2, "WEFT-3001"},
        {"frobnicate", 2, "WEFT-1005"},
        {"-o xml status", 2, "xml"},
        {"get kv/x --timeout never", 2, "never"},
        {"put '!mesh/facts' x", 2, "WEFT-3001"},
        {"put \"$(printf 'kv/\\377')\" x", 2, "WEFT-3001"},
        {"call nosuchtype/a get", 5,
         "WEFT-3003: no entity type 'nosuchtype'; there are counter, kv"},
        {"call counter/a frob", 5,
         "WEFT-3004: type 'counter' has no command 'frob'; it has add, get"},
        {"put counter/a 5", 5, "WEFT-3004"},
        {"entity list nosuchtype", 5, "WEFT-3003"},
        {"journal nosuchtype/a", 5, "WEFT-3003"},
        {"partition show abc", 2, "WEFT-1005: 'abc' is not the number of a partition"},
        {"partition show 1000", 5, "WEFT-8103: there is no partition '1000': they are 0 to 64"},
        {"dev kill zz", 5, "WEFT-8103"},
        {"put kv/x y --request junk", 2, "WEFT-1005"},
        {"put kv/x --file /no/such/file", 2, "WEFT-1005: cannot read '/no/such/file'"},
        {"put --file /dev/null", 2, "KV_ID"},
        {"cas kv/x a --if-absent --if-revision 1", 2, "WEFT-1005"},
        {"cas kv/x - -", 2, "standard input"},
        {"outcome 00000000000000000000000000000000-1-1-1", 2, "WEFT-1005"},
        {"outcome 00000000000000000000000000000001-1-99999-1", 2, "WEFT-3005"},
        {"-c /no/such/folder status", 3, "WEFT-1010: no dev mesh in /no/such/folder"},
        {"--addr 127.0.0.1:1 dev status", 2, "-c FOLDER"},
        {"call counter/a add many", 2, "WEFT-3005"},
        {"outcome 00000000000000000000000000000001-9000000000000-1-1", 8, "WEFT-6002"},
        {"outcome garbage", 2, "request id"},
        {"status --addr 127.0.0.1:1 --timeout 60s", 3, "127.0.0.1:1 refuses the connection"},
        {"status --addr 192.0.2.1:7341 --timeout 300ms", 2, "WEFT-1003"},
        {"status --addr nonsense", 2, "WEFT-1005"},
        {"data check /no/such/folder", 5, "WEFT-8103: '/no/such/folder'"},
        {"node run /no/such/folder", 78, "WEFT-5008"},
        {"bench put --mix frob=1", 2, "frob"},
        {"bench put --clients 0", 2, "--clients"},
    };
    expect_refused(cases);
    EXPECT_EQ(weft("put kv/" + long_id + " x").exit_code, 2);
    std::ofstream(file("big")) << std::string((1 << 20) + 1, 'x');
    for (const char* how : {"--file '", "- < '", "< '"}) {
        const Ran big = weft("put kv/big " + (how + file("big").string()) + "'");
        EXPECT_EQ(big.exit_code, 2);
        EXPECT_NE(big.output.find("WEFT-3002"), std::string::npos) << big.output;
    }
    EXPECT_EQ(weft("health").exit_code, 0) << "nothing of that hurt the mesh";
}

// A backup that lost its data must not look like one that has them.
TEST_F(Program, TellsWhenItsOutputCannotBeWritten) {
    EXPECT_EQ(weft("put kv/big " + std::string(9000, 'x')).exit_code, 0);
    for (const char* arguments :
         {"get kv/big", "get kv/big --raw", "entity list kv", "status", "health", "-o json status",
          "journal kv/big", "put kv/other x", "dev status", "version", "help", "put --help",
          "explain", "completions zsh", "man put", "log a -f"})
        for (const char* where : {"> /dev/full", ">&-"}) {
            SCOPED_TRACE(std::string(arguments) + where);
            const Ran ran = weft(std::string(arguments) + " " + where);
            EXPECT_EQ(ran.exit_code, 74) << ran.output;
            EXPECT_NE(ran.output.find("WEFT-1009"), std::string::npos) << ran.output;
        }
    EXPECT_EQ(weft("get kv/other").output, "x\n") << "what was done stands";
    const Ran bench = weft("bench put --seconds 0.5 --history /dev/full");
    EXPECT_EQ(bench.exit_code, 74) << bench.output;
    EXPECT_NE(bench.output.find("WEFT-1009"), std::string::npos) << bench.output;
    EXPECT_EQ(weft("get kv/none > /dev/full").exit_code, 5) << "nothing was to be printed";
    EXPECT_EQ(weft("put kv/other y < /dev/null <&-").exit_code, 0) << "no input is needed";
    EXPECT_EQ(weft("put kv/other - <&-").exit_code, 2) << "the input is closed";
}

TEST_F(Program, FoundsAMeshFromLinesFoldersAndFiles) {
    const auto at = [this](const char* name) { return "'" + file(name).string() + "'"; };
    const std::string ports[] = {"--mesh 127.0.0.1:7990 --client 127.0.0.1:7991",
                                 "--mesh 127.0.0.1:7992 --client 127.0.0.1:7993"};
    EXPECT_EQ(weft("node init " + at("node one") + " --name a " + ports[0]).exit_code, 0);
    EXPECT_EQ(weft("node init " + at("two") + " --name b " + ports[1]).exit_code, 0);
    const Ran again = weft("node init " + at("two") + " --name b " + ports[1]);
    EXPECT_EQ(again.exit_code, 2) << again.output;
    EXPECT_NE(again.output.find("WEFT-1005: " + file("two").string() + " already holds"),
              std::string::npos)
        << again.output;
    for (const char* wrong : {"--groups 3", "--groups 0", "--replicas 0", "--replicas -1"}) {
        const Ran refused = weft("mesh create --out " + at("h") + " " + at("two") + " " + wrong);
        EXPECT_EQ(refused.exit_code, 2) << wrong << refused.output;
        EXPECT_FALSE(std::filesystem::exists(file("h"))) << wrong;
    }
    EXPECT_NE(weft("mesh create --out " + at("h") + " " + at("two") + " " + at("two"))
                  .output.find("is listed twice"),
              std::string::npos);
    EXPECT_EQ(
        weft("mesh create --out " + at("g") + " " + at("node one") + " " + at("two/node.line"))
            .exit_code,
        0);
    const Ran none = weft("mesh create --out " + at("h") + " " + at("nothing"));
    EXPECT_EQ(none.exit_code, 2) << none.output;
    EXPECT_NE(none.output.find("is neither a node's line"), std::string::npos) << none.output;
    const Ran more =
        weft("mesh create --replicas 3 --out " + at("h") + " " + at("node one") + " " + at("two"));
    EXPECT_EQ(more.exit_code, 2) << more.output;
    EXPECT_NE(more.output.find("as many nodes are needed, not 2"), std::string::npos);
    const Ran bad = weft("node init " + at("bad") + " --mesh junk");
    EXPECT_EQ(bad.exit_code, 2) << bad.output;
    EXPECT_FALSE(std::filesystem::exists(file("bad")));
}

TEST_F(Program, MeasuresWhatWasPlannedAndSaysWhenNothingWasAnswered) {
    // Far more than one operation at a time can be.
    const auto fast = weft_json("bench put --rate 1000000 --seconds 0.5 --entities 10");
    EXPECT_TRUE(fast.at("planned").at("bench_is_bottleneck"));
    EXPECT_GT(fast.at("planned").at("not_started"), 100'000);
    EXPECT_EQ(fast.at("planned").at("started"), fast.at("count"));
    const Ran told = weft("bench put --rate 1000000 --seconds 0.2 --entities 10");
    EXPECT_NE(told.output.find("the bench is the bottleneck"), std::string::npos) << told.output;
    const auto slow = weft_json("bench put --rate 50 --seconds 1 --entities 10 --pipeline 16");
    EXPECT_EQ(slow.at("planned").at("not_started"), 0);
    EXPECT_EQ(slow.at("planned").at("started"), 50);
    const Ran none = weft("bench call --type nosuch --seconds 0.2");
    EXPECT_EQ(none.exit_code, 5) << none.output;
    EXPECT_NE(none.output.find("done 0"), std::string::npos) << none.output;
    const Ran refused = weft("bench call --command add --payload x --seconds 0.2");
    EXPECT_EQ(refused.exit_code, 2) << refused.output;
    EXPECT_NE(refused.output.find("WEFT-3005 "), std::string::npos) << refused.output;
}

// Opened twice is refused, and so is a disk of another mesh.
TEST_F(Program, RefusesToRunANodeTwiceOrOnForeignData) {
    const std::string a = (folder() / "a").string(), b = (folder() / "b").string();
    const Ran twice = weft("node run '" + a + "'");
    EXPECT_TRUE(twice.exit_code == 6 || twice.exit_code == 78) << twice.output;
    const Ran named = weft("-c '" + a + "' node run");
    EXPECT_EQ(named.exit_code, twice.exit_code) << named.output;
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
    const Ran up = weft("dev --detach --nodes 1 --ephemeral",
                        there + " WEFT_LISTEN__CLIENT=127.0.0.1:9 WEFT_LOG__FILE='" +
                            file("no-log").string() + "'");
    EXPECT_FALSE(std::filesystem::exists(file("no-log"))) << "settings of the user's shell";
    EXPECT_EQ(up.exit_code, 0) << up.output;
    EXPECT_EQ(weft("put kv/x there", there).exit_code, 0) << "one node alone is a whole mesh";
    EXPECT_EQ(weft("get kv/x").exit_code, 5) << "the meshes must not meet";
    EXPECT_EQ(weft("dev down", there).exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists(other)) << "ephemeral: nothing stays";
}

}  // namespace
}  // namespace weft::e2e
