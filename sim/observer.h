#pragma once
// Who wants to watch a run (a timeline, a test) derives from this. Told in virtual time order; must
// not change anything.

#include "core/time.h"
#include "sim/checkers/history.h"
#include "sim/fault_event.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::node {
class Node;
}

namespace weft::sim {

// Nodes are 0..nodes-1, clients follow.
using Endpoint = std::uint32_t;

enum class FrameFate : std::uint8_t { Delivered, Lost, Cut, Duplicate, Ghost };

struct FrameSeen {
    Endpoint from = 0, to = 0;
    Instant sent;
    Instant arrives;  // equal to `sent` for Lost and Cut
    std::size_t bytes = 0;
    FrameFate fate{};
};

class RunObserver {
public:
    virtual ~RunObserver() = default;
    // When a frame is sent: what will become of it as far as is known then. Told again with Cut
    // when a cut swallows it on its way.
    virtual void frame(const FrameSeen&) {}
    // A fault begins (ends = false) or its span is over.
    virtual void fault(Instant, const FaultEvent&, bool /*ends*/) {}
    virtual void started(Instant, std::size_t /*node*/, std::uint64_t /*boot*/) {}
    virtual void crashed(Instant, std::size_t /*node*/) {}
    // After every round of a live node that changed something; look at node.partition(g).status().
    virtual void round(Instant, std::size_t /*node*/, const node::Node&) {}
    virtual void operation(std::string_view /*entity*/, const Operation&) {}
    virtual void phase(Instant, std::string_view /*name*/) {}
    // The run ends here with a broken promise.
    virtual void violation(Instant, std::string_view /*text*/) {}
};

}  // namespace weft::sim
