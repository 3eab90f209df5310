#include "sim/swim_world.h"

#include "core/hash.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace weft::sim {

using membership::Carrier;
using membership::MemberState;

namespace {

// Far from zero, where moments of the past would be no numbers.
constexpr Duration kBegin = std::chrono::hours(1);
constexpr Duration kRefusedMin = std::chrono::milliseconds(10);
constexpr Duration kRefusedMax = std::chrono::milliseconds(200);
constexpr Duration kRetransmitFirst = std::chrono::milliseconds(200);
constexpr Duration kRetransmitMost = std::chrono::seconds(60);
constexpr Duration kRepeatedMax = std::chrono::minutes(1);

std::uint64_t dropped(const membership::Counts& counts) {
    return counts.malformed + counts.foreign + counts.replayed + counts.former_boot +
           counts.unanswered + counts.implausible;
}

std::size_t member_of(const NodeId& node) {
    std::size_t member = 0;
    for (std::size_t i = 12; i < 16; ++i) member = member << 8 | node.bytes[i];
    return member;
}

}  // namespace

// Spread as ids are; the number stands in the last bytes.
NodeId swim_node(std::size_t member) {
    NodeId node;
    Random spread(member);
    const std::uint64_t high = spread.next();
    for (std::size_t i = 0; i < 8; ++i) node.bytes[i] = static_cast<std::uint8_t>(high >> (8 * i));
    for (std::size_t i = 0; i < 4; ++i)
        node.bytes[15 - i] = static_cast<std::uint8_t>(member >> (8 * i));
    return node;
}

SwimWorld::SwimWorld(const SwimSetup& setup)
    : setup_(setup), random_(Random(setup.seed).stream("swim network")), hosts_(setup.members) {
    for (std::size_t i = 0; i < setup.members; ++i) roster_.push_back(swim_node(i));
    queue_.run_one(Instant{} + kBegin);
}

void SwimWorld::boot(std::size_t member) {
    Host& host = hosts_[member];
    if (host.swim) crash(member);
    ++host.boots;
    ++host.life;
    const Random random =
        Random(setup_.seed).stream("swim member").stream(fmt::format("{} {}", member, host.boots));
    host.swim = std::make_unique<membership::Swim>(
        membership::Swim::Identity{ClusterId{{7}}, roster_[member], Boot{host.boots}},
        setup_.options, roster_, random);
    if (setup_.check) host.known.assign(hosts_.size(), {});
    host.leaving = host.frozen = host.blocked = false;
    host.tick_at = Instant::never();
    troubled(member);
    trace_.add(now(), static_cast<std::uint32_t>(member), TraceHash::Kind::Start, host.boots);
    step(member, membership::Tick{});
}

void SwimWorld::boot_all() {
    for (std::size_t i = 0; i < hosts_.size(); ++i) boot(i);
}

void SwimWorld::crash(std::size_t member, bool refuses) {
    Host& host = hosts_[member];
    if (!host.swim) return;
    trace_.add(now(), static_cast<std::uint32_t>(member), TraceHash::Kind::Crash, refuses ? 1 : 0);
    host.swim = nullptr;
    host.inbox.clear();
    host.outbox.clear();
    if (!refuses) return;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        if (i == member || !runs(i)) continue;
        queue_.after(random_.between(kRefusedMin, kRefusedMax),
                     [this, i, member, life = hosts_[i].life] {
                         const bool there = runs(i) && hosts_[i].life == life;
                         if (there && !hosts_[i].frozen && !runs(member))
                             step(i, membership::ConnectionRefused{roster_[member]});
                     });
    }
}

void SwimWorld::leave(std::size_t member) {
    Host& host = hosts_[member];
    if (!host.swim || host.frozen) return;
    host.leaving = true;
    step(member, membership::Leave{});
}

