#include "membership/options.h"

#include "core/error.h"
#include "membership/suspicion.h"

namespace weft::membership {

Options Options::paper() {
    Options options;
    options.alpha = 5;
    options.send_factor = 4;
    options.lha_probe = false;
    options.lha_suspicion = false;
    options.buddy = false;
    options.digests = false;
    options.hearing = false;
    options.learned = false;
    options.pauses = false;
    return options;
}

Result<void> check_options(const Options& options) {
    const auto wrong = [](const char* what) {
        return fail(ErrorNumber::BadConfiguration, "membership: {}", what);
    };
    if (options.timeout <= Duration{0} || options.timeout >= options.period)
        return wrong("the timeout is between zero and the period");
    if (options.gossip_every <= Duration{0} || options.gossip_every > options.period)
        return wrong("gossip goes out at least once a period");
    if (options.gossip_fanout == 0 || options.alpha == 0 || options.beta == 0 ||
        options.send_factor == 0 || options.health_max == 0 || options.accusations == 0)
        return wrong("zero is no number of these");
    if (options.confirmations > kConfirmationsMax || options.relays > 16)
        return wrong("at most 7 confirmations and 16 relays");
    return {};
}

}  // namespace weft::membership
