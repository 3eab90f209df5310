#include "cli/command.h"

#include "cli/node_folder.h"
#include "cli/shell.h"
#include "cli/verbs.h"
#include "routing/genesis.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {
namespace {

struct Line {
    GlobalOptions globals;
    Grammar grammar{"weft", "test"};
    Line() { add_verbs(grammar.root(), globals); }
};

TEST(CommandLine, TakesGlobalOptionsBeforeAndBehindTheVerb) {
    Line before, behind;
    EXPECT_EQ(before.grammar.parse({"-o", "json", "status"}).kind, Parsed::Kind::Run);
    EXPECT_EQ(behind.grammar.parse({"status", "-o", "json"}).kind, Parsed::Kind::Run);
    EXPECT_EQ(before.globals.output, "json");
    EXPECT_EQ(behind.globals.output, "json");
}

TEST(CommandLine, FindsTheInnermostVerb) {
    Line line;
    const Parsed parsed = line.grammar.parse({"dev", "kill", "b"});
    ASSERT_EQ(parsed.kind, Parsed::Kind::Run);
    EXPECT_EQ(parsed.command->path(), "weft dev kill");
    EXPECT_TRUE(parsed.command->action());
}

TEST(CommandLine, TakesNegativeNumbersAsValues) {
    Line line;
    EXPECT_EQ(line.grammar.parse({"call", "counter/x", "add", "-5"}).kind, Parsed::Kind::Run);
}

// What the library makes of it: a verb of any level, or two values.
TEST(CommandLine, TakesWhatFollowsAnIdForAValue) {
    struct Seen {
        std::string id, command;
        std::optional<std::string> value, second, file;
        bool flag = false;
    };
    const auto parse = [](const std::vector<std::string>& arguments, Seen& seen) {
        GlobalOptions globals;
        Grammar grammar("weft", "test");
        add_verbs(grammar.root(), globals);
        Command& verb = grammar.root().verb("set", "a test's");
        verb.argument("ID", seen.id, "");
        verb.optional_argument("VALUE", seen.value, "");
        verb.optional_argument("SECOND", seen.second, "");
        verb.option("-f,--file", seen.file, "");
        verb.flag("-x,--exact", seen.flag, "");
        const Parsed parsed = grammar.parse(arguments);
        EXPECT_EQ(parsed.kind, Parsed::Kind::Run) << parsed.message;
        EXPECT_EQ(parsed.command->path(), "weft set");
        return globals;
    };
    for (const char* value : {"version", "status", "dev", "set", "kill", "[3]", "[1,2]", "[]", "",
                              "-", "-5", "-.5", "a,b", "%", "--"}) {
        SCOPED_TRACE(value);
        Seen seen;
        const bool dashes = value == std::string("--");
        parse(dashes ? std::vector<std::string>{"set", "kv/w", "--", "--"}
                     : std::vector<std::string>{"set", "kv/w", value},
              seen);
        EXPECT_EQ(seen.id, "kv/w");
        EXPECT_EQ(seen.value, value);
        EXPECT_FALSE(seen.second);
        Seen two;
        const GlobalOptions globals =
            parse({"set", "-o", "json", "kv/w", "--file", "get", "-x", "--", "status", value}, two);
        EXPECT_EQ(two.value, "status");
        EXPECT_EQ(two.second, value);
        EXPECT_EQ(two.file, "get");
        EXPECT_TRUE(two.flag);
        EXPECT_EQ(globals.output, "json");
    }
    Seen joined;
    const GlobalOptions globals = parse({"-ojson", "set", "-xfput", "version"}, joined);
    EXPECT_EQ(globals.output, "json");
    EXPECT_EQ(joined.id, "version");
    EXPECT_FALSE(joined.value);
    EXPECT_EQ(joined.file, "put");
    Seen equals;
    parse({"set", "a", "--file=a=b"}, equals);
    EXPECT_EQ(equals.file, "a=b");
    for (const std::vector<std::string>& line :
         {std::vector<std::string>{"set", "--file=", "a", "version"},
          {"set", "a", "version", "--file="},
          {"--addr=", "set", "-f", "", "a", "version"}}) {
        Seen unset;
        parse(line, unset);
        EXPECT_EQ(unset.file, "");
        EXPECT_EQ(unset.value, "version");
    }
    Seen empty;
    parse({"set", "a", "--file", ""}, empty);
    EXPECT_EQ(empty.file, "");
}

TEST(CommandLine, TakesHelpAsAVerb) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"help"},
                                                  {"help", "dev", "kill"},
                                                  {"help", "-o", "json", "put"},
                                                  {"help", "put", "--", "put"}}) {
        Line line;
        const Parsed parsed = line.grammar.parse(words);
        EXPECT_EQ(parsed.kind, Parsed::Kind::Help) << parsed.message;
        EXPECT_NE(parsed.message.find(words.back() == "help" ? "weft" : words.back()),
                  std::string::npos);
    }
}