void SwimWorld::freeze(std::size_t member) {
    Host& host = hosts_[member];
    host.frozen = true;
    if (host.swim) host.probes = host.swim->counts().probes;
    troubled(member);
}

void SwimWorld::thaw(std::size_t member) {
    Host& host = hosts_[member];
    if (!host.frozen) return;
    troubled(member);
    host.frozen = false;
    for (PacketPtr& packet : std::exchange(host.outbox, {})) travel(std::move(packet));
    if (setup_.threads && host.swim) step(member, membership::Tick{});
    hand_over(member);
    if (host.swim) step(member, membership::Tick{});
}

void SwimWorld::block(std::size_t member) {
    hosts_[member].blocked = true;
    troubled(member);
}

void SwimWorld::unblock(std::size_t member) {
    Host& host = hosts_[member];
    if (!host.blocked) return;
    troubled(member);
    host.blocked = false;
    for (PacketPtr& packet : std::exchange(host.outbox, {})) travel(std::move(packet));
    hand_over(member);
}

void SwimWorld::starve(std::size_t member, Duration least, Duration most) {
    hosts_[member].late_least = least;
    hosts_[member].late_most = most;
    troubled(member);
}

void SwimWorld::set_clock(std::size_t member, std::int64_t ppm, Duration leap) {
    Host& host = hosts_[member];
    host.clock.set_rate(now(), ppm);
    host.clock.leap(now(), leap);
    host.tick_at = Instant::never();
    if (host.swim) tick_later(member);
}

void SwimWorld::lose_to(std::size_t member, unsigned per_mille) {
    hosts_[member].loss_to = per_mille;
    troubled(member);
}

void SwimWorld::lose_from(std::size_t member, unsigned per_mille) {
    hosts_[member].loss_from = per_mille;
    troubled(member);
}

void SwimWorld::cut(Cut cut) {
    cut_ = std::move(cut);
    whole_from_ = now() + kAftermath;
}

void SwimWorld::run(Duration span) {
    const Instant end = now() + span;
    while (queue_.run_one(end)) {
    }
}

void SwimWorld::troubled(std::size_t member) { hosts_[member].well_from = now() + kAftermath; }

bool SwimWorld::disturbed(const Host& host) const {
    return host.frozen || host.blocked || host.late_most > Duration{0} || host.loss_to != 0 ||
           host.loss_from != 0;
}

bool SwimWorld::well(std::size_t member) const {
    const Host& host = hosts_[member];
    return host.swim && !host.leaving && !disturbed(host) && host.well_from <= now();
}

MemberState SwimWorld::state(std::size_t observer, std::size_t subject) const {
    return swim(observer).state(roster_[subject]);
}

bool SwimWorld::all_see_all() const {
    std::size_t running = 0;
    for (const Host& host : hosts_)
        if (host.swim) ++running;
    // Nobody is taken for alive who never ran, so equal numbers are equal sets but for the dead.
    return std::ranges::all_of(hosts_, [&](const Host& host) {
        return !host.swim || host.swim->members().live() == running;
    });
}

bool SwimWorld::views_equal() const {
    const membership::Swim* first = nullptr;
    for (const Host& host : hosts_) {
        if (!host.swim) continue;
        if (first == nullptr) first = host.swim.get();
        if (host.swim->members().digest() != first->members().digest()) return false;
    }
    return true;
}

std::size_t SwimWorld::holders(std::size_t subject, MemberState state) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < hosts_.size(); ++i)
        if (i != subject && runs(i) && this->state(i, subject) == state) ++count;
    return count;
}

std::size_t SwimWorld::false_alarms() const {
    return static_cast<std::size_t>(std::ranges::count(deaths_, true, &SwimDeath::false_alarm));
}

