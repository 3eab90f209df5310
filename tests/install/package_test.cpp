// The Debian packages (cmake/package.cmake) and the unit in them.
#include "tests/install/installed.h"

namespace weft::install {
namespace {

namespace fs = std::filesystem;

class Packages : public ::testing::Test {
protected:
    void SetUp() override {
        for (const char* needed : {"cpack", "dpkg-deb", "dpkg-shlibdeps", "file"})
            if (!has_program(needed)) GTEST_SKIP() << needed << " is not installed";
    }
    // Puts them into `folder_`.
    void make() {
        const Ran made = run("cpack -G DEB --config '" WEFT_BUILD_DIR "/CPackConfig.cmake' -B '" +
                             folder_.path().string() + "'");
        ASSERT_EQ(made.exit_code, 0) << made.output;
    }
    static Ran about(const fs::path& package, const std::string& question) {
        return run("dpkg-deb " + question + " '" + package.string() + "'");
    }
    const test::TempFolder folder_;
};

struct Expected {
    const char* name;
    std::vector<std::string> files;
    std::vector<std::string> not_there;
    std::string depends;  // a part of that field
};

TEST_F(Packages, HoldWhatTheyShould) {
    ASSERT_NO_FATAL_FAILURE(make());
    const Expected packages[] = {
        {"weft",
         {"./usr/bin/weft", "./usr/lib/systemd/system/weft@.service", "./etc/weft/weft.toml",
          "./usr/share/man/man1/weft-put.1.gz", "./usr/share/man/man1/weft.1.gz",
          "./usr/share/bash-completion/completions/weft",
          "./usr/share/zsh/vendor-completions/_weft",
          "./usr/share/fish/vendor_completions.d/weft.fish"},
         {"weft/client.h", "libweft-client"},
         "libzmq5"},
        {"libweft-client0",
         {"/libweft-client.so.0"},
         {"libweft-client.so\n", "weft/client.h", "bin/weft"},
         "libzmq5"},
        {"libweft-dev",
         {"./usr/include/weft/client.h", "/weft-client.pc", "/weft-config.cmake",
          "/libweft-client.so -> "},
         {"bin/weft"},
         "libweft-client0 (= "}};
    for (const Expected& expected : packages) {
        SCOPED_TRACE(expected.name);
        const Ran found = run("ls '" + folder_.path().string() + "/" + expected.name + "'_*.deb");
        ASSERT_EQ(found.exit_code, 0) << found.output;
        const fs::path package = lines_of(found.output).front();
        const std::string files = about(package, "-c").output;
        for (const std::string& file : expected.files)
            EXPECT_NE(files.find(file), std::string::npos) << file << " in\n" << files;
        for (const std::string& file : expected.not_there)
            EXPECT_EQ(files.find(file), std::string::npos) << file << " in\n" << files;
        const Ran depends = run("dpkg-deb -f '" + package.string() + "' Depends");
        EXPECT_NE(depends.output.find(expected.depends), std::string::npos) << depends.output;
        if (std::string(expected.name) == "weft") {
            const Ran kept = run("dpkg-deb -I '" + package.string() + "' conffiles");
            EXPECT_EQ(kept.output, "/etc/weft/weft.toml\n");
        }
    }
}

// With nothing but what they say they need.
TEST_F(Packages, WorkInABareRoot) {
    for (const char* needed : {"awk", "chroot", "ip", "unshare"})
        if (!has_program(needed)) GTEST_SKIP() << needed << " is not installed";
    ASSERT_NO_FATAL_FAILURE(make());
    const std::string script = folder_.file("script");
    write(script,
          "dpkg --verify weft libweft-client0 libweft-dev\n"
          "weft dev --detach --timeout 30s\n"
          "weft put kv/cart hello\n"
          "echo \"value: $(weft get kv/cart)\"\n"
          "weft config check /etc/weft/weft.toml\n"
          "weft dev down --clean\n");
    const Ran ran =
        run("'" WEFT_SOURCE_DIR "/tests/install/bare_root.sh' '" + folder_.file("root") + "' '" +
            script + "' '" + folder_.path().string() + "'/*.deb 2>&1");
    constexpr int kNoNamespaces = 3;
    if (ran.exit_code == kNoNamespaces) GTEST_SKIP() << ran.output;
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_NE(ran.output.find("value: hello"), std::string::npos) << ran.output;
}

// Names of directives that systemd does not know, and rights that are not needed.
TEST_F(Packages, TheUnitIsValidAndKeptSmall) {
    if (!has_program("systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not installed";
    std::string unit = text_of(WEFT_SOURCE_DIR "/packaging/weft@.service");
    const std::string program = "/usr/bin/weft ";
    const std::size_t at = unit.find(program);
    ASSERT_NE(at, std::string::npos);
    unit.replace(at, program.size(), WEFT_BUILD_DIR "/bin/weft ");
    const std::string file = folder_.file("weft@a.service");
    write(file, unit);
    const Ran valid = run("systemd-analyze verify '" + file + "'");
    EXPECT_EQ(valid.exit_code, 0) << valid.output;
    EXPECT_EQ(valid.output.find("weft@a.service"), std::string::npos) << valid.output;
    // Tenths of systemd's measure of exposure, 0 to 100.
    const Ran exposure =
        run("systemd-analyze security --offline=yes --threshold=20 '" + file + "'");
    EXPECT_EQ(exposure.exit_code, 0) << exposure.output;
}

}  // namespace
}  // namespace weft::install
