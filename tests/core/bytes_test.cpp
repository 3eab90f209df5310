#include "weft/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft {

namespace {

RC_GTEST_PROP(BytesLaw, SliceIsThePartThatExists, (std::string text)) {
    const Bytes bytes = Bytes::copy_of(text);
    const auto offset = *rc::gen::inRange<std::size_t>(0, text.size() + 4);
    const auto length = *rc::gen::inRange<std::size_t>(0, text.size() + 4);
    const std::string expected = offset > text.size() ? "" : text.substr(offset, length);
    RC_ASSERT(bytes.slice(offset, length).view() == expected);
    RC_ASSERT(bytes.slice(offset, length).own().view() == expected);
}

TEST(Bytes, IsEmptyByDefault) {
    const Bytes bytes;
    EXPECT_TRUE(bytes.empty());
    EXPECT_EQ(bytes.view(), "");
    EXPECT_EQ(bytes.slice(3, 4).size(), 0U);
    EXPECT_EQ(bytes, Bytes::copy_of(""));
    EXPECT_EQ(bytes, Bytes::adopt(""));
}

TEST(Bytes, SliceSharesAndOutlivesTheWhole) {
    Bytes slice;
    const char* inside = nullptr;
    {
        const Bytes whole = Bytes::copy_of("0123456789");
        slice = whole.slice(2, 5);
        inside = whole.data() + 2;
    }
    EXPECT_EQ(slice.data(), inside);
    EXPECT_EQ(slice.view(), "23456");
    EXPECT_EQ(slice.slice(1, 2).view(), "34");
}

TEST(Bytes, SliceHoldsItsBlockUntilItIsOwned) {
    auto block = std::make_shared<const std::string>("a block that must go");
    const std::weak_ptr<const std::string> watch = block;
    Bytes slice = Bytes::of(block, block->data(), block->size()).slice(2, 5);
    block.reset();
    EXPECT_FALSE(watch.expired());
    slice = slice.own();
    EXPECT_TRUE(watch.expired());
    EXPECT_EQ(slice.view(), "block");
}

TEST(Bytes, LengthsNearTheLargestNumberDoNotOverflow) {
    const Bytes bytes = Bytes::copy_of("abc");
    EXPECT_EQ(bytes.slice(1, static_cast<std::size_t>(-1)).view(), "bc");
    EXPECT_EQ(bytes.slice(static_cast<std::size_t>(-1), 2).size(), 0U);
}

TEST(Bytes, AdoptTakesLongTextsOverWithoutCopying) {
    std::string text(1000, 'x');
    const char* data = text.data();
    EXPECT_EQ(Bytes::adopt(std::move(text)).data(), data);
    EXPECT_EQ(Bytes::adopt("short").view(), "short");
}

TEST(Bytes, ComparesContents) {
    EXPECT_EQ(Bytes::copy_of("a\0b").slice(0, 1), Bytes::copy_of("a"));
    EXPECT_FALSE(Bytes::copy_of("a") == Bytes::copy_of("b"));
}

}  // namespace

}  // namespace weft
