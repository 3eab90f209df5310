// Why two nodes cannot be of one mesh.

#include "node/hello.h"

#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::node::test {
namespace {

constexpr Digest kGenesis{{1}}, kOther{{2}};

struct HelloTest : testing::Test {
    HelloTest() {
        types.add(entity::make_kv());
        types.add(entity::make_counter());
    }
    std::string conflict(std::vector<std::string> of_types) const {
        PeerHello hello = hello_of(kGenesis, types);
        hello.types = std::move(of_types);
        return hello_conflict(hello, kGenesis, types);
    }

    entity::TypeTable types;
};

TEST_F(HelloTest, ANodeIsOfOneMeshWithItsLike) {
    const PeerHello hello = hello_of(kGenesis, types);
    EXPECT_EQ(hello.genesis, kGenesis);
    EXPECT_EQ(hello.types.size(), types.all().size());
    EXPECT_EQ(hello_conflict(hello, kGenesis, types), "");
    EXPECT_EQ(hello_conflict(hello, kOther, types), "it has another genesis");
}

TEST_F(HelloTest, ATypeOfAnotherKindIsAConflictAndOneThatIsNotHereIsNone) {
    for (const std::string& own : hello_of(kGenesis, types).types) {
        const std::string name = own.substr(0, own.rfind(':'));
        EXPECT_EQ(conflict({"cart:elsewhere", own}), "");
        EXPECT_EQ(conflict({own, name + ":elsewhere"}),
                  "its type " + name + ":elsewhere is of another kind here");
    }
}

TEST_F(HelloTest, WhatNamesNoKindIsPassedOver) {
    EXPECT_EQ(conflict({"", ":", "kv", "counter:x:y"}), "");
    EXPECT_EQ(conflict({"kv:"}), "its type kv: is of another kind here");
}

}  // namespace
}  // namespace weft::node::test
