#include "routing/replies.h"

#include <cstdint>

namespace weft::routing {

bool has_number(const Error& error, ErrorNumber number) {
    return error.number == static_cast<std::uint16_t>(number);
}

bool is_about_route(const Error& error) {
    return error.code == ErrorCode::NotLeader || error.code == ErrorCode::NotHosted ||
           error.code == ErrorCode::Unavailable;
}

bool is_lost_under_way(const Reply& reply) {
    const bool about_crashes = has_number(reply.error, ErrorNumber::HandlerCrashed) ||
                               has_number(reply.error, ErrorNumber::Poisoned);
    return reply.outcome == Outcome::Unknown && reply.error.outcome_unknown() && !about_crashes;
}

bool is_final(RequestKind kind, const Reply& reply) {
    const bool resolve = kind == RequestKind::Resolve;
    if (resolve && reply.index.value != 0) return true;
    if (resolve && has_number(reply.error, ErrorNumber::ClockTooFarOff)) return true;
    return !reply.error.is_retryable();
}

Reply folded(RequestKind kind, bool tainted, Reply reply) {
    const bool resolve = kind == RequestKind::Resolve;
    if (resolve && reply.index.value != 0) return reply;
    // The first outcome is kept: a body that differs never ran under this id and never will.
    if (!resolve && reply.error.code == ErrorCode::RequestIdReused) return reply;
    if (tainted) reply.outcome = Outcome::Unknown;
    return reply;
}

}  // namespace weft::routing
