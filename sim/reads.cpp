#include "sim/reads.h"

#include "core/invariant.h"

#include <algorithm>

namespace weft::sim {

void Reads::came(std::size_t machine, const RequestId& read, LogIndex last) {
    Machine& at = machines_[machine];
    Came& came = at.waiting[read];
    if (!came.read) came = {at.left, last, true, came.times};
    ++came.times;
}

void Reads::resolves(std::size_t machine, const RequestId& request) {
    ++machines_[machine].waiting[request].times;
}

void Reads::asks(std::size_t machine, ConfirmRound round) {
    Machine& at = machines_[machine];
    if (!at.rounds.empty() && at.rounds.back().number >= round) return;
    ++at.left;
    at.rounds.push_back({round, {}});
    if (at.rounds.size() > kRoundsMax) at.rounds.pop_front();
}

void Reads::hears(std::size_t machine, const Grant& grant) {
    auto& rounds = machines_[machine].rounds;
    const auto round = std::ranges::lower_bound(rounds, grant.round, {}, &Round::number);
    if (round != rounds.end() && round->number == grant.round) round->granted.push_back(grant);
}

bool Reads::confirmed(const Machine& at, const Came& came, PartitionId group,
                      const Grounds& grounds) const {
    const auto by = [&](NodeId node, const std::vector<Grant>& granted) {
        return node == grounds.self || std::ranges::any_of(granted, [&](const Grant& grant) {
                   return grant.group == group && grant.by == node;
               });
    };
    const auto quorum = [&](const std::vector<Grant>& granted) {
        return grounds.config.quorum_where([&](NodeId node) { return by(node, granted); });
    };
    if (quorum({})) return true;
    const auto since = std::min<std::uint64_t>(at.left - came.after, at.rounds.size());
    const auto first = at.rounds.end() - static_cast<std::ptrdiff_t>(since);
    return std::any_of(first, at.rounds.end(),
                       [&](const Round& round) { return quorum(round.granted); });
}

void Reads::answers(std::size_t machine, const RequestId& request, const Grounds& grounds) {
    Machine& at = machines_[machine];
    const auto read = at.waiting.find(request);
    if (read == at.waiting.end()) return;
    if (!read->second.read) return ended(at, read);
    ++judged_;
    const bool good =
        read->second.last < grounds.commit || confirmed(at, read->second, request.group, grounds);
    WEFT_INVARIANT(good, "S8: machine {} answers read {}, no quorum was asked since it came",
                   machine, request.text());
    ended(at, read);
}

void Reads::refuses(std::size_t machine, const RequestId& request) {
    Machine& at = machines_[machine];
    if (const auto read = at.waiting.find(request); read != at.waiting.end()) ended(at, read);
}

void Reads::ended(Machine& at, std::map<RequestId, Came>::iterator read) {
    if (--read->second.times == 0) at.waiting.erase(read);
}

}  // namespace weft::sim
