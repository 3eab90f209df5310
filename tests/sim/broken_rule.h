#pragma once
// Tests in which a rule is broken on purpose.

#include "core/invariant.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace weft::sim {

class BrokenRule : public testing::Test {
protected:
    BrokenRule()
        : before_(set_invariant_handler(
              [](const BrokenInvariant& broken) { throw Broken{broken.message}; })) {}
    ~BrokenRule() override { set_invariant_handler(before_); }

    // The rule that `deed` breaks ("I4"); empty: none.
    static std::string said(const std::function<void()>& deed) {
        try {
            deed();
        } catch (const Broken& broken) {
            return broken.message.substr(0, broken.message.find(':'));
        }
        return {};
    }

private:
    struct Broken {
        std::string message;
    };
    InvariantHandler before_;
};

}  // namespace weft::sim
