#include "membership/suspicion.h"

#include "core/mutant.h"
#include "membership/fixed_log.h"

#include <algorithm>

namespace weft::membership {

SuspicionSpans suspicion_spans(const SuspicionOptions& options, std::size_t members) {
    const std::uint64_t ten = log2_fixed(10);
    const std::uint64_t scale = std::max<std::uint64_t>(log2_fixed(members), ten);
    const auto period = static_cast<std::uint64_t>(options.period.count());
    // Microseconds, so that the product stays far below 64 bits.
    const std::uint64_t least_us = period / 1000 * options.alpha * scale / ten;
    SuspicionSpans spans;
    spans.least = Duration{static_cast<std::int64_t>(least_us * 1000)};
    spans.most = spans.least * std::max(options.beta, 1U);
    const std::size_t others = members > 2 ? members - 2 : 0;
    spans.wanted = static_cast<unsigned>(
        std::min<std::size_t>({options.confirmations, kConfirmationsMax, others}));
    return spans;
}

bool Suspicion::add(const NodeId& accuser, Evidence evidence) {
    const auto known = std::find_if(accusers_.begin(), accusers_.begin() + count_,
                                    [&](const Accuser& one) { return one.node == accuser; });
    if (known != accusers_.begin() + count_ && !WEFT_MUTANT(SwimAccuserCountsAgain)) {
        // The same accuser with better evidence.
        if (evidence <= known->evidence) return false;
        known->evidence = evidence;
        ++refusals_;
        return true;
    }
    // Hard evidence is worth more than a confirmation that is not needed any more.
    if (count_ > spans_.wanted && evidence == Evidence::Silence) return false;
    if (count_ == accusers_.size()) return false;
    accusers_[count_++] = {accuser, evidence};
    if (evidence == Evidence::Refused) ++refusals_;
    return true;
}

Instant Suspicion::deadline() const {
    const unsigned confirmed = std::min<unsigned>(count_ == 0 ? 0 : count_ - 1U, spans_.wanted);
    if (spans_.wanted == 0 || confirmed == spans_.wanted) return begun_ + spans_.least;
    const std::uint64_t part = log2_fixed(confirmed + 1);
    const std::uint64_t whole = log2_fixed(spans_.wanted + 1);
    const auto spread = static_cast<std::uint64_t>((spans_.most - spans_.least).count()) / 1000;
    const std::uint64_t off_us = spread * part / whole;
    return begun_ + (spans_.most - Duration{static_cast<std::int64_t>(off_us * 1000)});
}

}  // namespace weft::membership
