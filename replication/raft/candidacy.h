#pragma once
// Who has answered this candidacy, a pre-vote or an election (Raft paper 5.2; thesis 9.6), and
// whether it has asked yet: an election's requests leave, and the own vote counts, when term and
// vote are on disk (S1). Nothing counts before, as an answer to nothing is a lie or belongs to an
// earlier candidacy (finding 87).

#include "replication/raft/config.h"

#include <cstddef>
#include <cstdint>

namespace weft::replication {

class Candidacy {
public:
    // Its requests leave now. `self`: this replica, whose vote counts.
    void begin_pre_vote(PeerSet self);
    // Its requests wait. `transfer`: the leader itself wants it (thesis 3.10).
    void begin_election(bool transfer);
    bool waits() const { return waits_; }
    bool is_transfer() const { return transfer_; }
    // The requests leave now.
    void asked(PeerSet self);
    void answered(Seat seat, bool granted);
    enum class Outcome : std::uint8_t { Open, Won, Lost };
    // Lost: those who have not refused are no quorum.
    Outcome outcome(const Config& config) const;
    void end() { *this = {}; }
    // What a replica has said counts as long as it is the same one (S17).
    void adopt(const Config& before, const Config& now);
    // Only a candidate waits, and only members have answered.
    void check(bool candidate, std::size_t members) const;

private:
    PeerSet granted_;
    PeerSet refused_;
    bool waits_ = false;
    bool transfer_ = false;
};

}  // namespace weft::replication
