#pragma once
// Whether a leader still reaches a quorum (check-quorum: thesis 6.2; S6). A member was contacted at
// the moment at which the latest message was *sent* that it has answered as to the leader of this
// term, be it a round of heartbeats or an append. Who has not been for the maximum election timeout
// may follow another by now.

#include "core/time.h"
#include "replication/raft/config.h"
#include "replication/raft/events.h"

namespace weft::replication {

class QuorumContact {
public:
    // When the latest append that it has answered was sent to each member.
    using Appends = BySeat<Instant>;

    explicit QuorumContact(const Timings& timings) : longest_(timings.election_max) {}

    // The rounds that were answered, by node. (Of a follower: when the leader was heard. That is
    // before any leadership of its own, so that it counts for none.)
    void rounds(const ContactTimes& rounds) { rounds_ = rounds; }
    // A leadership begins: those who elected it are there.
    void begin(const Config& config, PeerSet self, Instant now);
    void end() { lapses_at_ = Instant::never(); }
    // False: no quorum, with `self` if it votes, was contacted within the maximum election timeout.
    bool look(const Config& config, PeerSet self, const Appends& appends, Instant now);
    // When a quorum will have been silent for too long, if nothing is heard until then.
    Instant deadline() const { return lapses_at_; }
    // The moment at which a quorum was contacted, at the last look.
    Instant quorum_at() const { return lapses_at_ - longest_; }
    // The members that were contacted within the maximum election timeout.
    PeerSet reached(const Config& config, const Appends& appends, Instant now) const;
    // Only a leader loses its contact.
    void check(bool leads) const;

private:
    Appends contacted(const Config& config, const Appends& appends) const;

    Duration longest_;
    ContactTimes rounds_{};
    Instant since_{};  // of the leadership
    Instant lapses_at_ = Instant::never();
};

}  // namespace weft::replication
