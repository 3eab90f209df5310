// Weft as a stranger gets it: installed, found, linked and run.
#include "tests/install/installed.h"

#include <set>

namespace weft::install {
namespace {

namespace fs = std::filesystem;

// Two conversions and an old cast stand in it that weft's own flags would refuse.
constexpr const char* kProgram = R"(#include <weft/client.h>
#include <weft/errors.h>
#include <cstdio>
int main(int argc, char** argv) {
    unsigned char narrow = argc;
    unsigned wide = (unsigned)narrow + argc;
    weft::ConnectOptions options;
    options.addresses = {argc > 1 ? argv[1] : "127.0.0.1:1"};
    options.give_up_when_refused = true;
    const auto mesh = weft::connect(options);
    if (!mesh) {
        const auto number = weft::number_of(mesh.error());
        std::printf("%s\n", weft::error_page(number).title.data());
        return number == weft::ErrorNumber::CannotReachMesh && wide != 0 ? 3 : 4;
    }
    const auto sum = mesh->entity("counter", "visits").call("add", "1");
    if (!sum.done() || !weft::RequestId::parse(sum.request.text())) return 5;
    std::printf("%.*s\n", (int)sum.reply.size(), sum.reply.data());
}
)";

// The typed helpers and a coroutine, with all that a real mesh answers.
constexpr const char* kTypedProgram = R"(#include <weft/counter.h>
#include <weft/kv.h>
#include <cstdio>
#include <exception>
#include <future>
struct Detached {
    struct promise_type {
        Detached get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};
Detached add_twice(weft::Entity entity, std::promise<std::string>& sum) {
    co_await entity.start("add", "20");
    const weft::CallResult second = co_await entity.start("add", "2");
    sum.set_value(std::string(second.reply.view()));
}
int main(int, char** argv) {
    weft::ConnectOptions options;
    options.addresses = {argv[1]};
    const auto mesh = weft::connect(options);
    if (!mesh) return 1;
    using weft::kv::Expect;
    const weft::kv::Item item(*mesh, "typed");
    const auto none = item.get();
    if (!none || *none) return 2;
    if (!item.cas(Expect::absent(), "one").done()) return 3;
    const auto one = item.get();
    if (!one || !*one || (*one)->bytes.view() != "one") return 4;
    if (!item.cas(Expect::at((*one)->revision), "two").done()) return 5;
    const auto late = item.cas(Expect::at((*one)->revision), "three");
    if (late.outcome != weft::Outcome::Rejected ||
        weft::number_of(late.error) != weft::ErrorNumber::ValueConflict)
        return 6;
    if (!item.cas(Expect::equal_to("two"), "four").done() || !item.remove().done()) return 7;
    const auto gone = item.get();
    if (!gone || *gone) return 8;
    const weft::counter::Counter counter(*mesh, "typed");
    if (counter.get() != 0 || counter.add(-5).sum != -5 || counter.get() != -5) return 9;
    std::promise<std::string> sum;
    auto future = sum.get_future();
    add_twice(mesh->entity("counter", "typed"), sum);
    std::printf("%s\n", future.get().c_str());
}
)";

constexpr const char* kLists = R"(cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
find_package(weft 0.1 REQUIRED COMPONENTS client)
add_executable(user user.cpp)
target_link_libraries(user PRIVATE weft::client)
)";

constexpr const char* kNeedsNewer = "weft needs C++23: compile with -std=c++23";

class Compiled : public Installed, public ::testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        if (!has_program(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
    }
};
INSTANTIATE_TEST_SUITE_P(By, Compiled, ::testing::Values("g++", "clang++-19"),
                         [](const auto& compiler) {
                             return std::string(compiler.index == 0 ? "Gcc" : "Clang");
                         });

// No word of weft's warnings, and no precompiled header, reaches the user's file.
void expect_plain_flags(const fs::path& commands) {
    bool seen = false;
    for (const std::string& line : lines_of(text_of(commands))) {
        if (line.find("\"command\"") == std::string::npos ||
            line.find("user.cpp") == std::string::npos)
            continue;
        seen = true;
        for (const char* flag : {" -W", " -f", "pch", " -D"})
            EXPECT_EQ(line.find(flag), std::string::npos) << flag << " in " << line;
    }
    EXPECT_TRUE(seen);
}

