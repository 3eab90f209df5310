#pragma once
// Which accepted connections are a peer's. Until keys exist there is one proof: only the process at
// the peer's mesh address hears what our link tells it. Our link carries a secret there; whoever
// sends it back on an accepted connection is the peer, and what arrives unproven teaches nothing.
//
// Both halves of the handshake with one peer; knows no sockets. Times are of the monotonic clock.

#include "core/command.h"
#include "core/random.h"
#include "core/time.h"
#include "flatbuffers/wire_link.h"

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

namespace weft::node {

// Of a connection, as to what its frames claim.
enum class Standing : std::uint8_t {
    Proven,
    Unproven,
    Contradicts,  // it was proven for another node or boot
};

class LinkProof {
public:
    // A peer has one link to us; those before it may have frames left to read.
    static constexpr std::size_t kProvenMax = 4;
    // However many ask, a peer gets one challenge and one answer in this time.
    static constexpr Duration kInterval = std::chrono::milliseconds(10);
    // A link that waits for the peer's challenge sends its own again, which makes the peer send it.
    static constexpr Duration kRepeatInterval = std::chrono::milliseconds(20);

    // `random` chooses whom to forget, nothing secret.
    explicit LinkProof(Random random) : random_(random) {}

    // ---- we ask
    // Our link has connected. What was proven stays so; a secret of before proves nothing further.
    void connected();
    // A connection that has proven nothing claims to be the peer.
    void claimed() { challenge_wanted_ = true; }
    // `link_used`: the peer has asked and was answered since our link connected.
    bool challenge_due(Instant now, bool link_used) const;
    // nullopt: there is no randomness (yet).
    std::optional<wire::LinkChallenge> challenge();
    void challenge_sent(Instant now);
    // True: `from` is the peer's, of that boot, from now on.
    bool prove(ClientRef from, Boot boot, const wire::LinkAnswer& answer);
    // Contradicts: proven for another boot.
    Standing standing(ClientRef from, Boot boot) const;
    bool is_proven(ClientRef from) const;

    // ---- we are asked
    // One secret for each connection is kept, kLinkSecretsMax in all: a random choice of those that
    // ask until the next answer. A flood makes the real one wait for a repetition of its challenge,
    // and cannot keep it out.
    void asked(ClientRef from, const wire::LinkSecret& secret);
    bool answer_due(Instant now) const;
    wire::LinkAnswer answer() const;
    void answer_sent(Instant now);

    // Something is due, now or within kInterval.
    bool pending() const { return challenge_wanted_ || !asked_.empty(); }

private:
    struct Proven {
        ClientRef connection;
        Boot boot;
    };
    struct Asked {
        ClientRef connection;
        wire::LinkSecret secret;
    };

    Random random_;
    std::optional<wire::LinkSecret> secret_;
    bool challenge_wanted_ = false;
    Instant challenged_ = Instant::long_ago();
    std::deque<Proven> proven_;  // the newest last
    std::vector<Asked> asked_;
    std::uint64_t askers_ = 0;  // since the last answer
    Instant answered_ = Instant::long_ago();
};

}  // namespace weft::node
