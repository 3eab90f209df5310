#pragma once
// Tests in which the sums of a rule are made wrong on purpose.

#include "core/invariant.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace weft::client {

class PlantedFault : public testing::Test {
protected:
    PlantedFault()
        : before_(set_invariant_handler(
              [](const BrokenInvariant& broken) { throw Broken{broken.message}; })) {}
    ~PlantedFault() override { set_invariant_handler(before_); }

    // What `check` says; empty: nothing is wrong.
    static std::string said(const std::function<void()>& check) {
        try {
            check();
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

}  // namespace weft::client