TEST(CommandLine, NamesWhatIsWrong) {
    struct Case {
        const char* why;
        std::vector<std::string> arguments;
        const char* named;
    };
    const Case cases[] = {
        {"unknown verb", {"frobnicate"}, "frobnicate"},
        {"unknown verb of a noun", {"dev", "frobnicate"}, "'frobnicate' is no verb of 'weft dev'"},
        {"unknown option", {"status", "--frob"}, "--frob"},
        {"unknown option behind a value", {"put", "a", "--frob"}, "--"},
        {"unknown short option", {"put", "a", "-y"}, "-y"},
        {"no value for an option", {"put", "a", "b", "--file"}, "--file needs"},
        {"missing argument", {"partition", "show"}, "NUMBER"},
        {"too many arguments", {"get", "a", "b"}, "b"},
        {"a verb too many", {"get", "a", "version"}, "one argument too many: 'version'"},
        {"a verb too many, as a value", {"cas", "a", "b", "c", "--", "status"}, "'status'"},
        {"an option twice",
         {"get", "a", "--addr", "b", "--addr", "c"},
         "--addr is given more than once"},
        {"not a number",
         {"bench", "put", "--clients", "many"},
         "--clients is 'many', not a whole number"},
        {"not a number, with a fraction",
         {"bench", "put", "--rate", "abc"},
         "--rate is 'abc', not a number"},
        {"a sign", {"mesh", "create", "a", "--replicas", "-1"}, "--replicas is '-1'"},
        {"a sign behind =", {"dev", "--nodes=-5"}, "--nodes is '-5'"},
        {"a sign of a short option", {"log", "b", "-n", "-5"}, "--lines is '-5'"},
        {"too large", {"dev", "--nodes", "18446744073709551616"}, "--nodes is '1844674407370955"},
        {"no digits", {"dev", "--nodes", ""}, "--nodes is ''"},
        {"more than digits", {"dev", "--nodes", "3x"}, "--nodes is '3x'"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.why);
        Line line;
        const Parsed parsed = line.grammar.parse(c.arguments);
        EXPECT_EQ(parsed.kind, Parsed::Kind::Usage);
        EXPECT_NE(parsed.message.find(c.named), std::string::npos) << parsed.message;
    }
}

TEST(CommandLine, HasHelpForEveryVerb) {
    const std::vector<std::vector<std::string>> verbs = {{"dev"},
                                                         {"dev", "kill"},
                                                         {"dev", "start"},
                                                         {"dev", "pause"},
                                                         {"dev", "resume"},
                                                         {"dev", "down"},
                                                         {"dev", "status"},
                                                         {"node", "init"},
                                                         {"node", "run"},
                                                         {"mesh", "create"},
                                                         {"status"},
                                                         {"health"},
                                                         {"partition", "list"},
                                                         {"partition", "show"},
                                                         {"put"},
                                                         {"get"},
                                                         {"delete"},
                                                         {"cas"},
                                                         {"call"},
                                                         {"outcome"},
                                                         {"journal"},
                                                         {"entity", "list"},
                                                         {"data", "check"},
                                                         {"bench", "put"},
                                                         {"bench", "get"},
                                                         {"bench", "call"},
                                                         {"version"}};
    for (auto verb : verbs) {
        Line line;
        std::string path = "weft";
        for (const std::string& word : verb) path += " " + word;
        verb.push_back("--help");
        const Parsed parsed = line.grammar.parse(verb);
        EXPECT_EQ(parsed.kind, Parsed::Kind::Help) << path << ": " << parsed.message;
        EXPECT_EQ(parsed.command->path(), path);
        EXPECT_TRUE(parsed.command->action()) << path;
    }
}

TEST(Durations, HaveUnitsAndLimits) {
    using namespace std::chrono_literals;
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("10s"), 10s);
    EXPECT_EQ(parse_duration("7"), 7s);
    EXPECT_EQ(parse_duration("2m"), 2min);
    for (const char* bad :
         {"", "s", "-1s", "0s", "1.5s", "10 s", "1h", "99999999999999999999s", "9999999999s"})
        EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Shells, RefuseUnknownFormats) {
    GlobalOptions options;
    options.output = "xml";
    const auto shell = Shell::open(options);
    ASSERT_FALSE(shell);
    EXPECT_NE(shell.error().message.find("xml"), std::string::npos);
}

TEST(Shells, TakeAddressesFromTheCommandLine) {
    GlobalOptions options;
    options.addr = "127.0.0.1:1,127.0.0.1:2";
    const auto target = Shell::open(options)->target();
    ASSERT_TRUE(target);
    EXPECT_EQ(target->addresses, (std::vector<std::string>{"127.0.0.1:1", "127.0.0.1:2"}));
    EXPECT_FALSE(target->cluster) << "an address says nothing of a mesh";
    const auto config = Shell::open(options)->config();
    ASSERT_TRUE(config);
    EXPECT_EQ(config->at("client.addresses"), (SettingValue{*options.addr, "--addr"}));
    for (const char* wrong : {"junk", ",", "8.8.8.8:1"}) {
        options.addr = wrong;
        const auto none = Shell::open(options)->target();
        ASSERT_FALSE(none) << wrong;
        EXPECT_EQ(exit_for(none.error().code), Exit::Usage) << wrong;
    }
}

