#include "node/members.h"

#include <algorithm>
#include <utility>

namespace weft::node {

using membership::MemberState;

std::string_view event_name(const membership::MemberChanged& change) {
    switch (change.to) {
        case MemberState::Suspect:
            return "member.suspected";
        case MemberState::Dead:
            return "member.dead";
        case MemberState::Left:
            return "member.left";
        default:
            break;
    }
    if (change.from == MemberState::Suspect) return "member.refuted";
    return change.from == MemberState::Unseen ? "member.joined" : "member.returned";
}

Members::Said Members::step(Instant now, const membership::Event& event, const Around& around) {
    effects_.clear();
    swim_.step(now, event, effects_);
    const bool first = effects_.superseded && !superseded_;
    superseded_ = superseded_ || first;
    return {effects_, first, why_alone(now, around)};
}

// Alone there is nobody to ask.
Instant Members::deadline() const { return is_single() ? Instant::never() : swim_.deadline(); }

bool Members::is_single() const { return swim_.members().nodes().size() <= 1; }

bool Members::all_have_left() const {
    return std::ranges::all_of(swim_.members().nodes(), [this](const NodeId& node) {
        return node == self_ || swim_.state(node) == MemberState::Left;
    });
}

std::optional<std::string_view> Members::why_alone(Instant now, const Around& around) {
    if (swim_.members().live() > 1 || around.draining) {
        alone_due_.reset();
        return std::nullopt;
    }
    if (!alone_due_) alone_due_ = now + kAloneAfter;
    if (*alone_due_ > now) return std::nullopt;
    alone_due_ = Instant::never();
    if (all_have_left()) return std::nullopt;  // or there never was anybody
    if (superseded_)
        return "a later start of this node was heard of: its folder may have been copied";
    if (!around.linked)
        return "no link to a member is proven: addresses, network, or another process as this node";
    return "links are proven and no datagram counts: UDP, or other gossip keys";
}

}  // namespace weft::node
