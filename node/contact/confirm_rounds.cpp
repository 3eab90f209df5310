#include "node/contact/confirm_rounds.h"

#include "core/invariant.h"
#include "core/mutant.h"

#include <algorithm>
#include <utility>

namespace weft::node {

namespace {

std::vector<PartitionId> refused_groups(const replication::ConfirmAnswer& answer) {
    std::vector<PartitionId> refused;
    for (const replication::GroupTerm& group : answer.refused) refused.push_back(group.group);
    std::sort(refused.begin(), refused.end());
    return refused;
}

}  // namespace

void ConfirmRounds::want(PartitionId group, Term term, ReadTicket ticket,
                         const replication::Config& config) {
    Group& known = groups_[group];
    WEFT_INVARIANT(known.term <= term, "a read of group {} waits in term {}, others did in {}",
                   group.value, term.value, known.term.value);
    if (!(known.config == config)) {
        known.config = config;
        ++known.life;
    }
    if (!known.wanted || known.term != term) known.ticket = {};
    known.term = term;
    known.ticket = std::max(known.ticket, ticket);
    if (known.wanted) return;
    known.wanted = true;
    wanted_.push_back(group);
}

bool ConfirmRounds::may_begin(Instant now) const {
    if (rounds_.size() >= kRoundsMax) return false;
    const auto young = std::count_if(rounds_.begin(), rounds_.end(), [&](const Round& round) {
        return now - round.begun < kPatience;
    });
    return static_cast<std::size_t>(young) < kInFlight;
}

void ConfirmRounds::address(const Item& item, const replication::Config& config,
                            std::vector<Outgoing>& out) const {
    for (const replication::Seat seat : config.voting()) {
        const NodeId node = config.at(seat).node;
        if (node == self_) continue;
        auto to = std::find_if(out.begin(), out.end(),
                               [&](const Outgoing& other) { return other.to == node; });
        if (to == out.end()) {
            out.push_back({node, {last_round_, {}}});
            to = out.end() - 1;
        }
        to->confirm.groups.push_back({item.group, item.term});
    }
}

void ConfirmRounds::begin(Instant now, std::vector<Outgoing>& out,
                          std::vector<Confirmed>& confirmed) {
    if (wanted_.empty() || !may_begin(now)) return;
    out.clear();
    Round round;
    round.number = next_number(last_round_);
    round.begun = now;
    // Sorted: the receiver and on_answer() walk the groups in order.
    std::sort(wanted_.begin(), wanted_.end());
    for (const PartitionId id : wanted_) {
        Group& group = *groups_.find(id);
        group.wanted = false;
        Item item{id, group.term, group.ticket, group.life};
        const auto own = group.config.seat(self_);
        if (own && group.config.is_voter(*own)) item.answered.add(*own);
        if (group.config.quorum(item.answered)) {
            confirmed.push_back({item.group, item.term, item.ticket});
            continue;
        }
        address(item, group.config, out);
        round.items.push_back(item);
    }
    wanted_.clear();
    round.open = round.items.size();
    if (round.open > 0) rounds_.push_back(std::move(round));
}

void ConfirmRounds::settle(Round& round, Item& item) const {
    item.settled = true;
    --round.open;
}

void ConfirmRounds::contacts(NodeId from, const replication::ConfirmAnswer& answer,
                             std::vector<Contact>& out) const {
    const auto round = std::find_if(rounds_.begin(), rounds_.end(), [&](const Round& other) {
        return other.number == answer.round;
    });
    if (round == rounds_.end()) return;
    const std::vector<PartitionId> refused = refused_groups(answer);
    for (const Item& item : round->items) {
        const Group& group = *groups_.find(item.group);
        const bool void_now = item.life != group.life;
        if (void_now || !group.config.seat(from)) continue;
        if (std::binary_search(refused.begin(), refused.end(), item.group)) continue;
        out.push_back({item.group, item.term, round->begun});
    }
}

void ConfirmRounds::on_answer(NodeId from, const replication::ConfirmAnswer& answer,
                              std::vector<Confirmed>& confirmed) {
    const auto round = std::find_if(rounds_.begin(), rounds_.end(), [&](const Round& other) {
        return other.number == answer.round;
    });
    if (round == rounds_.end()) return;
    const std::vector<PartitionId> refused = refused_groups(answer);
    for (Item& item : round->items) {
        if (item.settled) continue;
        const Group& group = *groups_.find(item.group);
        if (item.life != group.life) {
            settle(*round, item);  // its reads were answered otherwise, or want again
            continue;
        }
        const auto seat = group.config.seat(from);
        if (!seat || !group.config.is_voter(*seat)) continue;
        if (std::binary_search(refused.begin(), refused.end(), item.group)) continue;
        item.answered.add(*seat);
        if (!group.config.quorum(item.answered)) continue;
        settle(*round, item);
        const bool joined = WEFT_MUTANT(ReadJoinsBegunRound) && group.term == item.term;
        confirmed.push_back({item.group, item.term, joined ? group.ticket : item.ticket});
    }
    if (round->open == 0) rounds_.erase(round);
}

void ConfirmRounds::expire(Instant now, std::vector<replication::GroupTerm>& given_up) {
    while (!rounds_.empty() && now - rounds_.front().begun >= age_max_) {
        for (const Item& item : rounds_.front().items)
            if (!item.settled && item.life == groups_.find(item.group)->life)
                given_up.push_back({item.group, item.term});
        rounds_.pop_front();
    }
}

void ConfirmRounds::forget(PartitionId group) {
    Group* known = groups_.find(group);
    if (known == nullptr) return;
    ++known->life;
    if (!std::exchange(known->wanted, false)) return;
    std::erase(wanted_, group);
}

Instant ConfirmRounds::deadline() const {
    if (rounds_.empty()) return Instant::never();
    const Instant expiry = rounds_.front().begun + age_max_;
    if (!waiting() || rounds_.size() < kInFlight || rounds_.size() >= kRoundsMax) return expiry;
    // The next one is free when fewer than kInFlight of the newest rounds are young.
    const Round& oldest_young = rounds_[rounds_.size() - kInFlight];
    return std::min(expiry, oldest_young.begun + kPatience);
}

void ConfirmRounds::check(std::span<const replication::GroupTerm> led) const {
    for (const auto& [id, group] : groups_) {
        if (!group.wanted) continue;
        const auto known = std::ranges::lower_bound(led, id, {}, &replication::GroupTerm::group);
        const bool leads = known != led.end() && known->group == id;
        WEFT_INVARIANT(leads && known->term == group.term,
                       "reads of group {} wait in term {}, which is not led here", id.value,
                       group.term.value);
    }
    for (std::size_t i = 1; i < rounds_.size(); ++i)
        WEFT_INVARIANT(rounds_[i - 1].begun <= rounds_[i].begun, "round {} began before round {}",
                       rounds_[i].number.value, rounds_[i - 1].number.value);
}

}  // namespace weft::node
