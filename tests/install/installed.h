#pragma once
// A prefix that weft was installed into, and a folder for the programs that are built against it.

#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace weft::install {

struct Ran {
    int exit_code = -1;
    std::string output;  // standard output and error
};

// Runs shell words and waits.
Ran run(const std::string& command);
bool has_program(const std::string& name);
std::vector<std::string> lines_of(const std::string& text);
std::string text_of(const std::filesystem::path& file);
void write(const std::filesystem::path& file, const std::string& text);

class Installed : public ::testing::Test {
protected:
    // Once for all tests: `cmake --install`.
    static void SetUpTestSuite();
    static void TearDownTestSuite();

    static std::filesystem::path prefix() { return root_->path() / "prefix"; }
    // Compiles `source` (a file of `folder`) to `folder`/program with the flags of pkg-config.
    static Ran compile(const std::string& compiler, const std::string& standard,
                       const std::filesystem::path& folder, const std::string& source);
    // Runs a program that needs libweft-client.
    static Ran run_program(const std::filesystem::path& program, const std::string& arguments);
    // A new folder.
    static std::filesystem::path folder(const std::string& name);

private:
    static std::unique_ptr<test::TempFolder> root_;
};

// Three nodes of the installed program, for the life of this object.
class DevMesh {
public:
    DevMesh(const std::filesystem::path& prefix, const std::filesystem::path& folder);
    ~DevMesh();
    DevMesh(const DevMesh&) = delete;
    DevMesh& operator=(const DevMesh&) = delete;

    const std::string& address() const { return address_; }

private:
    std::string weft_;  // the program and the folder of the mesh
    std::string address_;
};

}  // namespace weft::install
