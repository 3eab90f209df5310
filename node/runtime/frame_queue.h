#pragma once
// Frames that a full connection did not take, in order and counted in bytes: the bound that ZeroMQ,
// which counts messages, cannot give.

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace weft::node {

class FrameQueue {
public:
    explicit FrameQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}
    bool empty() const { return frames_.empty(); }
    std::size_t bytes() const { return bytes_; }
    // False: over the bound, the frame is not kept.
    bool push(std::string_view frame);
    std::string_view front() const { return frames_.front(); }
    void pop();
    void clear();

private:
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::deque<std::string> frames_;
};

}  // namespace weft::node
