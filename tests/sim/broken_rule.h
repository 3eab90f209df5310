#pragma once
// Tests in which a rule is broken on purpose.

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::sim {

class BrokenRule : public testing::Test {
protected:
    // The rule that `deed` breaks ("I4"); empty: none.
    template <class Deed>
    static std::string said(const Deed& deed) {
        const std::string broken = test::said_by(deed);
        return broken.substr(0, broken.find(':'));
    }
};

}  // namespace weft::sim
