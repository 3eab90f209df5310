#include "tests/e2e/test_mesh.h"

#include <fmt/core.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace weft::e2e {

Ran MeshTest::weft(const std::string& arguments, const std::string& environment) const {
    const std::string errors =
        file("errors-" + std::to_string(std::hash<std::string>{}(arguments)));
    const std::string command =
        fmt::format("{} '{}' {} 2>'{}'", environment, WEFT_PROGRAM, arguments, errors);
    Ran ran;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return ran;
    std::array<char, 4096> part{};
    for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
        ran.output.append(part.data(), got);
    const int status = ::pclose(pipe);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ran.printed = ran.output;
    if (ran.exit_code != 0) {
        std::ifstream stream(errors);
        ran.output.append(std::istreambuf_iterator<char>(stream), {});
    }
    return ran;
}

nlohmann::json MeshTest::weft_json(const std::string& arguments) const {
    const Ran ran = weft("-o json " + arguments);
    EXPECT_EQ(ran.exit_code, 0) << arguments << "\n" << ran.output;
    auto json = nlohmann::json::parse(ran.output, nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << ran.output;
    return json;
}

void MeshTest::expect_refused(std::span<const Refused> cases) const {
    for (const Refused& c : cases) {
        SCOPED_TRACE(c.arguments);
        const Ran ran = weft(c.arguments);
        EXPECT_EQ(ran.exit_code, c.exit_code) << ran.output;
        EXPECT_NE(ran.output.find(c.named), std::string::npos) << ran.output;
        EXPECT_NE(ran.output.find("because: "), std::string::npos) << ran.output;
        EXPECT_NE(ran.output.find("try: "), std::string::npos) << ran.output;
    }
}

std::future<Ran> MeshTest::weft_beside(const std::string& arguments) const {
    return std::async(std::launch::async, [this, arguments] { return weft(arguments); });
}

void MeshTest::SetUp() {
    ASSERT_EQ(::setenv("WEFT_DEV_DIR", folder().c_str(), 1), 0);
    const Ran ran = weft(fmt::format("dev --nodes {} --detach", nodes()));
    ASSERT_EQ(ran.exit_code, 0) << ran.output;
}

void MeshTest::TearDown() {
    if (HasFailure())
        for (const char* name : {"a", "b", "c"}) {
            std::ifstream log(folder() / name / "log");
            const std::string text(std::istreambuf_iterator<char>(log), {});
            constexpr std::size_t kShown = 4000;
            std::fprintf(stderr, "---- log of %s\n%s\n", name,
                         text.substr(text.size() - std::min(text.size(), kShown)).c_str());
        }
    const Ran ran = weft("dev down --clean");
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_FALSE(std::filesystem::exists(folder())) << "dev down --clean removes all it made";
}

std::string MeshTest::some_leader() const {
    // Not an entity of a load: its history would not know of this put.
    const auto put = weft_json("put kv/probe here");
    const auto number = put.value("partition", 0);
    for (const auto& row : weft_json("partition list"))
        if (row.value("partition", -1) == number) return row.value("leader", "");
    return "";
}

std::vector<std::string> MeshTest::nodes_but(const std::string& name) const {
    std::vector<std::string> others;
    for (const char* node : {"a", "b", "c"})
        if (node != name) others.emplace_back(node);
    return others;
}

bool MeshTest::becomes_healthy(int seconds) const {
    const Ran ran = weft("health --exit-when-healthy --timeout " + std::to_string(seconds) + "s");
    if (ran.exit_code != 0) std::fprintf(stderr, "%s\n", ran.output.c_str());
    return ran.exit_code == 0;
}

}  // namespace weft::e2e
