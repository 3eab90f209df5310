#include "cli/config.h"

#include "tests/support/temp_folder.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <fstream>

namespace weft::cli {
namespace {

class Configs : public ::testing::Test {
protected:
    Result<Config> load(const std::string& text, const std::vector<std::string>& environment = {},
                        const ConfigFlags& flags = {}) {
        std::ofstream(file()) << text;
        return Config::load(file(), environment, flags);
    }
    std::filesystem::path file() const { return temp_.path() / "weft.toml"; }
    std::string at(int line) const { return file().string() + ":" + std::to_string(line); }

    const test::TempFolder temp_;
};

TEST_F(Configs, AreGoodAsTheyAreBuiltIn) {
    const auto config = Config::load(std::nullopt, {}, {});
    ASSERT_TRUE(config) << config.error().message;
    for (const Setting& setting : settings()) {
        EXPECT_EQ(config->at(setting.key),
                  (SettingValue{std::string(setting.fallback), "default"}));
        EXPECT_NE(setting.key.find('.'), std::string_view::npos);
        EXPECT_FALSE(setting.help.empty());
    }
    EXPECT_EQ(config->log_level(), LogLevel::Info);
    EXPECT_EQ(config->cpu(), -1);
    EXPECT_EQ(config->bytes("storage.map"), std::uint64_t{64} << 30);
    EXPECT_TRUE(config->list("client.addresses").empty());
}

TEST_F(Configs, TheLaterSourceWins) {
    const std::string text =
        "[log]\nlevel = \"warn\"\nfile = \"/tmp/a\"\n[node]\ncpu = 1\n"
        "[client]\naddresses = [\"127.0.0.1:7341\", \"127.0.0.1:7351\"]\n";
    const auto config = load(text, {"WEFT_LOG__LEVEL=error", "WEFT_NODE__CPU=2", "HOME=/root", "X"},
                             {{"node.cpu", {"3", "--cpu"}}});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->at("log.file"), (SettingValue{"/tmp/a", at(3)}));
    EXPECT_EQ(config->at("log.level"), (SettingValue{"error", "WEFT_LOG__LEVEL"}));
    EXPECT_EQ(config->at("node.cpu"), (SettingValue{"3", "--cpu"}));
    EXPECT_EQ(config->list("client.addresses"),
              (std::vector<std::string>{"127.0.0.1:7341", "127.0.0.1:7351"}));
}

TEST_F(Configs, AreRefusedWithPlaceAndReason) {
    struct Case {
        std::string text, says;
    };
    const Case cases[] = {
        {"[log]\nlevle = \"info\"\n", ":2:1: 'levle' is no key of [log]; did you mean 'level'?"},
        {"[lgo]\nlevel = \"info\"\n", ":1:2: [lgo] is no table of settings; did you mean 'log'?"},
        {"log = 3\n", ":1:1: 'log' is a table"},
        {"[log]\n  level = 3\n", ":2:3: log.level is a text, in quotes"},
        {"[client]\naddresses = \"a\"\n", ":2:1: client.addresses is a list of texts"},
        {"[client]\naddresses = [\"127.0.0.1:1\", 2]\n", ":2:29: client.addresses is a list"},
        {"[node]\ncpu = true\n", ":2:1: node.cpu is a number, or a text"},
        {"[log]\nlevel = \"loud\"\n", ":2: log.level is 'loud', not debug, info, warn or error"},
        {"[node]\ncpu = -1\n", ":2: node.cpu is '-1', not 'any' or 0 to 4095"},
        {"[storage]\nmap = \"64GB\"\n", ":2: storage.map is '64GB', not a size"},
        {"[storage]\nmap = 1024\n", ":2: storage.map is '1024', not a size"},
        {"[listen]\nmesh = \"junk\"\n", ":2: listen.mesh is 'junk', and 'junk' is not host:port"},
        {"[listen]\nmesh = \"10.0.0.1:1\"\n",
         ":2: listen.mesh is '10.0.0.1:1', and 10.0.0.1 is not"},
        {"[listen]\nmesh = \"127.0.0.1:1,127.0.0.1:2\"\n", "not one HOST:PORT"},
        {"[client]\ncluster = \"ab\"\n", ":2: client.cluster is 'ab', not 32 hex digits"},
        {"[log\n", ":1:"},
        {"[log]\nlevel = \"info\"\nlevel = \"info\"\n", ":3:"},
        {"[log]\nlevel = \"\xff\"\n", ":2:"},
    };
    for (const Case& c : cases) {
        const auto config = load(c.text);
        ASSERT_FALSE(config) << c.text;
        EXPECT_EQ(config.error().code, ErrorCode::Configuration);
        EXPECT_NE(config.error().message.find(
                      file().string() + c.says.substr(0, c.says[0] == ':' ? std::string::npos : 0)),
                  std::string::npos)
            << config.error().message << "\nwanted: " << c.says;
        EXPECT_NE(config.error().message.find(c.says), std::string::npos) << config.error().message;
    }
}

TEST_F(Configs, KnowTheVariablesThatAreMeantForThem) {
    for (const char* other : {"WEFT_DEV_DIR=/x", "WEFT=1", "OTHER__THING=1"})
        EXPECT_TRUE(load("", {other})) << other;
    const auto misspelt = load("", {"WEFT_LOG__LEVLE=info"});
    ASSERT_FALSE(misspelt);
    EXPECT_EQ(misspelt.error().message,
              "the variable WEFT_LOG__LEVLE is no setting; did you mean 'WEFT_LOG__LEVEL'?");
    const auto wrong = load("", {"WEFT_LOG__LEVEL="});
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("WEFT_LOG__LEVEL: log.level is ''"), std::string::npos);
}

