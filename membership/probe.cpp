// SWIM 4.1: one member is asked each period, directly, then by others and over a stream.

#include "core/mutant.h"
#include "membership/swim.h"

#include <algorithm>

namespace weft::membership {

namespace {

constexpr std::size_t kRelaysMax = 128;
// Below this a learned timeout would measure the scheduler, not the way.
constexpr Duration kTimeoutLeast = std::chrono::milliseconds(200);
// A stamp that is older says nothing about the network.
constexpr std::uint32_t kRoundTripUsMax = 60'000'000;

}  // namespace

void Swim::probe() {
    if (probe_ && !probe_->answered && !probe_->second_round &&
        now_ >= probe_->sent + probe_->timeout)
        ask_relays();
    if (now_ < probe_at_) return;
    end_probe();
    if (!leaving_) begin_probe();
    // Lifeguard IV-A: who doubts itself waits longer for answers and asks less often. Both, or
    // probes would overlap.
    probe_at_ = now_ + options_.period * health_.factor();
}

void Swim::begin_probe() {
    const std::size_t gone = table_.gone();
    if (gone != 0 && random_.below(table_.size()) < gone) contact_gone();
    const auto index =
        order_.next([&](MemberIndex one) { return one != self_ && is_live(table_.at(one).state); });
    if (!index) return;
    ++counts_.probes;
    probe_.emplace();
    probe_->number = ProbeNumber{++last_number_.value};
    probe_->target = table_.node(*index);
    probe_->sent = now_;
    probe_->timeout = timeout_of(*index);
    ping(*index, probe_->number, Carrier::Datagram);
}

// Of a member that was never measured the ways to all others tell.
Duration Swim::timeout_of(MemberIndex index) const {
    const RoundTrip& own = table_.at(index).round_trip;
    const RoundTrip& way = own.measured() ? own : ways_;
    if (!options_.learned || !way.measured()) return options_.timeout;
    return std::clamp(way.longest(), std::min(kTimeoutLeast, options_.timeout), options_.timeout);
}

void Swim::ping(MemberIndex index, ProbeNumber number, Carrier carrier) {
    Letter letter(*out_, table_.node(index), carrier, header_to(index));
    letter.add(Ping{number, stamp(), table_.digest()});
    // Lifeguard IV-C, the buddy system: the accused is the first who should know.
    const MemberState state = table_.at(index).state;
    const bool accused = state == MemberState::Suspect || state == MemberState::Dead;
    if (options_.buddy && accused) letter.add(Rumour{claim_of(index)});
    pass_on(letter, index);
    letter.send();
}

void Swim::ask_relays() {
    probe_->second_round = true;
    const auto target = table_.find(probe_->target);
    if (!target) return;
    for (unsigned i = 0; i < options_.relays; ++i) {
        const auto relay = any_member([&](MemberIndex one) {
            return one != *target && table_.at(one).state == MemberState::Alive &&
                   probe_->find(table_.node(one)) == nullptr;
        });
        if (!relay) break;
        probe_->asked.push_back({table_.node(*relay), false});
        Letter letter(*out_, table_.node(*relay), Carrier::Datagram, header_to(*relay));
        letter.add(PingRequest{probe_->number, probe_->target});
        pass_on(letter, *relay);
        letter.send();
    }
    // Where only datagrams are lost, the stream still tells that the member lives.
    ping(*target, probe_->number, Carrier::Stream);
}

void Swim::end_probe() {
    if (!probe_) return;
    const Probe ended = std::move(*probe_);
    probe_.reset();
    const auto target = table_.find(ended.target);
    if (!target) return;
    Member& member = table_.at(*target);
    member.round_trip.probe_ended(ended.directly);
    ways_.probe_ended(ended.directly);
    if (ended.answered) {
        if (!ended.directly) ++counts_.probes_relayed;
        return;
    }
    ++counts_.probes_failed;
    if (!is_live(member.state)) return;
    // Who spoke for itself since the ping is not silent, whatever became of its answers.
    if (options_.hearing && member.heard >= ended.sent) return;
    const auto missing = std::ranges::count(ended.asked, false, &Asked::nacked);
    health_.probe_failed(static_cast<unsigned>(ended.asked.size()), static_cast<unsigned>(missing));
    accuse(*target, Evidence::Silence);
}

// Level-triggered healing: somebody out of those who are gone is asked again and again, for two
// halves of a healed network would never meet otherwise. In all the mesh about one contact a
// period goes to each of them, as a probe goes to each who lives. Alone, a member asks for company.
void Swim::contact_gone() {
    std::uint64_t candidates = 0;
    std::optional<MemberIndex> chosen;
    for (std::uint32_t i = 0; i < table_.size(); ++i) {
        const MemberState state = table_.at({i}).state;
        if (state == MemberState::Dead && WEFT_MUTANT(SwimDeadNeverAsked)) continue;
        if (state != MemberState::Dead && state != MemberState::Unseen) continue;
        if (random_.below(++candidates) == 0) chosen = MemberIndex{i};
    }
    if (chosen) ping(*chosen, ProbeNumber{++last_number_.value}, Carrier::Datagram);
}

void Swim::on_ack(MemberIndex from, const Ack& ack) {
    Member& member = table_.at(from);
    const std::uint32_t us = stamp().value - ack.stamp.value;
    if (us <= kRoundTripUsMax) {
        member.round_trip.answered_after(std::chrono::microseconds(us));
        ways_.answered_after(std::chrono::microseconds(us));
    }
    const auto relay = std::ranges::find(relays_, ack.number, &Relay::ours);
    if (relay != relays_.end() && relay->target == table_.node(from)) {
        if (const auto asker = table_.find(relay->asker)) {
            Letter letter(*out_, relay->asker, Carrier::Datagram, header_to(*asker));
            letter.add(RelayedAck{relay->theirs});
            letter.send();
        }
        relays_.erase(relay);
        return;
    }
    // A late answer says how long the way is, and nothing about who lives.
    if (!probe_ || probe_->answered || probe_->number != ack.number ||
        probe_->target != table_.node(from))
        return;
    probe_->answered = true;
    probe_->directly = !probe_->second_round;
    health_.probe_answered();
}

void Swim::on_ping_request(MemberIndex from, const PingRequest& request) {
    const auto target = table_.find(request.target);
    if (!target || relays_.size() == kRelaysMax) return;
    if (*target == self_) {
        Letter letter(*out_, table_.node(from), Carrier::Datagram, header_to(from));
        letter.add(RelayedAck{request.number});
        letter.send();
        return;
    }
    const ProbeNumber ours{++last_number_.value};
    // Lifeguard IV-A: at 80 % of the time, so that the asker has it before its own is over.
    relays_.push_back({table_.node(from), request.target, request.number, ours,
                       now_ + options_.timeout * 4 / 5, now_ + options_.period});
    ping(*target, ours, Carrier::Datagram);
}

void Swim::follow_relays() {
    for (Relay& relay : relays_) {
        if (relay.nacked || relay.nack_at > now_) continue;
        relay.nacked = true;
        const auto asker = table_.find(relay.asker);
        if (!asker) continue;
        Letter letter(*out_, relay.asker, Carrier::Datagram, header_to(*asker));
        letter.add(Nack{relay.theirs});
        letter.send();
    }
    std::erase_if(relays_, [&](const Relay& relay) { return relay.ends <= now_; });
}

void Swim::on_relayed_ack(MemberIndex from, ProbeNumber number) {
    if (!probe_ || probe_->answered || probe_->number != number) return;
    if (probe_->find(table_.node(from)) == nullptr) return;
    probe_->answered = true;
    health_.probe_answered();
}

void Swim::on_nack(MemberIndex from, ProbeNumber number) {
    if (!probe_ || probe_->number != number) return;
    if (WEFT_MUTANT(SwimNackIsAnAnswer)) return on_relayed_ack(from, number);
    Asked* asked = probe_->find(table_.node(from));
    if (asked == nullptr) return;
    asked->nacked = true;
    // Nobody is left who could still bring an answer in time.
    if (options_.learned && !probe_->answered && std::ranges::all_of(probe_->asked, &Asked::nacked))
        end_probe();
}

}  // namespace weft::membership