TEST_P(Compiled, APackageOfCMakeIsFoundAndRuns) {
    const fs::path user = folder(std::string("cmake-") + GetParam());
    write(user / "CMakeLists.txt", kLists);
    write(user / "user.cpp", kProgram);
    const Ran built = run("cd '" + user.string() +
                          "' && CXXFLAGS= " WEFT_CMAKE
                          " -S . -B build -G "
                          "Ninja -DCMAKE_CXX_COMPILER=" +
                          GetParam() + " -DCMAKE_PREFIX_PATH='" + prefix().string() +
                          "' && " WEFT_CMAKE " --build build");
    ASSERT_EQ(built.exit_code, 0) << built.output;
    expect_plain_flags(user / "build/compile_commands.json");
    // Nobody listens on port 1. The library is found where it was linked from.
    const Ran ran = run("'" + (user / "build/user").string() + "'");
    EXPECT_EQ(ran.exit_code, 3) << ran.output;
    EXPECT_EQ(ran.output, "no node of the mesh answers\n");
}

TEST_P(Compiled, PkgConfigNeedsNoStaticAndTheProgramReachesAMesh) {
    const fs::path user = folder(std::string("pkg-config-") + GetParam());
    write(user / "user.cpp", kProgram);
    const Ran built = compile(GetParam(), "c++23", user, "user.cpp");
    ASSERT_EQ(built.exit_code, 0) << built.output;
    const DevMesh mesh(prefix(), user);
    EXPECT_EQ(run_program(user / "program", mesh.address()).output, "1\n");
    EXPECT_EQ(run_program(user / "program", mesh.address()).output, "2\n");
}

TEST_P(Compiled, TypedHelpersAndCoroutinesReachAMesh) {
    const fs::path user = folder(std::string("typed-") + GetParam());
    write(user / "user.cpp", kTypedProgram);
    const Ran built = compile(GetParam(), "c++23", user, "-Wall -Wextra -Werror user.cpp");
    ASSERT_EQ(built.exit_code, 0) << built.output;
    const DevMesh mesh(prefix(), user);
    const Ran ran = run_program(user / "program", mesh.address());
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_EQ(ran.output, "17\n");
}

TEST_P(Compiled, AnOlderStandardIsToldSoInOneLine) {
    const fs::path user = folder(std::string("older-") + GetParam());
    for (const char* header : {"client", "counter", "errors", "kv", "types"}) {
        SCOPED_TRACE(header);
        write(user / "user.cpp", std::string("#include <weft/") + header +
                                     ".h>\nweft::Result<int> f();\nint main() {}\n");
        const Ran built = compile(GetParam(), "c++20", user, "user.cpp");
        EXPECT_NE(built.exit_code, 0);
        std::vector<std::string> errors;
        for (const std::string& line : lines_of(built.output))
            if (line.find("error:") != std::string::npos) errors.push_back(line);
        ASSERT_EQ(errors.size(), 2U) << built.output;
        EXPECT_NE(errors[0].find(kNeedsNewer), std::string::npos) << errors[0];
        EXPECT_NE(errors[1].find("fatal error: "), std::string::npos) << errors[1];
    }
}

TEST_P(Compiled, TheProgramOfTheReadmeCompiles) {
    std::string program;
    bool inside = false;
    for (const std::string& line : lines_of(text_of(WEFT_SOURCE_DIR "/README.md"))) {
        if (line.starts_with("```")) {
            inside = line == "```cpp";
        } else if (inside) {
            program += line + "\n";
        }
    }
    ASSERT_NE(program.find("int main()"), std::string::npos);
    const fs::path user = folder(std::string("readme-") + GetParam());
    write(user / "user.cpp", program);
    const Ran built = compile(GetParam(), "c++23", user, "-Wall -Wextra -Werror user.cpp");
    EXPECT_EQ(built.exit_code, 0) << built.output;
}

