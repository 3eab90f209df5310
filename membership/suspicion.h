#pragma once
// One suspicion and how long its subject has to answer it (Lifeguard IV-B): the more members say
// the same on their own, the less. Accusers are kept by name, so that no claim counts twice,
// whichever way it comes.

#include "core/time.h"
#include "membership/messages.h"
#include "weft/types.h"

#include <array>
#include <cstdint>
#include <span>

namespace weft::membership {

struct SuspicionSpans {
    Duration least;     // with all confirmations
    Duration most;      // with none
    unsigned wanted{};  // confirmations that bring it to `least`
};

struct SuspicionOptions {
    Duration period{};
    unsigned alpha = 0;
    unsigned beta = 0;  // 1: every suspicion lasts `least`, as in SWIM
    unsigned confirmations = 0;
};
// `members`: those not known to be gone, with self and the suspect. Fewer can confirm where fewer
// are: all but the suspect and the first accuser.
SuspicionSpans suspicion_spans(const SuspicionOptions& options, std::size_t members);

inline constexpr unsigned kConfirmationsMax = 7;

class Suspicion {
public:
    // `incarnation` is the accused one: an accusation of a later one is another suspicion.
    Suspicion(Incarnation incarnation, Instant begun, const SuspicionSpans& spans)
        : incarnation_(incarnation), begun_(begun), spans_(spans) {}

    // True when it is news and counts: worth telling others.
    bool add(const NodeId& accuser, Evidence evidence);

    Incarnation incarnation() const { return incarnation_; }
    Instant deadline() const;
    void postpone(Duration by) { begun_ = begun_ + by; }
    unsigned refusals() const { return refusals_; }
    struct Accuser {
        NodeId node;
        Evidence evidence = Evidence::Silence;
    };
    std::span<const Accuser> accusers() const { return {accusers_.data(), count_}; }

private:
    Incarnation incarnation_;
    Instant begun_;
    SuspicionSpans spans_;
    std::array<Accuser, kConfirmationsMax + 1> accusers_{};
    std::uint8_t count_ = 0;
    std::uint8_t refusals_ = 0;
};

}  // namespace weft::membership
