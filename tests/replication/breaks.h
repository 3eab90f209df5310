#pragma once
// What a class says when its own sums do not add up.

#include "core/invariant.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::replication::test {

class BreaksTest : public testing::Test {
protected:
    BreaksTest()
        : before_(set_invariant_handler(
              [](const BrokenInvariant& broken) { throw Broken{broken.message}; })) {}
    ~BreaksTest() override { set_invariant_handler(before_); }

    // The message of the invariant that `act` breaks; empty: none.
    template <class Act>
    static std::string breaks(Act act) {
        try {
            act();
        } catch (const Broken& broken) {
            return broken.message;
        }
        return {};
    }

private:
    struct Broken {
        std::string message;
    };
    InvariantHandler before_;
};

}  // namespace weft::replication::test
