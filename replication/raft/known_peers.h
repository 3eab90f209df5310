#pragma once
// What is known of the other members of the group, whoever leads: whose process is there, whose is
// gone (S5), who would not stand when told to, and whose term is not above ours (S1). The first
// three are of the node and stay with it in another configuration; the last is of one replica of it
// and is void for the next one (S17).

#include "replication/raft/config.h"

#include <cstddef>
#include <optional>

namespace weft::replication {

class KnownPeers {
public:
    // Its process has said hello to ours.
    void ready(Seat seat);
    // There is crash evidence of its process, until that is void or another process is there.
    void crashed(Seat seat);
    void evidence_dropped(Seat seat) { gone_.remove(seat); }
    // It would campaign if it were asked to, or not.
    void stands(Seat seat, bool can) { cannot_stand_.set(seat, !can); }
    // Its term, which is not above ours.
    void told_term(Seat seat) { told_term_.add(seat); }
    // In another configuration all stand elsewhere.
    void adopt(const Config& before, const Config& now);

    PeerSet gone() const { return gone_; }
    bool is_gone(Seat seat) const { return gone_.has(seat); }
    bool can_stand(Seat seat) const { return !cannot_stand_.has(seat); }
    // Who could not take a leadership over.
    PeerSet unfit() const { return gone_ | cannot_stand_; }
    // All voters but `self` have told their terms.
    bool all_told_terms(const Config& config, PeerSet self) const;
    // How many voters are there and before `seat`, in the order of the table; all, before none.
    std::size_t rank(const Config& config, std::optional<Seat> seat) const;
    // Start rule: the first of the table campaigns as soon as a quorum can answer, the next ones a
    // little later. True once: with `self` a quorum is there, and no leader was met before.
    bool start(const Config& config, PeerSet self);
    void leader_met() { started_ = true; }
    // Nothing is known of whom the configuration does not have.
    void check(std::size_t members) const;

private:
    PeerSet ready_;
    PeerSet gone_;
    PeerSet cannot_stand_;
    PeerSet told_term_;
    bool started_ = false;
};

}  // namespace weft::replication
