#include "transport/gossip_seal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace weft::transport {
namespace {

const std::string kOld(64, 'a');
const std::string kNew(64, 'b');

GossipKeys keys(const std::string& text) {
    auto parsed = parse_gossip_keys(text);
    EXPECT_TRUE(parsed) << parsed.error().message;
    return parsed ? *std::move(parsed) : GossipKeys{};
}
ClusterId mesh(std::uint8_t number) {
    ClusterId out;
    out.bytes.fill(number);
    return out;
}
GossipSeal with(const std::string& text, std::uint8_t of = 1) {
    return {mesh(of), text.empty() ? GossipKeys{} : keys(text)};
}
std::string sealed(const GossipSeal& seal, std::string_view content) {
    std::string out;
    seal.seal(content, out);
    return out;
}
// The content, or the name of the fault.
std::string opened(const GossipSeal& seal, std::string datagram) {
    const auto content = seal.open(datagram);
    return content ? std::string(*content) : fmt::format("({})", seal_fault_name(content.error()));
}

TEST(GossipSeal, WhatIsSealedIsOpenedByWhoHasTheKey) {
    const GossipSeal seal = with(kOld);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kGossipBytesMax}) {
        const std::string content(size, 'x');
        const std::string datagram = sealed(seal, content);
        EXPECT_EQ(datagram.size(), size + kSealBytes);
        EXPECT_EQ(opened(with(kOld), datagram), content);
    }
    EXPECT_EQ(sealed(seal, "secret words").find("secret"), std::string::npos);
    EXPECT_NE(sealed(seal, "once"), sealed(seal, "once"));
}

TEST(GossipSeal, NothingThatWasChangedIsBelieved) {
    const GossipSeal seal = with(kOld);
    const std::string datagram = sealed(seal, "words");
    for (std::size_t i = 0; i < datagram.size(); ++i)
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string changed = datagram;
            changed[i] = static_cast<char>(changed[i] ^ 1 << bit);
            EXPECT_EQ(opened(seal, changed).front(), '(') << "byte " << i << " bit " << bit;
        }
    for (std::size_t size = 0; size < datagram.size(); ++size)
        EXPECT_EQ(opened(seal, datagram.substr(0, size)).front(), '(') << size;
    EXPECT_EQ(opened(seal, datagram + "x"), "(forged)");
    EXPECT_EQ(opened(seal, std::string(kDatagramBytesMax + 1, 'w')), "(garbage)");
}

TEST(GossipSeal, OneKeyServesOneMesh) {
    EXPECT_EQ(opened(with(kOld, 2), sealed(with(kOld, 1), "words")), "(forged)");
}

TEST(GossipSeal, KeysChangeWithoutALoss) {
    const GossipSeal before = with(kOld);
    const GossipSeal added = with(kOld + "\n" + kNew);
    const GossipSeal moved = with(kNew + "\n" + kOld);
    const GossipSeal after = with(kNew);
    EXPECT_EQ(opened(added, sealed(before, "a")), "a");
    EXPECT_EQ(opened(before, sealed(added, "b")), "b");
    EXPECT_EQ(opened(added, sealed(moved, "c")), "c");
    EXPECT_EQ(opened(after, sealed(moved, "d")), "d");
    EXPECT_EQ(opened(before, sealed(after, "e")), "(unknown_key)");
}

TEST(GossipSeal, WithoutKeysMeshesStayApart) {
    const GossipSeal open = with("");
    EXPECT_FALSE(open.sealed());
    const std::string datagram = sealed(open, std::string(kGossipBytesMax, 'x'));
    EXPECT_LE(datagram.size(), kDatagramBytesMax);
    EXPECT_EQ(opened(open, datagram), std::string(kGossipBytesMax, 'x'));
    EXPECT_EQ(opened(with("", 2), datagram), "(other_mesh)");
    for (std::size_t size = 0; size < 24; ++size)
        EXPECT_EQ(opened(open, datagram.substr(0, size)), "(garbage)") << size;
}

TEST(GossipSeal, SealedAndOpenDoNotMix) {
    EXPECT_EQ(opened(with(kOld), sealed(with(""), "words")), "(in_the_open)");
    EXPECT_EQ(opened(with(""), sealed(with(kOld), "words")), "(sealed)");
}

TEST(GossipKeys, AFileIsLinesOfHexDigits) {
    const GossipKeys two = keys("# of the shop\n\n" + kOld + "  # since May\r\n" + kNew);
    ASSERT_EQ(two.keys.size(), 2u);
    EXPECT_EQ(two.keys[0].hex(), kOld);
    EXPECT_EQ(two.keys[1].hex(), kNew);
    EXPECT_NE(two.keys[0].id(), two.keys[1].id());
    const GossipKey made = GossipKey::random();
    EXPECT_EQ(keys(made.hex() + "\n").keys[0].id(), made.id());
}

TEST(GossipKeys, WhatIsNoKeyIsNamedByItsLineAndNotShown) {
    const auto refused = [](const std::string& text) {
        const auto parsed = parse_gossip_keys(text);
        if (parsed) return std::string("taken");
        EXPECT_EQ(parsed.error().number, 1005);
        EXPECT_EQ(parsed.error().message.find("aaaa"), std::string::npos);
        return parsed.error().message;
    };
    EXPECT_EQ(refused(""), "there is no key in it");
    EXPECT_EQ(refused("# none\n"), "there is no key in it");
    for (const std::string& bad : {std::string(63, 'a'), std::string(65, 'a'),
                                   std::string(63, 'a') + "g", " " + kOld, kOld + kOld})
        EXPECT_EQ(refused("\n" + bad + "\n"), "line 2 is not a key of 64 hex digits");
    EXPECT_EQ(refused(kOld + "\n" + kOld), "line 2 repeats a key above it");
    std::string many;
    for (std::size_t i = 0; i <= GossipKeys::kMax; ++i) many += GossipKey::random().hex() + "\n";
    EXPECT_EQ(refused(many), "line 9 is beyond 8 keys");
}

}  // namespace
}  // namespace weft::transport
