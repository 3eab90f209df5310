#include "core/error.h"
#include "tests/transport/loopback.h"
#include "transport/sockets.h"

#include <gtest/gtest.h>

namespace weft::transport {
namespace {

TEST(Address, AcceptsLoopbackOnly) {
    struct Case {
        const char* address;
        const char* endpoint;  // null: refused
        ErrorNumber number;
    };
    const Case cases[] = {
        {"127.0.0.1:7340", "tcp://127.0.0.1:7340", {}},
        {"127.8.9.10:1", "tcp://127.8.9.10:1", {}},
        {"localhost:65535", "tcp://127.0.0.1:65535", {}},
        {"::1:7340", "tcp://[::1]:7340", {}},
        {"[::1]:7340", "tcp://[::1]:7340", {}},
        {"0.0.0.0:7340", nullptr, ErrorNumber::ListenNeedsKeys},
        {"192.168.1.4:7340", nullptr, ErrorNumber::ListenNeedsKeys},
        {"example.org:7340", nullptr, ErrorNumber::ListenNeedsKeys},
        {"*:7340", nullptr, ErrorNumber::ListenNeedsKeys},
        {"[::]:7340", nullptr, ErrorNumber::ListenNeedsKeys},
        {"127.0.0.1.example.org:7340", nullptr, ErrorNumber::ListenNeedsKeys},
        {"ipc:///tmp/x:7340", nullptr, ErrorNumber::ListenNeedsKeys},
        {"tcp://127.0.0.1:7340", nullptr, ErrorNumber::ListenNeedsKeys},
        {"127.0.0.1", nullptr, ErrorNumber::BadConfiguration},
        {":7340", nullptr, ErrorNumber::BadConfiguration},
        {"127.0.0.1:", nullptr, ErrorNumber::BadConfiguration},
        {"127.0.0.1:0", nullptr, ErrorNumber::BadConfiguration},
        {"127.0.0.1:65536", nullptr, ErrorNumber::BadConfiguration},
        {"127.0.0.1:7340x", nullptr, ErrorNumber::BadConfiguration},
        {"127.0.0.1:-1", nullptr, ErrorNumber::BadConfiguration},
        {"", nullptr, ErrorNumber::BadConfiguration},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.address);
        const auto endpoint = tcp_endpoint(c.address);
        ASSERT_EQ(endpoint.has_value(), c.endpoint != nullptr);
        if (endpoint) {
            EXPECT_EQ(*endpoint, c.endpoint);
        } else {
            EXPECT_EQ(endpoint.error().number, std::uint16_t(c.number));
            EXPECT_EQ(endpoint.error().code, ErrorCode::Configuration);
        }
    }
}

// DESIGN 5: the evidence that a process is gone.
TEST(Address, ConnectIsRefusedOnlyWhereNobodyListens) {
    Context context;
    const std::string address = test::free_address();
    EXPECT_TRUE(connect_refused(address));
    auto router = Router::bind(address, {1024});
    ASSERT_TRUE(router);
    EXPECT_FALSE(connect_refused(address));
}

TEST(Address, APortInUseIsNamed) {
    Context context;
    const std::string address = test::free_address();
    auto first = Router::bind(address, {1024});
    ASSERT_TRUE(first);
    auto second = Router::bind(address, {1024});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().number, std::uint16_t(ErrorNumber::PortInUse));
    EXPECT_NE(second.error().message.find(address), std::string::npos);
}

TEST(Address, SocketsRefuseWhatIsNotLoopback) {
    Context context;
    EXPECT_EQ(Router::bind("0.0.0.0:7340", {1024}).error().number,
              std::uint16_t(ErrorNumber::ListenNeedsKeys));
    EXPECT_EQ(Dealer::connect(context, "10.0.0.1:7340", 1024).error().number,
              std::uint16_t(ErrorNumber::ListenNeedsKeys));
}

}  // namespace
}  // namespace weft::transport
