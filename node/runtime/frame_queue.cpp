#include "node/runtime/frame_queue.h"

namespace weft::node {

bool FrameQueue::push(std::string_view frame) {
    if (bytes_ + frame.size() > bytes_max_) return false;
    bytes_ += frame.size();
    frames_.emplace_back(frame);
    return true;
}

void FrameQueue::pop() {
    bytes_ -= frames_.front().size();
    frames_.pop_front();
}

void FrameQueue::clear() {
    bytes_ = 0;
    frames_.clear();
}

}  // namespace weft::node
