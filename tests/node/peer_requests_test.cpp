// How many requests of one peer wait for their end.

#include "node/peer_requests.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace weft::node::test {
namespace {

TEST(PeerRequests, AreSoManyAtATimeAndOneThatIsRefusedEndsToo) {
    PeerRequests requests;
    for (std::size_t each = 0; each < PeerRequests::kMost; ++each) EXPECT_TRUE(requests.begin());
    EXPECT_FALSE(requests.begin());
    EXPECT_FALSE(requests.begin()) << "nor is the next";
    requests.end();
    requests.end();
    EXPECT_FALSE(requests.begin()) << "no other has ended";
    requests.end();
    requests.end();
    EXPECT_TRUE(requests.begin());
}

TEST(PeerRequests, OneTooManyThatHasNotEndedIsAFault) {
    PeerRequests requests;
    for (std::size_t each = 0; each < PeerRequests::kMost; ++each) requests.begin();
    EXPECT_EQ(weft::test::said_by([&] { requests.check(); }), "");
    requests.begin();
    EXPECT_EQ(weft::test::said_by([&] { requests.check(); }), "257 requests of a node wait");
}

TEST(PeerRequests, OfAProcessThatIsGoneNoneWait) {
    PeerRequests requests;
    for (std::size_t each = 0; each < PeerRequests::kMost; ++each) requests.begin();
    requests.forget();
    EXPECT_EQ(requests.waiting(), 0U);
    EXPECT_TRUE(requests.begin());
}

TEST(PeerRequests, AnAnswerToWhatNobodyAskedIsAFault) {
    PeerRequests requests;
    requests.begin();
    requests.end();
    EXPECT_EQ(weft::test::said_by([&] { requests.end(); }),
              "an answer to a node that asked nothing");
}

}  // namespace
}  // namespace weft::node::test
