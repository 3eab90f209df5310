// tests/golden/wire_1_*.hex: frames of wire version 1. Files are added, never regenerated.

#include "tests/core/golden_file.h"
#include "tests/flatbuffers/wire_samples.h"

#include <gtest/gtest.h>

namespace weft::wire {
namespace {

std::string golden_frame(const std::string& name) {
    return test::bytes_of(test::golden_hex("wire_1_" + name + ".hex"));
}

// Today's writer makes these bytes, and today's reader understands them as the same message.
template <class Message, class Read>
void expect_golden(const std::string& name, const Message& message, Channel channel, Read read) {
    SCOPED_TRACE(name);
    const std::string golden = golden_frame(name);
    EXPECT_EQ(test::hex_of(test::frame_of(message, channel)), test::hex_of(golden));
    const auto back = read(test::only_message(golden));
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_TRUE(*back);
    EXPECT_EQ(test::hex_of(test::frame_of(**back, channel)), test::hex_of(golden));
}

TEST(WireGolden, RequestsOfVersionOne) {
    for (const auto& sample : test::to_node_samples())
        expect_golden(sample.name, sample.message, Channel::Client, read_to_node);
}

TEST(WireGolden, AnswersOfVersionOne) {
    for (const auto& sample : test::to_client_samples())
        expect_golden(sample.name, sample.message, Channel::Client, read_to_client);
}

TEST(WireGolden, MeshMessagesOfVersionOne) {
    for (const auto& sample : test::mesh_samples())
        expect_golden(sample.name, sample.message, Channel::Peer, read_mesh);
}

TEST(WireGolden, LinkMessagesOfVersionOne) {
    for (const auto& sample : test::link_samples())
        expect_golden(sample.name, sample.message, Channel::Peer, read_link);
}

}  // namespace
}  // namespace weft::wire
