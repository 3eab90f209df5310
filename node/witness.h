#pragma once
// Every node is a witness of its peers' disks (S18): it keeps what each last said of itself, on its
// own disk, and what has once come back older is refused for good. The disk itself cannot tell: it
// has forgotten what it promised. Nothing that a process says counts before the row of its boot is
// durable here, or the witness could itself forget which life of that disk said it.

#include "core/ids.h"
#include "node/events.h"
#include "node/past.h"
#include "weft/types.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace weft::node {

class Witness {
public:
    // What this node's former process knew.
    void recall(const Past& past);

    // What a hello shows of the process that says it.
    struct Shown {
        Boot boot;
        std::uint64_t nonce = 0;  // 0: its weft tells none
        Lsn durable{};
        bool answers_us = false;  // a question that was asked after the newest boot had been seen
    };
    enum class Finding : std::uint8_t {
        Refused,    // for good, and long since
        Late,       // a former process's hello: it counts for nothing
        Condemned,  // now
        NewBoot,
        Known,
    };
    struct Judgement {
        Finding finding{};
        Verdict verdict = Verdict::Sound;
        Past before{};
        // To be written in this round; its key is the node's.
        std::optional<Past> row{};
    };
    // `round`: what is written now goes to disk with it.
    Judgement judge(const Shown& shown, RoundSeq round);
    // A frame of the boot that is known tells how far its disk has come.
    void tells(Lsn durable) { past_.durable = std::max(past_.durable, durable); }
    // The row of a sound one whose position is not the recorded one. It costs no sync: whoever
    // counts on the position counts on the boot first.
    std::optional<Past> take_position();

    Boot boot() const { return past_.boot; }       // the newest seen; 0: none yet
    Lsn durable() const { return past_.durable; }  // the highest it claimed
    Verdict verdict() const { return past_.verdict; }
    bool sound() const { return past_.verdict == Verdict::Sound; }
    // The row of its boot is durable: what it says may be used.
    bool vouched(RoundSeq persisted) const { return heard_ && persisted >= recorded_with_; }

    // `at_hand`: the round that is written now. No row waits for a later one.
    void check(RoundSeq at_hand) const;

private:
    Judgement condemn(Verdict verdict, RoundSeq round);
    Past record(RoundSeq round);

    Past past_;
    Lsn recorded_;            // the position in the row
    RoundSeq recorded_with_;  // the round that carries boot, nonce and verdict
    bool heard_ = false;      // its hello of that boot came to this process
};

}  // namespace weft::node
