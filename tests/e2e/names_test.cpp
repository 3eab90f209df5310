// Nodes that know each other by name (docs/configuration.md, "Addresses").

#include "tests/support/temp_folder.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace weft::e2e {
namespace {

TEST(HostNames, AreResolvedAtEachConnect) {
    test::TempFolder folder;
    const std::string said = (folder.path() / "said").string();
    const int status =
        std::system(fmt::format("'{}/tests/e2e/names.sh' '{}' '{}' >'{}' 2>&1", WEFT_SOURCE_DIR,
                                WEFT_PROGRAM, folder.path().string(), said)
                        .c_str());
    ASSERT_TRUE(WIFEXITED(status));
    constexpr int kNoNamespaces = 3;
    if (WEXITSTATUS(status) == kNoNamespaces) GTEST_SKIP() << "no namespaces here";
    std::ifstream stream(said);
    EXPECT_EQ(WEXITSTATUS(status), 0) << std::string(std::istreambuf_iterator<char>(stream), {});
}

}  // namespace
}  // namespace weft::e2e
