#pragma once
// Datagrams of membership: opened and sealed, counted when they do not hold, and under the same
// faults as the links.

#include "core/time.h"
#include "membership/datagram.h"
#include "node/runtime/fault_table.h"
#include "node/runtime/limited_log.h"
#include "transport/datagrams.h"
#include "transport/gossip_seal.h"
#include "weft/bytes.h"
#include "weft/result.h"
#include "weft/types.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::node {

class GossipPort {
public:
    // Looked at in one round, with those that do not hold: a flood must not keep the node from its
    // deadlines.
    static constexpr int kRoundMax = 64;

    // At the number of the mesh port, UDP. What Datagrams::bind() says.
    static Result<GossipPort> open(std::string_view address, transport::GossipSeal seal, Log log);

    // From now on; what was sealed with keys that are gone is refused.
    void seal_with(transport::GossipSeal seal) { seal_ = std::move(seal); }
    // How many keys there are; none: in the open.
    std::size_t keys() const { return seal_.keys(); }
    // From now on they happen to what is sent and received. Outlives this.
    void put_under(FaultTable& faults) { faults_ = &faults; }
    // What was received next; nothing: nothing has come, or the round has had its share. The system
    // is not asked again in a round in which it had nothing.
    std::optional<Bytes> next(Instant now);
    // `number`: where the link to `peer` leads; empty: not known, and nothing is sent.
    void send(NodeId peer, std::string_view number, std::string_view content, Instant now);
    void begin_round() {
        looked_ = 0;
        drained_ = false;
    }
    // Something may wait that descriptor() does not tell of.
    bool has_input() const { return looked_ >= kRoundMax; }
    // When something that a fault has kept is due; never: nothing is.
    Instant next_due() const;
    int descriptor() const { return datagrams_.descriptor(); }
    std::uint64_t refused(transport::SealFault fault) const {
        return refused_[static_cast<std::size_t>(fault)];
    }
    // A line with every reason that was met.
    void summarize() const;

private:
    struct Late {
        Instant due;
        std::string number;  // it is sent to; empty: it was received
        std::string content;
    };
    // Kept by faults at a time; what comes beyond is lost.
    static constexpr std::size_t kLateMax = 4096;

    GossipPort(transport::Datagrams datagrams, transport::GossipSeal seal, Log log)
        : datagrams_(std::move(datagrams)), seal_(std::move(seal)), log_(log) {}
    // True: it goes on now. Else it is lost, or kept until its time has come.
    bool pass(Way way, NodeId peer, Late late, Instant now);
    std::optional<Bytes> next_late(Instant now);
    void send_now(std::string_view number, std::string_view content);
    void refuse(transport::SealFault fault, Instant now);

    transport::Datagrams datagrams_;
    transport::GossipSeal seal_;
    LimitedLog log_;
    FaultTable* faults_ = nullptr;  // null: none are possible
    std::deque<Late> late_;
    membership::Datagram read_;  // under faults, to learn whose it is
    std::string sealed_;
    std::array<std::uint64_t, transport::kSealFaults> refused_{};
    int looked_ = 0;
    bool drained_ = false;  // asked in this round, and nothing was there: other events come first
};

}  // namespace weft::node
