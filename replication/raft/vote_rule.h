#pragma once
// Whether a vote or pre-vote is given (Raft paper 5.2, 5.4.1; thesis 4.2.3, 9.6): one of each term,
// to nobody while a leader is heard that does not want it (S1, S5; thesis 3.10), and to nobody
// whose log is behind the end of ours that is on disk (S4) or who asks when we cannot tell that end
// (S22).

#include "replication/messages.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>

namespace weft::replication {

// Who is asked.
struct Voter {
    Term term{};
    NodeId vote{};  // of that term; zero: not given
    std::optional<NodeId> leader{};
    bool hears_leader = false;
    std::optional<LogPosition> durable{};  // where its log ends on disk; nothing: it cannot tell
};

// Untaken: the request changes nothing, not even the term. OlderLog: refused, and the candidate
// will not win against us (S7).
enum class Ballot : std::uint8_t { Untaken, Refused, OlderLog, Granted };

Ballot judge_vote(const Voter& voter, NodeId from, const VoteAsk& ask);

}  // namespace weft::replication
