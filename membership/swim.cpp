#include "membership/swim.h"

#include "core/invariant.h"
#include "core/overloaded.h"

#include <algorithm>
#include <utility>

namespace weft::membership {

namespace {

// Rumours kept for each member: its newest claim and what its accusers say.
constexpr std::size_t kRumoursPerMember = 4;
constexpr std::size_t kRumoursMin = 64;

std::size_t rumours_max(std::size_t members) { return kRumoursMin + kRumoursPerMember * members; }

std::vector<NodeId> with_self(std::vector<NodeId> roster, const NodeId& self) {
    roster.push_back(self);
    return roster;
}

}  // namespace

Swim::Swim(const Identity& identity, const Options& options, std::vector<NodeId> roster,
           Random random)
    : identity_(identity),
      options_(options),
      health_(options.lha_probe ? options.health_max : std::uint8_t{1}),
      rumours_(rumours_max(roster.size())),
      order_(random.stream("probe order")),
      random_(random.stream("membership")) {
    WEFT_INVARIANT(identity.boot != Boot{}, "a member without a boot");
    table_.set_roster(with_self(std::move(roster), identity.node));
    self_ = *table_.find(identity.node);
    order_.change({}, table_.size());
}

void Swim::step(Instant now, const Event& event, Effects& effects) {
    now_ = now;
    out_ = &effects;
    if (!started_) start();
    std::visit(Overloaded{
                   [&](const Tick&) { on_tick(); },
                   [&](const PacketReceived& packet) {
                       receive(packet.bytes, Carrier::Datagram, nullptr);
                   },
                   [&](const StreamReceived& stream) {
                       receive(stream.bytes, Carrier::Stream, &stream.from);
                   },
                   [&](const ConnectionRefused& refused) {
                       const auto index = table_.find(refused.node);
                       if (index && *index != self_) accuse(*index, Evidence::Refused);
                   },
                   [&](const Leave&) { begin_leave(); },
                   [&](const RosterChanged& changed) { change_roster(changed.nodes); },
               },
               event);
    out_ = nullptr;
}

// Members that start together do not probe together.
void Swim::start() {
    started_ = true;
    probe_at_ = now_ + random_.between(Duration{0}, options_.period);
    gossip_at_ = now_ + random_.between(Duration{0}, options_.gossip_every);
    say_alive(Counter{});
}

Instant Swim::deadline() const {
    if (!started_) return Instant::long_ago();
    Instant due = std::min({suspicion_due_, probe_at_, leave_ends_});
    if (!rumours_.empty() || table_.live() < 2) due = std::min(due, gossip_at_);
    if (probe_ && !probe_->second_round && !probe_->answered)
        due = std::min(due, probe_->sent + probe_->timeout);
    for (const Relay& relay : relays_)
        due = std::min(due, relay.nacked ? relay.ends : relay.nack_at);
    return due;
}

void Swim::on_tick() {
    notice_pause();
    follow_suspicions();
    follow_relays();
    probe();
    if (gossip_at_ <= now_) {
        gossip();
        ask_again();
        follow_beat();
    }
    follow_leave();
}

// The process stood still: what came meanwhile lies unread, and no silence of others was heard. So
// nobody is judged by the time that was lost, nor before there was time to read.
void Swim::notice_pause() {
    if (!options_.pauses) return;
    const Instant due = std::min(probe_at_, suspicion_due_);
    if (due >= now_ || now_ - due <= options_.timeout) return;
    ++counts_.pauses;
    const Duration lost = now_ - due + options_.period;
    for (Suspected& one : suspected_) one.suspicion.postpone(lost);
    if (!suspected_.empty()) suspicion_due_ = suspicion_due_ + lost;
    probe_.reset();
    relays_.clear();
}

void Swim::change_roster(std::vector<NodeId> nodes) {
    const auto moved = table_.set_roster(with_self(std::move(nodes), identity_.node));
    self_ = *table_.find(identity_.node);
    order_.change(moved, table_.size());
    rumours_.set_most(rumours_max(table_.size()));
    const auto listed = [&](const NodeId& node) { return table_.find(node).has_value(); };
    std::erase_if(suspected_, [&](const Suspected& one) { return !listed(one.node); });
    std::erase_if(
        relays_, [&](const Relay& relay) { return !listed(relay.asker) || !listed(relay.target); });
    if (probe_ && !listed(probe_->target)) probe_.reset();
}

// A dead member hears for a while of what is said of it, in case that it lives (memberlist's
// gossip to the dead). Who left hears its own leave last.
bool Swim::can_hear(MemberIndex index) const {
    const Member& member = table_.at(index);
    if (is_live(member.state)) return true;
    return member.state != MemberState::Unseen && now_ - member.since < options_.gossip_to_dead;
}

// Into the gossip of the next beat.
void Swim::spread(const Claim& claim) {
    if (rumours_.empty()) follow_beat();
    rumours_.add(claim);
}

// The beat goes on while there is nothing to say; nobody is woken for it.
void Swim::follow_beat() {
    if (gossip_at_ > now_) return;
    const std::int64_t missed = (now_ - gossip_at_) / options_.gossip_every;
    gossip_at_ = gossip_at_ + options_.gossip_every * (missed + 1);
}

void Swim::gossip() {
    if (table_.live() < 2)
        for (unsigned i = 0; i < options_.gossip_fanout; ++i) contact_gone();
    chosen_.clear();
    for (unsigned i = 0; i < options_.gossip_fanout && !rumours_.empty(); ++i) {
        const auto index = any_member([&](MemberIndex one) {
            return can_hear(one) && std::ranges::find(chosen_, one) == chosen_.end();
        });
        if (!index) break;
        chosen_.push_back(*index);
        Letter letter(*out_, table_.node(*index), Carrier::Datagram, header_to(*index));
        pass_on(letter, *index);
        letter.empty() ? letter.drop() : letter.send();
    }
}

// Fills the letter with rumours.
void Swim::pass_on(Letter& letter, MemberIndex to) {
    const unsigned limit = rumour_sends(options_.send_factor, table_.live());
    const auto current = [&](const Claim& claim) {
        const auto index = table_.find(claim.subject);
        return index && table_.at(*index).incarnation == claim.incarnation &&
               table_.at(*index).state == claim.state;
    };
    rumours_.tell(limit, is_live(table_.at(to).state), current,
                  [&](const Claim& claim) { return letter.add(Rumour{claim}); });
}

void Swim::begin_leave() {
    if (leaving_) return;
    leaving_ = now_;
    probe_.reset();
    Claim claim = claim_of(self_);
    claim.state = MemberState::Left;
    adopt(self_, claim);
    gossip_at_ = std::min(gossip_at_, now_);  // the process may not live to the next beat
    leave_ends_ = now_ + options_.leave_sends + options_.leave_answers;
}

// The word was sent often enough, or nobody is there to hear it: then for a moment more the probes
// of those who have not heard it yet are answered.
void Swim::follow_leave() {
    if (!leaving_) return;
    if (rumours_.empty() || table_.live() == 0)
        leave_ends_ = std::min(leave_ends_, now_ + options_.leave_answers);
    if (leave_ends_ > now_) return;
    out_->left = true;
    leave_ends_ = Instant::never();
}

Header Swim::header_to(MemberIndex index) {
    return header_to(index, table_.at(index).incarnation.boot);
}

Header Swim::header_to(MemberIndex index, Boot boot) {
    Header header;
    header.mesh = mesh_tag(identity_.cluster, table_.node(index));
    header.to_boot = boot;
    header.sender = identity_.node;
    header.incarnation = incarnation();
    header.sequence = Sequence{++table_.at(index).sent.value};
    header.quality = own_quality();
    return header;
}

Stamp Swim::stamp() const { return Stamp{static_cast<std::uint32_t>(now_.ns / 1000)}; }

MemberState Swim::state(const NodeId& node) const {
    const auto index = table_.find(node);
    return index ? table_.at(*index).state : MemberState::Unseen;
}

// A member's own word counts as well: among a thousand nobody else has probed it ten times.
Quality Swim::quality(MemberIndex index) const {
    if (index == self_) return own_quality();
    const Member& member = table_.at(index);
    return std::max(member.quality, member.round_trip.quality(options_.timeout / 2));
}

Quality Swim::own_quality() const {
    if (health_.score() > options_.health_max / 2) return Quality::Degraded;
    return ways_.quality(options_.timeout / 2);
}

const Suspicion* Swim::suspicion(const NodeId& node) const {
    const auto found = std::ranges::lower_bound(suspected_, node, {}, &Suspected::node);
    return found == suspected_.end() || found->node != node ? nullptr : &found->suspicion;
}

void Swim::check() const {
    table_.check();
    std::size_t suspects = 0;
    for (const NodeId& node : table_.nodes()) {
        if (state(node) != MemberState::Suspect) continue;
        ++suspects;
        const Suspicion* held = suspicion(node);
        WEFT_INVARIANT(held != nullptr, "a suspect without a suspicion");
        WEFT_INVARIANT(held->incarnation() == table_.at(*table_.find(node)).incarnation,
                       "a suspicion of another incarnation");
        WEFT_INVARIANT(held->deadline() >= suspicion_due_, "a suspicion ends unseen");
    }
    WEFT_INVARIANT(suspects == suspected_.size(), "{} suspects, {} suspicions", suspects,
                   suspected_.size());
}

}  // namespace weft::membership
