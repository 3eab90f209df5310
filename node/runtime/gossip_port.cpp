#include "node/runtime/gossip_port.h"

#include <algorithm>

namespace weft::node {

Result<GossipPort> GossipPort::open(std::string_view address, transport::GossipSeal seal, Log log) {
    auto bound = transport::Datagrams::bind(address);
    if (!bound) return std::unexpected(std::move(bound).error());
    return GossipPort(*std::move(bound), std::move(seal), log);
}

std::optional<Bytes> GossipPort::next(Instant now) {
    if (auto late = next_late(now)) return late;
    for (; !drained_ && looked_ < kRoundMax; ++looked_) {
        const auto datagram = datagrams_.receive();
        if (!datagram) {
            drained_ = true;
            return std::nullopt;
        }
        const auto content = seal_.open(*datagram);
        if (!content) {
            refuse(content.error(), now);
            continue;
        }
        // What cannot be read, or is of no peer, is counted by whoever must know what it is.
        const bool of_a_peer =
            faults_ != nullptr &&
            membership::read_datagram(*content, membership::Carrier::Datagram, read_) &&
            faults_->knows(read_.header.sender);
        if (of_a_peer && !pass(Way::In, read_.header.sender, {{}, {}, std::string(*content)}, now))
            continue;
        ++looked_;
        return Bytes::copy_of(*content);
    }
    return std::nullopt;
}

void GossipPort::send(NodeId peer, std::string_view number, std::string_view content, Instant now) {
    if (number.empty()) return;
    if (faults_ != nullptr &&
        !pass(Way::Out, peer, {{}, std::string(number), std::string(content)}, now))
        return;
    send_now(number, content);
}

void GossipPort::send_now(std::string_view number, std::string_view content) {
    seal_.seal(content, sealed_);
    datagrams_.send(number, sealed_);
}

bool GossipPort::pass(Way way, NodeId peer, Late late, Instant now) {
    const auto by = faults_->judge(way, peer);
    if (!by) return false;
    if (*by == Duration{0}) return true;
    late.due = now + *by;
    if (late_.size() < kLateMax) late_.push_back(std::move(late));
    return false;
}

// Datagrams keep no order.
std::optional<Bytes> GossipPort::next_late(Instant now) {
    for (;;) {
        const auto due =
            std::ranges::find_if(late_, [now](const Late& late) { return late.due <= now; });
        if (due == late_.end()) return std::nullopt;
        const Late late = std::move(*due);
        late_.erase(due);
        if (late.number.empty()) return Bytes::copy_of(late.content);
        send_now(late.number, late.content);
    }
}

Instant GossipPort::next_due() const {
    Instant due = Instant::never();
    for (const Late& late : late_) due = std::min(due, late.due);
    return due;
}

void GossipPort::refuse(transport::SealFault fault, Instant now) {
    ++refused_[static_cast<std::size_t>(fault)];
    if (log_.admit(now))
        log_.log().warn("gossip.rejected", {{"reason", transport::seal_fault_name(fault)}});
}

void GossipPort::summarize() const {
    for (std::size_t i = 0; i < refused_.size(); ++i) {
        if (refused_[i] == 0) continue;
        const auto fault = static_cast<transport::SealFault>(i);
        log_.log().info("gossip.rejected_total",
                        {{"reason", transport::seal_fault_name(fault)}, {"count", refused_[i]}});
    }
}

}  // namespace weft::node
