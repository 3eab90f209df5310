#include "node/runtime/peer_links.h"

#include "flatbuffers/wire_mesh.h"
#include "node/runtime/random_seed.h"

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
// Between two reasons in the log why a name leads nowhere.
constexpr Duration kUnresolvedPause = std::chrono::seconds(10);

}  // namespace

Result<void> PeerLinks::link(const routing::NodeRecord& record, std::deque<Event>& events) {
    const auto known = links_.find(record.node);
    if (known != links_.end()) {
        if (known->second.record.mesh_address == record.mesh_address) return {};
        if (known->second.up) events.push_back(PeerLink{record.node, LinkState::Down});
        unlink(record.node);
    }
    Link& link = links_.try_emplace(record.node, record, Random(random_seed())).first->second;
    auto connected = connect(link);
    if (!connected) links_.erase(record.node);
    return connected;
}

void PeerLinks::unlink(NodeId node) {
    const auto found = links_.find(node);
    if (found == links_.end()) return;
    Link& link = found->second;
    if (!link.frame.empty()) ++dropped_;
    std::erase(written_, &link);
    if (faults_ != nullptr) faults_->forget(Way::Out, node);
    link.dealer->drop_unsent();
    links_.erase(found);
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
    // What comes before the proof of a link would be refused. Without a connection nothing is
    // kept: what the peer needs later it is sent anew.
    if (!link.up)
        ++dropped_;
    else if (leaves(link, frame) && !deliver(link, frame))
        ++dropped_;
}

bool PeerLinks::leaves(const Link& link, std::string_view frame) const {
    return faults_ == nullptr || faults_->pass(Way::Out, link.record.node, {}, frame);
}

void PeerLinks::send_late() {
    if (faults_ == nullptr) return;
    while (const auto late = faults_->due(Way::Out))
        if (!deliver(links_.at(late->peer), late->frame)) ++dropped_;
}

bool PeerLinks::deliver(Link& link, std::string_view frame) {
    return (drain(link) && link.dealer->send(frame)) || link.waiting.push(frame);
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
    if (found == links_.end() || found->second.connected) return;
    Link& link = found->second;
    if (now - link.made < kRemakeInterval) return;
    // Nobody has said yet where its name leads: a new link would have to ask anew.
    if (link.dealer->target().empty()) return;
    link.made = now;
    if (auto connected = connect(link); !connected)
        log_.error("peer.link_failed",
                   {{"node", node}, {"why", std::string_view(connected.error().message)}});
}

std::string_view PeerLinks::number_of(NodeId node) const {
    const auto found = links_.find(node);
    if (found == links_.end()) return {};
    const Link& link = found->second;
    return link.dealer->target().empty() ? std::string_view(link.reached)
                                         : std::string_view(link.dealer->target());
}

Standing PeerLinks::standing(ClientRef from, const wire::FrameHeader& header) const {
    const Standing own = links_.at(header.sender).proof.standing(from, header.sender_boot);
    if (own != Standing::Unproven) return own;
    const bool of_another = std::ranges::any_of(
        links_, [&](const auto& entry) { return entry.second.proof.is_proven(from); });
    return of_another ? Standing::Contradicts : Standing::Unproven;
}

void PeerLinks::claimed(NodeId node) { links_.at(node).proof.claimed(); }

bool PeerLinks::take(ClientRef from, const wire::FrameHeader& header,
                     const wire::LinkMessage& message) {
    LinkProof& proof = links_.at(header.sender).proof;
    if (const auto* answer = std::get_if<wire::LinkAnswer>(&message))
        return proof.prove(from, header.sender_boot, *answer);
    proof.asked(from, std::get<wire::LinkChallenge>(message).secret);
    return false;
}

void PeerLinks::look(Instant now, const wire::FrameHeader& header, std::deque<Event>& events) {
    send_late();
    for (auto& [node, link] : links_) {
        for (const transport::LinkEvent event : link.dealer->link_events()) {
            if (event == transport::LinkEvent::Refused) {
                note_name(link, now);
            } else if (event == transport::LinkEvent::Connected) {
                link.connected = true;
                link.reached = link.dealer->reached();
                link.probing = false;
                link.trial.reset();
                link.proof.connected();
            } else if (link.connected) {
                down(link, now, events);
            }
        }
        if (link.probing && link.next_probe <= now) probe(link, now, events);
        if (link.connected) prove(link, now, header, events);
        if (link.up) drain(link);
    }
}

// Each reason once, and not many of them.
void PeerLinks::note_name(Link& link, Instant now) {
    const std::string_view why = link.dealer->unresolved();
    if (why.empty() || why == link.unresolved) return;
    if (now - link.unresolved_told < kUnresolvedPause) return;
    link.unresolved = why;
    link.unresolved_told = now;
    log_.warn("peer.name_unresolved", {{"node", link.record.node},
                                       {"address", std::string_view(link.record.mesh_address)},
                                       {"why", why}});
}

void PeerLinks::prove(Link& link, Instant now, const wire::FrameHeader& header,
                      std::deque<Event>& events) {
    if (link.proof.challenge_due(now, link.up)) {
        const auto challenge = link.proof.challenge();
        if (challenge && send_alone(link, *challenge, header)) link.proof.challenge_sent(now);
    }
    if (!link.proof.answer_due(now) || !send_alone(link, link.proof.answer(), header)) return;
    link.proof.answer_sent(now);
    if (std::exchange(link.up, true)) return;
    events.push_back(PeerLink{link.record.node, LinkState::Up});
}

bool PeerLinks::send_alone(Link& link, const wire::LinkMessage& message,
                           const wire::FrameHeader& header) {
    wire::FrameHeader addressed = header;
    addressed.channel = wire::Channel::Peer;
    addressed.receiver = link.record.node;
    wire::FrameWriter frame;
    if (!wire::write(frame, message)) return false;
    const auto& finished = frame.finish(addressed);
    return !leaves(link, finished) || link.dealer->send(finished);
}

void PeerLinks::down(Link& link, Instant now, std::deque<Event>& events) {
    link.connected = false;
    link.waiting.clear();
    if (faults_ != nullptr) faults_->forget(Way::Out, link.record.node);
    link.probing = true;
    link.trial.reset();
    link.down_since = now;
    if (std::exchange(link.up, false))
        events.push_back(PeerLink{link.record.node, LinkState::Down});
    probe(link, now, events);
}

void PeerLinks::probe(Link& link, Instant now, std::deque<Event>& events) {
    if (!link.trial) {
        link.trial.emplace(link.reached);
        link.tried = now;
    }
    const std::optional<bool> refused = link.trial->refused();
    if (!refused && now - link.tried < kSlowProbeInterval) return;  // the next look asks again
    link.trial.reset();
    if (refused.value_or(false)) {
        link.probing = false;
        events.push_back(PeerLink{link.record.node, LinkState::Refused});
        return;
    }
    const bool quick = now - link.down_since < kQuickProbes;
    link.next_probe = now + (quick ? kProbeInterval : kSlowProbeInterval);
}

bool PeerLinks::restless() const {
    return std::ranges::any_of(links_, [](const auto& entry) {
        const Link& link = entry.second;
        const bool unproven = link.connected && (!link.up || link.proof.pending());
        return link.probing || !link.waiting.empty() || unproven;
    });
}

void PeerLinks::descriptors(std::vector<int>& out) const {
    for (const auto& [node, link] : links_) link.dealer->descriptors(out);
}

}  // namespace weft::node
