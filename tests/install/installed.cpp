#include "tests/install/installed.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

namespace weft::install {

namespace fs = std::filesystem;

std::unique_ptr<test::TempFolder> Installed::root_;

Ran run(const std::string& command) {
    Ran ran;
    std::FILE* pipe = ::popen(("{ " + command + "; } 2>&1").c_str(), "r");
    if (pipe == nullptr) return ran;
    std::array<char, 4096> part{};
    for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
        ran.output.append(part.data(), got);
    const int status = ::pclose(pipe);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
}

bool has_program(const std::string& name) { return run("command -v " + name).exit_code == 0; }

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::string text_of(const fs::path& file) {
    std::ifstream stream(file);
    EXPECT_TRUE(stream.good()) << file;
    return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& file, const std::string& text) {
    std::ofstream stream(file);
    stream << text;
    stream.close();
    EXPECT_TRUE(stream.good()) << file;
}

void Installed::SetUpTestSuite() {
    root_ = std::make_unique<test::TempFolder>();
    const Ran ran =
        run(WEFT_CMAKE " --install '" WEFT_BUILD_DIR "' --prefix '" + prefix().string() + "'");
    ASSERT_EQ(ran.exit_code, 0) << ran.output;
}

void Installed::TearDownTestSuite() { root_.reset(); }

Ran Installed::compile(const std::string& compiler, const std::string& standard,
                       const fs::path& folder, const std::string& source) {
    const std::string pkg_config = "PKG_CONFIG_PATH='" + (prefix() / "lib/pkgconfig").string() +
                                   "' pkg-config --cflags --libs weft-client";
    return run("cd '" + folder.string() + "' && flags=$(" + pkg_config + ") && " + compiler +
               " -std=" + standard + " " + source + " $flags -o program");
}

Ran Installed::run_program(const fs::path& program, const std::string& arguments) {
    return run("LD_LIBRARY_PATH='" + (prefix() / "lib").string() + "' '" + program.string() + "' " +
               arguments);
}

fs::path Installed::folder(const std::string& name) {
    const fs::path path = root_->path() / name;
    fs::create_directories(path);
    return path;
}

DevMesh::DevMesh(const fs::path& prefix, const fs::path& folder)
    : weft_("WEFT_DEV_DIR='" + (folder / "dev").string() + "' '" + (prefix / "bin/weft").string() +
            "' ") {
    const Ran up = run(weft_ + "dev --detach");
    EXPECT_EQ(up.exit_code, 0) << up.output;
    const Ran status = run(weft_ + "-o json dev status");
    const std::size_t key = status.output.find("\"client\"");
    const std::size_t at = status.output.find("127.0.0.1:", key);
    if (key != std::string::npos && at != std::string::npos)
        address_ = status.output.substr(at, status.output.find('"', at) - at);
    EXPECT_FALSE(address_.empty()) << status.output;
}

DevMesh::~DevMesh() { EXPECT_EQ(run(weft_ + "dev down --clean").exit_code, 0); }

}  // namespace weft::install
