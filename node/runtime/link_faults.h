#pragma once
// The faults of FaultTable done to frames: lost ones are counted, late ones are kept in order.

#include "core/command.h"
#include "node/runtime/fault_table.h"
#include "weft/types.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::node {

class LinkFaults {
public:
    // Bytes that are kept of one peer and way. What comes beyond is lost.
    static constexpr std::size_t kKeptBytesMax = std::size_t{8} << 20;

    explicit LinkFaults(FaultTable table) : table_(std::move(table)) {}
    FaultTable& table() { return table_; }
    const FaultTable& table() const { return table_; }

    struct Kept {
        NodeId peer;
        ClientRef from;  // the connection that an incoming one came on
        std::string frame;
    };
    // What follows happens at that time.
    void tick(Instant now) { now_ = now; }
    // True: the frame goes on now. Else it is lost, or kept until its time has come. `from`: of
    // Kept.
    bool pass(Way way, NodeId peer, ClientRef from, std::string_view frame);
    // The next that was kept and whose time has come.
    std::optional<Kept> due(Way way);
    // When due() will have one; never: nothing is kept.
    Instant next_due() const;
    // That connection has ended, and what was on its way with it.
    void forget(Way way, NodeId peer);
    // Frames that did not arrive, since the start.
    std::uint64_t lost() const { return lost_; }

private:
    struct Waiting {
        Instant since;
        Kept kept;
    };
    struct Line {
        std::deque<Waiting> frames;
        std::size_t bytes = 0;
    };
    // A changed delay is that of the frames on their way, too: their order stays.
    Instant due_at(Way way, const Line& line) const;

    FaultTable table_;
    Instant now_ = Instant::long_ago();
    std::array<std::map<NodeId, Line>, 2> lines_;
    std::uint64_t lost_ = 0;
};

}  // namespace weft::node
