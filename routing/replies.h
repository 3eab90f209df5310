#pragma once
// What an answer means to whoever asked (P-once): is it the outcome, or is the request to be sent
// again under the same id? The same rules for clients and for nodes that ask on their own account.

#include "core/command.h"
#include "weft/errors.h"
#include "weft/result.h"

namespace weft::routing {

bool has_number(const Error& error, ErrorNumber number);

// The node does not run commands of this group now; another one may.
bool is_about_route(const Error& error);

// Leadership was lost under the request. The same id is safe to send again: sessions deduplicate.
// Not so if the command is suspected of ending processes: that would be another try of it.
bool is_lost_under_way(const Reply& reply);

// A resolve that was logged has an index: only then is its "not done" the answer to the question
// and not a refusal to ask it. A session of the future is seldom worth the wait for it: most such
// ids were never given out.
bool is_final(RequestKind kind, const Reply& reply);

// All attempts as one outcome: NotDone only if no attempt was ever sent without a definite refusal;
// `tainted`: one was.
Reply folded(RequestKind kind, bool tainted, Reply reply);

}  // namespace weft::routing
