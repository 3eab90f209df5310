// What `weft dev` finds out about nodes that ended.

#include "cli/dev_start.h"
#include "core/error.h"

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

TEST(EndedNodes, TellTheErrorTheyEndedWith) {
    const auto error = error_at_end(
        "2026-11-24T17:00:00Z error node.not_started error=WEFT-1004 what=\"taken\"\n"
        "error WEFT-1004: 127.0.0.1:7340 is taken by another program\n"
        "  because: Another process listens on this address and port.\n"
        "  try: Stop that process.\n");
    ASSERT_TRUE(error);
    EXPECT_EQ(*error,
              make_error(ErrorNumber::PortInUse, "127.0.0.1:7340 is taken by another program"));
}

TEST(EndedNodes, TellNoErrorThatIsNotTheirLast) {
    const char* const logs[] = {
        "",
        "\n",
        "2026-11-24T17:00:00Z info node.started\n",
        "error WEFT-1004: of a former start\n  because: x\n2026-11-24 info node.started\n",
        "error WEFT-10: cut",
        "error WEFT-",
        "error WEFT-abcd: not a number\n",
        "error WEFT-1004",
        "  because: only this\n",
    };
    for (const char* log : logs) EXPECT_FALSE(error_at_end(log)) << log;
    EXPECT_EQ(error_at_end("error WEFT-8999: of a newer version\n")->number, 8999);
}

}  // namespace
}  // namespace weft::cli