// docs/operating.md, exit codes: 2 for the command line, 78 for files and the environment.
TEST_F(Configs, OfTheCommandLineAreWrongUsage) {
    for (const char* key : {"listen.mesh", "listen.client", "log.level", "node.cpu"}) {
        const auto config = load("", {}, {{key, {"junk", "--an-option"}}});
        ASSERT_FALSE(config) << key;
        EXPECT_EQ(config.error().code, ErrorCode::Malformed) << key;
        EXPECT_EQ(config.error().number, std::uint16_t(ErrorNumber::BadConfiguration)) << key;
    }
    const auto flag = load("", {}, {{"listen.mesh", {"8.8.8.8:1", "--listen-mesh"}}});
    const auto variable = load("", {"WEFT_LISTEN__MESH=8.8.8.8:1"});
    ASSERT_TRUE(!flag && !variable);
    EXPECT_EQ(flag.error().code, ErrorCode::Malformed);
    EXPECT_EQ(variable.error().code, ErrorCode::Configuration);
    for (const Error& error : {flag.error(), variable.error()})
        EXPECT_EQ(error.number, std::uint16_t(ErrorNumber::ListenNeedsKeys));
}

TEST_F(Configs, GiveEachPortOneUse) {
    const std::string text = "[listen]\nmesh = \"127.0.0.1:7636\"\n";
    const auto file = load(text + "client = \"127.0.0.1:7636\"\n");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message,
              at(3) +
                  ": listen.client is '127.0.0.1:7636', and so is listen.mesh: each has a port "
                  "of its own");
    EXPECT_EQ(file.error().code, ErrorCode::Configuration);
    const auto flag = load(text, {}, {{"listen.client", {"127.0.0.1:7636", "--listen-client"}}});
    ASSERT_FALSE(flag);
    EXPECT_EQ(flag.error().code, ErrorCode::Malformed);
    EXPECT_TRUE(load(text + "client = \"127.0.0.1:7637\"\n"));
}

TEST_F(Configs, SayWhatANodeThatRunsCannotTake) {
    const auto before = load("[log]\nlevel = \"info\"\n"),
               level = load("[log]\nlevel = \"warn\"\n"),
               more = load("[log]\nlevel = \"warn\"\nfile = \"/x\"\n[storage]\nmap = \"1GiB\"\n");
    ASSERT_TRUE(before && level && more);
    EXPECT_TRUE(level->fixed_changes(*before).empty());
    EXPECT_EQ(more->fixed_changes(*before), (std::vector<std::string>{"log.file", "storage.map"}));
}

TEST_F(Configs, AreInTheFileThatIsNamed) {
    const std::string folder = temp_.path().string();
    EXPECT_EQ(*config_file(folder), std::nullopt);
    std::ofstream(file()) << "";
    EXPECT_EQ(*config_file(folder), file());
    EXPECT_EQ(*config_file(file().string()), file());
    for (const char* gone : {"/other.toml", "/other"}) {
        const auto none = config_file(folder + gone);
        ASSERT_FALSE(none) << gone;
        EXPECT_NE(none.error().message.find(std::string(gone) + " is not there"),
                  std::string::npos);
    }
}

// What the package puts into /etc, with every comment that is a setting taken for one.
TEST_F(Configs, OfThePackageAreGood) {
    std::ifstream stream(WEFT_SOURCE_DIR "/packaging/weft.toml");
    std::string text, line;
    int settings_there = 0;
    while (std::getline(stream, line)) {
        const bool is_setting = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        if (is_setting) line.erase(0, 1);
        settings_there += is_setting && line[0] != '[' ? 1 : 0;
        text += line + "\n";
    }
    const auto config = load(text);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(settings_there, 6);
    EXPECT_EQ(config->text("log.level"), "info");
}

TEST(Sizes, HaveUnits) {
    EXPECT_EQ(parse_bytes("0"), 0u);
    EXPECT_EQ(parse_bytes("17B"), 17u);
    EXPECT_EQ(parse_bytes("3KiB"), 3072u);
    EXPECT_EQ(parse_bytes("2TiB"), std::uint64_t{2} << 40);
    for (const char* bad : {"", "x", "1 GiB", "1GB", "-1", "99999999TiB", "18446744073709551616"})
        EXPECT_EQ(parse_bytes(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace weft::cli
