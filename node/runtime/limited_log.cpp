#include "node/runtime/limited_log.h"

namespace weft::node {

bool LimitedLog::admit(Instant now) {
    if (now - second_ >= std::chrono::seconds(1)) {
        if (lines_ > kLinesPerSecond)
            log_.warn("log.suppressed", {{"lines", lines_ - kLinesPerSecond}});
        second_ = now;
        lines_ = 0;
    }
    return ++lines_ <= kLinesPerSecond;
}

}  // namespace weft::node
