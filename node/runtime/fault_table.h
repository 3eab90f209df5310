#pragma once
// Which faults a test wants on the links to and from the other nodes. Pure rules: whoever sends or
// receives for a peer asks judge() and does as it says. Nothing of it exists without
// RuntimeOptions::fault_socket.

#include "core/random.h"
#include "core/time.h"
#include "weft/result.h"
#include "weft/types.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weft::node {

enum class Way : std::uint8_t { Out, In };
inline constexpr Way kWays[] = {Way::Out, Way::In};

// Of one peer and way.
struct LinkFault {
    bool cut = false;
    std::uint32_t delay_ms = 0, loss_percent = 0;
    bool any() const { return cut || delay_ms != 0 || loss_percent != 0; }
};

class FaultTable {
public:
    static constexpr std::uint32_t kDelayMsMax = 10'000;

    // `names`: every other node and what people call it.
    FaultTable(std::map<NodeId, std::string> names, Random random);

    // "out ID cut 1; in ID delay_ms 50; out ID loss_percent 20", or "heal"; empty: nothing. All of
    // it or, with BadMessage (4003) or NotThere (8103), nothing of it.
    Result<void> change(std::string_view line);
    // A line for each fault, as change() takes it.
    std::string lines() const;
    // For people: "to b: cut, 50 ms late; from c: 20 % lost"; empty: there is none.
    std::string text() const;

    // Whether there is a link to it: the questions below are of peers only.
    bool knows(NodeId peer) const { return links_.contains(peer); }
    const LinkFault& at(Way way, NodeId peer) const;
    // How late something that passes now is to come; nothing: it is lost.
    std::optional<Duration> judge(Way way, NodeId peer);

private:
    struct Link {
        std::string name;
        std::array<LinkFault, 2> faults;
    };
    using Links = std::map<NodeId, Link>;
    static Result<void> change_one(Links& links, std::string_view clause);

    Links links_;
    Random random_;
};

}  // namespace weft::node
