#pragma once
// Lines that input can cause: at most ten of an event in a second, then the number of those left
// out. Here and not where the lines are written, since the cores have no clock of their own and
// know no other group's lines.

#include "core/time.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weft::node {

class LineLimits {
public:
    static constexpr std::uint64_t kLinesPerSecond = 10;
    struct LeftOut {
        std::string event;
        std::uint64_t lines = 0;
    };

    // One frame of a peer, forged or out of order, can cause any number of such lines.
    static bool is_of_input(std::string_view event);
    // False: this line is left out.
    bool admit(std::string_view event, Instant now);
    // What was left out in seconds that are over, each once.
    std::vector<LeftOut> take_left_out(Instant now);

private:
    struct Second {
        Instant begun = Instant::long_ago();
        std::uint64_t lines = 0;
        std::uint64_t left_out = 0;  // in this second and those before it that were not told
    };
    std::map<std::string, Second, std::less<>> events_;
    bool any_left_out_ = false;
};

}  // namespace weft::node
