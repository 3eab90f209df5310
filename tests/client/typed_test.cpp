// The typed helpers (weft/kv.h, weft/counter.h) against a node that answers with what it was sent.
#include "tests/client/fake_node.h"
#include "tests/transport/loopback.h"
#include "weft/counter.h"
#include "weft/kv.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

using client::FakeNode;

class TypedTest : public ::testing::Test {
protected:
    void SetUp() override {
        FakeNode::Options options;
        options.address = test::free_address();
        options.addresses = {options.address};
        node_ = std::make_unique<FakeNode>(std::move(options));
        ConnectOptions connect_options;
        connect_options.addresses = {node_->address()};
        auto mesh = connect(connect_options);
        ASSERT_TRUE(mesh.has_value()) << mesh.error().message;
        mesh_.emplace(*std::move(mesh));
    }
    std::unique_ptr<FakeNode> node_;
    std::optional<Mesh> mesh_;
};

TEST_F(TypedTest, AnAdditionSendsDecimalTextAndReadsTheSum) {
    const counter::Counter counter(*mesh_, "n");
    for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{7}, std::int64_t{-12},
                                      std::numeric_limits<std::int64_t>::min()}) {
        const counter::Added added = counter.add(amount);
        ASSERT_TRUE(added.done()) << added.call.error.message;
        EXPECT_EQ(added.sum, amount);
    }
}

TEST_F(TypedTest, AReplyThatIsNoNumberIsAnError) {
    const auto sum = counter::Counter(*mesh_, "n").get();  // the payload of get is empty
    ASSERT_FALSE(sum.has_value());
    EXPECT_EQ(number_of(sum.error()), ErrorNumber::BadMessage);
    EXPECT_EQ(sum.error().code, error_page(ErrorNumber::BadMessage).code);
    for (const char* text : {"", "1x", " 1", "9223372036854775808"})
        EXPECT_FALSE(counter::parse_sum(text).has_value()) << text;
    EXPECT_EQ(counter::parse_sum("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
}

TEST_F(TypedTest, CompareAndSetSendsWhatItExpects) {
    const kv::Item item(*mesh_, "x");
    const struct {
        kv::Expect expect;
        kv::Expect::Kind kind;
    } cases[] = {{kv::Expect::absent(), kv::Expect::Kind::Absent},
                 {kv::Expect::at(Revision{9}), kv::Expect::Kind::AtRevision},
                 {kv::Expect::equal_to("old"), kv::Expect::Kind::Value}};
    for (const auto& c : cases) {
        const CallResult result = item.cas(c.expect, "new");
        ASSERT_TRUE(result.done());
        const auto sent = kv::parse_cas(result.reply.view());
        ASSERT_TRUE(sent.has_value());
        EXPECT_EQ(sent->expect.kind, c.kind);
        EXPECT_EQ(sent->expect.revision, c.expect.revision);
        EXPECT_EQ(sent->expect.value, c.expect.value);
        EXPECT_EQ(sent->new_value, "new");
    }
}

TEST_F(TypedTest, AReadThatFailsIsAnErrorAndNotAnAbsentValue) {
    const kv::Item item(*mesh_, "x");
    node_->silent = true;
    CallOptions hurried;
    hurried.timeout = std::chrono::milliseconds(50);
    const auto value = item.get(hurried);
    ASSERT_FALSE(value.has_value());
    EXPECT_NE(value.error().number, 0);
    node_->silent = false;
    const auto absent = item.get();  // this node says of nothing that it exists
    ASSERT_TRUE(absent.has_value()) << absent.error().message;
    EXPECT_FALSE(absent->has_value());
}

}  // namespace
}  // namespace weft
