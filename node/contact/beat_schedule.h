#pragma once
// When this node beats, and for whom: for those whose leader it is, so that they do not campaign,
// and for those who do not know its position yet (docs/design.md, "Replication").
// Two followers of one leader have nothing else to say to each other, and who may be asked for our
// vote must know our position (S18).

#include "core/time.h"
#include "node/disk/health.h"
#include "storage/contracts.h"

namespace weft::node {

class BeatSchedule {
public:
    explicit BeatSchedule(Duration interval) : interval_(interval) {}

    // There are peers: alone there was nobody to beat for. True: they are the first.
    bool begin();
    // True: it is time for a round of beats, and the next one is an interval from now.
    bool begin_round(Instant now);
    struct Disk {
        DiskState state = DiskState::Well;
        Lsn durable;
    };
    struct Receiver {
        bool up = false;          // its link
        bool led = false;         // this node leads a group that it holds
        bool shares_any = false;  // both hold a replica of a group
        Lsn told;                 // the position that it was told last
    };
    // A beat of this round goes to it.
    static bool owes(const Disk& disk, const Receiver& to);
    Instant deadline() const { return due_; }
    // `peers`: there are some.
    void check(bool peers) const;

private:
    Duration interval_;
    Instant due_ = Instant::never();
};

}  // namespace weft::node
