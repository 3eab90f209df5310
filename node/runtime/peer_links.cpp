#include "node/runtime/peer_links.h"

#include "flatbuffers/wire_mesh.h"

#include <algorithm>
#include <utility>

namespace weft::node {

namespace {

// A process that dies closes its connections a little before its port: ask again quickly at first.
constexpr Duration kProbeInterval = std::chrono::milliseconds(10);
constexpr Duration kQuickProbes = std::chrono::milliseconds(200);
constexpr Duration kSlowProbeInterval = std::chrono::seconds(1);
// A link that was just made anew gets this long for its handshake.
constexpr Duration kRemakeInterval = std::chrono::milliseconds(100);

}  // namespace

Result<PeerLinks> PeerLinks::open(transport::Context& context, const routing::Genesis& genesis,
                                  NodeId self, Log log) {
    PeerLinks links(context, log);
    for (const routing::NodeRecord& record : genesis.founders) {
        if (record.node == self) continue;
        Link& link = links.links_.try_emplace(record.node, record).first->second;
        if (auto connected = links.connect(link); !connected)
            return std::unexpected(std::move(connected).error());
    }
    return links;
}

Result<void> PeerLinks::connect(Link& link) {
    auto dealer =
        transport::Dealer::connect(*context_, link.record.mesh_address, wire::kFrameBytesMax);
    if (!dealer) return std::unexpected(std::move(dealer).error());
    link.dealer = *std::move(dealer);
    return {};
}

Result<void> PeerLinks::write(NodeId to, const MeshMessage& message,
                              const wire::FrameHeader& header) {
    const auto found = links_.find(to);
    if (found == links_.end()) return {};
    Link& link = found->second;
    if (link.frame.empty()) written_.push_back(&link);
    auto added = wire::add_or_begin_anew(
        link.frame, [&] { return wire::write(link.frame, message); }, [&] { send(link, header); });
    if (link.frame.bytes() >= wire::kFrameCloseBytes) send(link, header);
    return added;
}

void PeerLinks::flush(const wire::FrameHeader& header, Rejects& rejects) {
    for (Link* link : written_)
        if (!link->frame.empty()) send(*link, header);
    written_.clear();
    for (; dropped_ > 0; --dropped_) rejects.add(Reject::NotDelivered);
}

void PeerLinks::send(Link& link, const wire::FrameHeader& header) {
    wire::FrameHeader addressed = header;
    addressed.channel = wire::Channel::Peer;
    addressed.receiver = link.record.node;
    const std::string_view frame = link.frame.seal(addressed);
    if (drain(link) && link.dealer->send(frame)) return;
    // Without a connection nothing is kept: what the peer needs later it is sent anew.
    if (!link.up || !link.waiting.push(frame)) ++dropped_;
}

bool PeerLinks::drain(Link& link) {
    while (!link.waiting.empty()) {
        if (!link.dealer->send(link.waiting.front())) return false;
        link.waiting.pop();
    }
    return true;
}

void PeerLinks::heard_from(NodeId node, Instant now) {
    const auto found = links_.find(node);
    if (found == links_.end() || found->second.up) return;
    Link& link = found->second;
    if (now - link.made < kRemakeInterval) return;
    link.made = now;
    if (auto connected = connect(link); !connected)
        log_.error("peer.link_failed",
                   {{"node", node}, {"why", std::string_view(connected.error().message)}});
}

void PeerLinks::look(Instant now, std::deque<Event>& events) {
    for (auto& [node, link] : links_) {
        for (const transport::LinkEvent event : link.dealer->link_events()) {
            if (event == transport::LinkEvent::Refused) continue;
            if (event == transport::LinkEvent::Connected) {
                link.up = true;
                link.probing = false;
                events.push_back(PeerLink{node, LinkState::Up});
            } else if (link.up) {
                down(link, now, events);
            }
        }
        if (link.probing && link.next_probe <= now) probe(link, now, events);
        if (link.up) drain(link);
    }
}

void PeerLinks::down(Link& link, Instant now, std::deque<Event>& events) {
    link.up = false;
    link.waiting.clear();
    link.probing = true;
    link.down_since = now;
    events.push_back(PeerLink{link.record.node, LinkState::Down});
    probe(link, now, events);
}

void PeerLinks::probe(Link& link, Instant now, std::deque<Event>& events) {
    if (transport::connect_refused(link.record.mesh_address)) {
        link.probing = false;
        events.push_back(PeerLink{link.record.node, LinkState::Refused});
        return;
    }
    const bool quick = now - link.down_since < kQuickProbes;
    link.next_probe = now + (quick ? kProbeInterval : kSlowProbeInterval);
}

bool PeerLinks::restless() const {
    return std::ranges::any_of(links_, [](const auto& entry) {
        return entry.second.probing || !entry.second.waiting.empty();
    });
}

void PeerLinks::descriptors(std::vector<int>& out) const {
    for (const auto& [node, link] : links_) out.push_back(link.dealer->monitor_descriptor());
}

}  // namespace weft::node