// An empty variable of a script is not the same as nothing.
TEST(Shells, RefuseEmptyNames) {
    GlobalOptions address, context;
    address.addr = "";
    context.context = "";
    for (const GlobalOptions& options : {address, context}) {
        const auto shell = Shell::open(options);
        ASSERT_FALSE(shell);
        EXPECT_NE(shell.error().message.find("is empty"), std::string::npos);
    }
}

// While it lives, the environment has that variable.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
};

// docs/configuration.md, client.cluster: no other mesh is talked to.
TEST(Shells, KeepToTheMeshOfTheSettingsWhateverTheAddresses) {
    const std::string cluster(32, 'a');
    GlobalOptions options;
    options.addr = "127.0.0.1:1";
    {
        const Variable pinned("WEFT_CLIENT__CLUSTER", cluster);
        const auto target = Shell::open(options)->target();
        ASSERT_TRUE(target) << target.error().message;
        EXPECT_EQ(target->cluster, ClusterId::from_hex(cluster));
    }
    const Variable wrong("WEFT_CLIENT__CLUSTER", "zz");
    const auto none = Shell::open(options)->target();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::Configuration) << "not the command line's fault";
}

TEST(Shells, NeedAFolderForProcessesAndFiles) {
    const test::TempFolder temp;
    GlobalOptions options;
    options.context = temp.path() / "x.toml";
    ASSERT_TRUE(write_file(*options.context, "", 0644));
    const auto folder = Shell::open(options)->dev_folder();
    ASSERT_FALSE(folder);
    EXPECT_NE(folder.error().message.find("x.toml is a file"), std::string::npos);
    EXPECT_EQ(exit_for(folder.error().code), Exit::Usage);
}

TEST(Shells, TakeAddressesAndTheMeshFromSettings) {
    const test::TempFolder temp;
    GlobalOptions options;
    options.context = temp.path() / "x.toml";
    ASSERT_TRUE(write_file(*options.context, "[log]\nlevel = \"warn\"\n", 0644));
    const auto none = Shell::open(options)->target();
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("give client.addresses there"), std::string::npos);
    const std::string cluster(32, 'a');
    ASSERT_TRUE(write_file(
        *options.context,
        "[client]\naddresses = [\"127.0.0.1:1\"]\ncluster = \"" + cluster + "\"\n", 0644));
    for (const std::optional<std::string>& addr :
         {std::optional<std::string>(), std::optional<std::string>("127.0.0.1:2")}) {
        options.addr = addr;
        const auto target = Shell::open(options)->target();
        ASSERT_TRUE(target) << target.error().message;
        EXPECT_EQ(target->addresses, std::vector<std::string>{addr.value_or("127.0.0.1:1")});
        EXPECT_EQ(target->cluster, ClusterId::from_hex(cluster));
    }
}

// A folder holds the genesis, so it means one mesh and no other.
TEST(Shells, PinTheMeshOfTheFolder) {
    ASSERT_GE(sodium_init(), 0);
    const test::TempFolder temp;
    const auto folder = temp.path() / "a";
    routing::NodeRecord wanted;
    wanted.name = "a";
    wanted.zone = "z";
    wanted.host = "h";
    wanted.mesh_address = "127.0.0.1:1";
    wanted.client_address = "127.0.0.1:2";
    const auto made = init_node(folder, wanted);
    ASSERT_TRUE(made);
    GlobalOptions options;
    options.context = folder;
    const auto without = Shell::open(options)->target();
    ASSERT_FALSE(without) << "which mesh is meant is not known";
    EXPECT_EQ(without.error().code, ErrorCode::Configuration);
    const auto bytes = routing::encode_genesis({.groups = 4, .founders = {*made}});
    ASSERT_TRUE(bytes);
    ASSERT_TRUE(write_file(NodeFolder{folder}.genesis(), *bytes, 0644));
    const auto target = Shell::open(options)->target();
    ASSERT_TRUE(target) << target.error().message;
    EXPECT_EQ(target->cluster, routing::cluster_id(*bytes));
    EXPECT_EQ(target->addresses, std::vector<std::string>{"127.0.0.1:2"});
    {
        const Variable same("WEFT_CLIENT__CLUSTER", target->cluster->hex());
        EXPECT_TRUE(Shell::open(options)->target());
    }
    {
        const Variable other("WEFT_CLIENT__CLUSTER", std::string(32, 'b'));
        const auto contradicted = Shell::open(options)->target();
        ASSERT_FALSE(contradicted);
        EXPECT_EQ(contradicted.error().code, ErrorCode::Configuration);
        EXPECT_NE(contradicted.error().message.find("WEFT_CLIENT__CLUSTER: client.cluster is bbb"),
                  std::string::npos)
            << contradicted.error().message;
    }
    ASSERT_TRUE(write_file(NodeFolder{folder}.genesis(), bytes->substr(1), 0644));
    EXPECT_FALSE(Shell::open(options)->target()) << "damaged";
}

}  // namespace
}  // namespace weft::cli
