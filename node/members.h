#pragma once
// Who is there (docs/membership.md): for people, and for hints; nobody leads, votes or reads by it.
// Beside the protocol it knows what only a whole node can say: that nobody answers it, and why that
// may be. A node that looks dead to all others cannot learn it from them.

#include "core/time.h"
#include "membership/effects.h"
#include "membership/swim.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace weft::node {

// As its line in the log.
std::string_view event_name(const membership::MemberChanged& change);

class Members {
public:
    // Nobody answers for so long, though a lone member asks fifteen times a second.
    static constexpr Duration kAloneAfter = std::chrono::seconds(30);

    Members(NodeId self, membership::Swim swim) : self_(self), swim_(std::move(swim)) {}

    struct Around {
        bool draining = false;
        bool linked = false;  // a link to a member is proven
    };
    // Good until the next step.
    struct Said {
        const membership::Effects& effects;
        bool superseded = false;  // once: a later boot of this very node was heard of
        // Once each time that nobody lives beside this node.
        std::optional<std::string_view> why_alone{};
    };
    Said step(Instant now, const membership::Event& event, const Around& around);
    Instant deadline() const;
    const membership::Swim& swim() const { return swim_; }

private:
    bool is_single() const;
    bool all_have_left() const;
    std::optional<std::string_view> why_alone(Instant now, const Around& around);

    NodeId self_;
    membership::Swim swim_;
    membership::Effects effects_;       // of one step
    std::optional<Instant> alone_due_;  // nobody lives beside us; never(): it was said
    bool superseded_ = false;
};

}  // namespace weft::node
