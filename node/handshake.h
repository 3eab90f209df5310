#pragma once
// How another node comes to be heard: what it shows of its disk (S18) and what was asked and
// answered on the link to it (S32) decide together which of its frames count, and what follows of a
// hello. What follows is a value: the node carries it out in one place.

#include "core/ids.h"
#include "core/time.h"
#include "node/events.h"
#include "node/greeting.h"
#include "node/past.h"
#include "node/witness.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>

namespace weft::node {

// What follows of a hello, or of a row that is durable now. The handshake is already where it leads
// while this is carried out.
struct HelloNews {
    bool conflict = false;  // it cannot be of this mesh: another reason than the one told last
    bool late = false;      // a former process said it: it counts for nothing
    std::optional<Witness::Judgement> condemned{};  // now, and for good
    std::optional<Boot> former{};                   // its process is another one; 0: the first
    std::optional<Past> row{};                      // to be written in this round
    bool contact_void = false;                      // what was known of its process counts no more
    std::optional<HelloToken> ask{};                // a hello of ours, to be said now
    std::optional<HelloToken> answer{};             // its question, to be answered now
    std::optional<Verdict> refuses_us{};            // which was not known
    std::int64_t wall_ms = 0;                       // its clock, in an answer; 0: not told
    bool greeted = false;                           // messages pass from now on
};

class Handshake {
public:
    // What this node's former process knew of its disk.
    void recall(const Past& past) { witness_.recall(past); }

    void on_up(HelloTokens& tokens) { greeting_.on_up(tokens.next()); }
    void on_down() { greeting_.on_down(); }
    // The token of the hello that is said now.
    HelloToken ask(Instant now) { return greeting_.ask(now); }

    struct Frame {
        Boot boot;
        Lsn durable{};
    };
    struct Moment {
        Instant now;
        RoundSeq persisted{};
        RoundSeq at_hand{};  // what is written now goes to disk with it
    };
    // `conflict`: why who says this cannot be of this mesh; empty: it can.
    HelloNews on_hello(const Frame& frame, const PeerHello& hello, std::string conflict,
                       const Moment& at, HelloTokens& tokens);
    // Rows are durable up to `persisted`: what has waited for that.
    HelloNews on_persisted(Instant now, RoundSeq persisted);

    enum class Heard : std::uint8_t {
        Refused,     // nothing of it counts
        FormerBoot,  // nor does what a process said that has ended (S32)
        Early,       // before its hello, or before the row of its boot is durable
        Counts,
    };
    // A frame that is no hello.
    Heard on_frame(const Frame& frame, RoundSeq persisted);
    std::optional<Past> take_position() { return witness_.take_position(); }

    const Witness& witness() const { return witness_; }
    const Greeting& greeting() const { return greeting_; }
    const std::string& conflict() const { return conflict_; }
    // `at_hand`: the round that is written now.
    void check(RoundSeq at_hand) const;

private:
    // False: the hello says nothing more.
    bool judge(const Frame& frame, const PeerHello& hello, const Moment& at, HelloTokens& tokens,
               HelloNews& news);
    std::optional<HelloToken> take_question(RoundSeq persisted);

    Witness witness_;
    Greeting greeting_;
    std::string conflict_;  // as it was told last; empty: it can be of this mesh
};

}  // namespace weft::node