void SwimWorld::fail(std::string what) {
    if (violation_.empty())
        violation_ = fmt::format("{} s: {}", (now().ns - kBegin.count()) / 1'000'000'000, what);
}

void SwimWorld::step(std::size_t member, const membership::Event& event) {
    Host& host = hosts_[member];
    ++steps_;
    effects_.clear();
    host.swim->step(host.clock.to_local(now()), event, effects_);
    take_changes(member);
    check_member(member);
    for (const membership::Outgoing& out : effects_.packets) send(member, out, Carrier::Datagram);
    for (const membership::Outgoing& out : effects_.streams) send(member, out, Carrier::Stream);
    if (effects_.left) return crash(member);
    tick_later(member);
}

void SwimWorld::tick_later(std::size_t member) {
    Host& host = hosts_[member];
    const Instant due = std::max(host.clock.to_world(host.swim->deadline()), now());
    if (due >= host.tick_at) return;
    host.tick_at = due;
    queue_.at(due, [this, member, due, life = host.life] { tick(member, due, life); });
}

// One that was replaced by an earlier one finds another time noted, and does nothing.
void SwimWorld::tick(std::size_t member, Instant due, std::uint64_t life) {
    Host& host = hosts_[member];
    if (!host.swim || host.life != life || host.tick_at != due) return;
    host.tick_at = Instant::never();
    const bool runs = !host.frozen || (setup_.threads && host.swim->counts().probes == host.probes);
    if (runs) step(member, membership::Tick{});
}

void SwimWorld::take_changes(std::size_t member) {
    Host& host = hosts_[member];
    for (const membership::MemberChanged& change : effects_.changes) {
        const std::size_t subject = member_of(change.node);
        trace_.add(now(), static_cast<std::uint32_t>(member), TraceHash::Kind::Fault,
                   subject << 8 | static_cast<std::uint64_t>(change.to));
        if (change.to == MemberState::Suspect) ++suspicions_;
        if (change.to == MemberState::Dead && runs(subject)) {
            const bool connected = !cut_ && whole_from_ <= now();
            const bool alarm = connected && well(member) && well(subject);
            deaths_.push_back({now(), member, subject, alarm});
        } else if (change.to == MemberState::Dead) {
            deaths_.push_back({now(), member, subject, false});
        }
        if (!setup_.check) continue;
        Known& known = host.known[subject];
        if (change.incarnation < known.incarnation)
            fail(fmt::format("M3: the incarnation of {} fell at {}", subject, member));
        const bool gone = known.state == MemberState::Dead || known.state == MemberState::Left;
        if (gone && is_live(change.to) && change.incarnation == known.incarnation)
            fail(fmt::format("M4: {} came back at {} without a word of its own", subject, member));
        known = {change.incarnation, change.to};
    }
}

void SwimWorld::check_member(std::size_t member) {
    const Host& host = hosts_[member];
    if (setup_.check) host.swim->check();
    // The queue of rumours, and with it all that grows.
    if (host.swim->rumours() > 64 + 4 * hosts_.size())
        fail(fmt::format("M7: {} rumours at {}", host.swim->rumours(), member));
    for (const membership::Outgoing& out : effects_.packets)
        if (out.size > membership::kBodyBytesMax)
            fail(fmt::format("M8: a datagram of {} bytes by {}", out.size, member));
    for (const membership::Outgoing& out : effects_.streams)
        if (out.size > membership::kStreamBytesMax)
            fail(fmt::format("M8: a message of {} bytes by {}", out.size, member));
}

void SwimWorld::send(std::size_t from, const membership::Outgoing& out, Carrier carrier) {
    Host& host = hosts_[from];
    for (SwimTraffic* traffic : {&traffic_, &host.traffic}) {
        if (carrier == Carrier::Datagram) {
            ++traffic->packets;
            traffic->bytes += out.size + membership::kSealBytes;
        } else {
            ++traffic->streams;
            traffic->stream_bytes += out.size;
        }
    }
    const std::string_view bytes = effects_.view(out);
    trace_.add(now(), static_cast<std::uint32_t>(from), TraceHash::Kind::Send, xxh3_64(bytes));
    auto packet =
        std::make_unique<Packet>(from, member_of(out.to), carrier, false, std::string(bytes));
    if (host.blocked || host.frozen)
        host.outbox.push_back(std::move(packet));
    else
        travel(std::move(packet));
}

bool SwimWorld::lost(const Packet& packet) {
    if (cut_ && cut_(packet.from, packet.to)) return true;
    return packet.carrier == Carrier::Datagram && dropped_once(packet);
}

bool SwimWorld::dropped_once(const Packet& packet) {
    for (const unsigned loss : {loss_, hosts_[packet.from].loss_from, hosts_[packet.to].loss_to})
        if (loss != 0 && random_.chance(loss, 1000)) return true;
    return false;
}

// A stream loses nothing, but what is lost below it comes when it was sent again (RFC 6298 5.5).
Duration SwimWorld::sent_again(const Packet& packet) {
    Duration waited{};
    if (packet.carrier == Carrier::Datagram) return waited;
    Duration timeout = kRetransmitFirst;
    while (timeout < kRetransmitMost && dropped_once(packet)) {
        waited += timeout;
        timeout *= 2;
    }
    return waited;
}

void SwimWorld::travel(PacketPtr packet) {
    if (packet->from == packet->to || lost(*packet)) return;
    const bool datagram = packet->carrier == Carrier::Datagram;
    if (datagram && misdeliver_one_in_ != 0 && random_.chance(1, misdeliver_one_in_)) {
        auto other = std::make_unique<Packet>(*packet);
        other->stranger = true;
        other->to = (other->to + 1 + random_.below(hosts_.size() - 1)) % hosts_.size();
        queue_.after(setup_.delay_max, [this, other = std::move(other)]() mutable {
            arrive(std::move(other), true);
        });
    }
    const Duration way = random_.between(setup_.delay_min, setup_.delay_max);
    const Duration again = sent_again(*packet);
    queue_.after(way + again, [this, packet = std::move(packet)]() mutable {
        arrive(std::move(packet), false);
    });
}

void SwimWorld::arrive(PacketPtr packet, bool late) {
    Host& host = hosts_[packet->to];
    if (!host.swim) return;
    if (host.frozen || host.blocked) {
        host.inbox.push_back(std::move(packet));
    } else if (!late && host.late_most > Duration{0}) {
        queue_.after(
            random_.between(host.late_least, host.late_most),
            [this, packet = std::move(packet)]() mutable { arrive(std::move(packet), true); });
    } else {
        read(*packet);
    }
}

void SwimWorld::read(const Packet& packet) {
    Host& host = hosts_[packet.to];
    trace_.add(now(), static_cast<std::uint32_t>(packet.to), TraceHash::Kind::Deliver,
               packet.from << 32 | packet.bytes.size());
    const std::uint64_t before = dropped(host.swim->counts());
    if (packet.carrier == Carrier::Datagram)
        step(packet.to, membership::PacketReceived{packet.bytes});
    else
        step(packet.to, membership::StreamReceived{roster_[packet.from], packet.bytes});
    // M9: what was said to somebody else, or was heard before, counts for nothing.
    if (packet.stranger && host.swim && dropped(host.swim->counts()) == before)
        fail(fmt::format("M9: {} believes a datagram that was not for it now", packet.to));
    if (packet.stranger || packet.carrier == Carrier::Stream || repeat_one_in_ == 0 ||
        !random_.chance(1, repeat_one_in_))
        return;
    auto again = std::make_unique<Packet>(packet);
    again->stranger = true;
    queue_.after(random_.between(Duration{1}, kRepeatedMax),
                 [this, again = std::move(again)]() mutable { arrive(std::move(again), true); });
}

void SwimWorld::hand_over(std::size_t member) {
    for (const PacketPtr& packet : std::exchange(hosts_[member].inbox, {}))
        if (runs(member)) read(*packet);
}

}  // namespace weft::sim