// The headers a user sees name only the standard library, and bear the strictest flags.
TEST_F(Installed, HeadersNeedTheStandardLibraryOnly) {
    const fs::path user = folder("headers");
    std::string all;
    std::size_t headers = 0;
    for (const auto& entry : fs::directory_iterator(prefix() / "include/weft")) {
        SCOPED_TRACE(entry.path().filename());
        ++headers;
        all += "#include <weft/" + entry.path().filename().string() + ">\n";
        for (const std::string& line : lines_of(text_of(entry.path())))
            if (line.starts_with("#include <") && line != "#include <weft-needs-C++23>") {
                EXPECT_EQ(line.find_first_of("./"), std::string::npos) << line;
            }
    }
    EXPECT_GE(headers, 6U);
    write(user / "user.cpp", all);
    const Ran built =
        run("g++ -std=c++23 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion "
            "-Wshadow -Wold-style-cast -Werror -I '" +
            (prefix() / "include").string() + "' '" + (user / "user.cpp").string() + "'");
    EXPECT_EQ(built.exit_code, 0) << built.output;
}

TEST_F(Installed, ExportsNothingThatIsNotOfWeft) {
    const fs::path library = prefix() / "lib/libweft-client.so";
    const Ran symbols = run("nm -DC --defined-only '" + library.string() + "'");
    ASSERT_EQ(symbols.exit_code, 0) << symbols.output;
    std::size_t exported = 0;
    for (const std::string& line : lines_of(symbols.output)) {
        if (line.ends_with(" A WEFT_0")) continue;
        const std::string name = line.substr(line.find(' ') + 3);
        EXPECT_TRUE(name.starts_with("weft::")) << line;
        EXPECT_FALSE(name.starts_with("weft::client::")) << line;
        ++exported;
    }
    EXPECT_GT(exported, 10U);
    EXPECT_LT(exported, 100U) << "is more than the public API marked WEFT_API?";
    const Ran dynamic = run("readelf -d '" + library.string() + "'");
    EXPECT_NE(dynamic.output.find("[libweft-client.so.0]"), std::string::npos) << dynamic.output;
}

TEST_F(Installed, AnotherVersionOrComponentIsNotFound) {
    const struct {
        const char* wanted;
        bool found;
    } cases[] = {{"0.1 REQUIRED COMPONENTS client", true},
                 {"0.1 REQUIRED", true},
                 {"0.2 REQUIRED COMPONENTS client", false},
                 {"0.1 REQUIRED COMPONENTS server", false}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.wanted);
        const fs::path user = folder("version");
        fs::remove_all(user / "build");
        write(user / "CMakeLists.txt",
              "cmake_minimum_required(VERSION 3.25)\nproject(user NONE)\n"
              "find_package(weft " +
                  std::string(c.wanted) + ")\n");
        const Ran ran = run("cd '" + user.string() +
                            "' && " WEFT_CMAKE
                            " -S . -B build -G Ninja "
                            "-DCMAKE_PREFIX_PATH='" +
                            prefix().string() + "'");
        EXPECT_EQ(ran.exit_code == 0, c.found) << ran.output;
    }
}

// The tree itself as a part of another project: the user's file keeps the user's flags.
TEST_F(Installed, ASubdirectoryLeavesTheUsersFlagsAlone) {
    const fs::path user = folder("subdirectory");
    write(user / "CMakeLists.txt",
          "cmake_minimum_required(VERSION 3.25)\nproject(user LANGUAGES CXX)\n"
          "set(CMAKE_EXPORT_COMPILE_COMMANDS ON)\n"
          "add_subdirectory(" WEFT_SOURCE_DIR
          " weft EXCLUDE_FROM_ALL)\n"
          "add_executable(user user.cpp)\ntarget_link_libraries(user PRIVATE weft::client)\n");
    write(user / "user.cpp", kProgram);
    const Ran ran = run("cd '" + user.string() +
                        "' && CXXFLAGS= " WEFT_CMAKE
                        " -S . -B build -G Ninja "
                        "&& ninja -C build -n user");
    ASSERT_EQ(ran.exit_code, 0) << ran.output;
    expect_plain_flags(user / "build/compile_commands.json");
    EXPECT_EQ(ran.output.find("tests/"), std::string::npos) << "weft's tests are not the user's";
}

}  // namespace
}  // namespace weft::install
