#include "node/large_reads.h"

#include "core/invariant.h"

#include <utility>

namespace weft::node {

bool LargeReads::add(PartitionId group, replication::LargeRead& read) {
    Request& request = read.request;
    if (waiting_.size() >= options_.reads_max ||
        bytes_ + request.payload.size() > options_.bytes_max)
        return false;
    // The frame that it came in may be much larger.
    own_texts(request, {request.type, request.entity, request.command, request.payload});
    bytes_ += request.payload.size();
    waiting_.push_back({group, std::move(read)});
    return true;
}

void LargeReads::forget(ClientRef client) {
    std::erase_if(waiting_, [&](const Queued& each) {
        if (each.read.from != Origin{client}) return false;
        bytes_ -= payload_bytes(each);
        return true;
    });
}

std::optional<LargeReads::Queued> LargeReads::take() {
    if (waiting_.empty() || served_ >= options_.share) return std::nullopt;
    Queued next = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ -= payload_bytes(next);
    served_ += next.read.bytes;
    return next;
}

void LargeReads::check() const {
    std::size_t bytes = 0;
    for (const Queued& each : waiting_) bytes += payload_bytes(each);
    WEFT_INVARIANT(bytes == bytes_, "large reads hold {} bytes, {} are counted", bytes, bytes_);
}

}  // namespace weft::node
