// What comes in: who may speak, and to which rule it goes.

#include "core/mutant.h"
#include "core/overloaded.h"
#include "membership/swim.h"

#include <chrono>
#include <variant>

namespace weft::membership {

namespace {

// Answers to datagrams that do not count: a few at once to one member, then one each beat, and so
// many to all together. When all start at once each asks fifteen others a second until it is
// answered; whoever plays recordings from somebody's address must not make us send.
constexpr unsigned kAnswersBurst = 3;
constexpr unsigned kAnswersOfAllBurst = 64;
constexpr Duration kAnswersOfAllEvery = std::chrono::milliseconds(10);

}  // namespace

void Swim::receive(std::string_view bytes, Carrier carrier, const NodeId* sender) {
    if (!read_datagram(bytes, carrier, datagram_)) {
        ++counts_.malformed;
        return;
    }
    const Header& header = datagram_.header;
    const bool meant = header.mesh == mesh_tag(identity_.cluster, identity_.node);
    if ((!meant && !WEFT_MUTANT(SwimAnyReceiver)) ||
        (sender != nullptr && *sender != header.sender)) {
        ++counts_.foreign;
        return;
    }
    const auto from = table_.find(header.sender);
    if (!from || *from == self_) {
        ++(from ? counts_.cloned : counts_.unknown);
        return;
    }
    if (!admit(*from, carrier, bytes.size())) return;
    for (std::size_t at = 0; at < datagram_.messages.size();) {
        if (std::holds_alternative<BucketFacts>(datagram_.messages[at])) {
            at = on_facts(*from, at, carrier);
        } else {
            on_message(*from, datagram_.messages[at], carrier);
            ++at;
        }
    }
}

// True when the datagram counts. Its header is the sender's own word: it is alive, in this
// incarnation.
bool Swim::admit(MemberIndex from, Carrier carrier, std::size_t bytes) {
    const Header& header = datagram_.header;
    if (!table_.is_plausible(from, header.incarnation)) {
        ++counts_.implausible;
        return false;
    }
    if (header.to_boot > identity_.boot) {
        ++counts_.cloned;
        out_->superseded = true;
        return false;
    }
    if (header.incarnation.boot < table_.at(from).incarnation.boot) {
        // Late, repeated, or a process that should stop: it is told so.
        if (!may_answer(from)) return false;
        ++counts_.former_boot;
        Letter letter(*out_, header.sender, carrier, header_to(from, header.incarnation.boot));
        letter.add(Fact{claim_of(from)});
        letter.send();
        return false;
    }
    // Meant for a former life of ours, or sent by one who knows of none: perhaps hours ago.
    const bool former = header.to_boot != Boot{};
    if (header.to_boot < identity_.boot && !(former && WEFT_MUTANT(SwimFormerLifeHeard))) {
        answer_stranger(from, carrier, bytes);
        return false;
    }
    Member& member = table_.at(from);
    const bool again = carrier == Carrier::Datagram &&
                       !member.received.take(header.incarnation.boot, header.sequence);
    if (again && !WEFT_MUTANT(SwimReplayTaken)) {
        ++counts_.replayed;
        return false;
    }
    member.quality = header.quality;
    const bool new_boot = header.incarnation.boot > member.incarnation.boot;
    Claim alive;
    alive.state = MemberState::Alive;
    alive.subject = alive.accuser = header.sender;
    alive.incarnation = header.incarnation;
    hear(alive, Source::Rumour);
    if (new_boot) introduce(from);
    return true;
}

bool Swim::may_answer(MemberIndex from) {
    const bool may = table_.at(from).answers.take(now_, options_.gossip_every, kAnswersBurst) &&
                     answers_.take(now_, kAnswersOfAllEvery, kAnswersOfAllBurst);
    if (!may) ++counts_.unanswered;
    return may;
}

// It learns our boot from the answer, and speaks again. Nothing of it counts until then. The answer
// has no more bytes than what it answers: the address may be a victim's.
void Swim::answer_stranger(MemberIndex from, Carrier carrier, std::size_t bytes) {
    if (!may_answer(from)) return;
    ++counts_.replayed;
    Letter letter(*out_, datagram_.header.sender, carrier,
                  header_to(from, datagram_.header.incarnation.boot));
    for (const Message& message : datagram_.messages)
        if (const auto* ping = std::get_if<Ping>(&message);
            ping != nullptr && letter.bytes() + kAckBytes <= bytes)
            letter.add(Ack{ping->number, ping->stamp, table_.digest()});
    letter.bytes() <= bytes ? letter.send() : letter.drop();
}

void Swim::on_message(MemberIndex from, const Message& message, Carrier carrier) {
    std::visit(Overloaded{
                   [&](const Ping& ping) { on_ping(from, ping, carrier); },
                   [&](const Ack& ack) {
                       on_ack(from, ack);
                       compare(from, ack.digest, carrier);
                   },
                   [&](const PingRequest& request) {
                       table_.at(from).heard = now_;
                       on_ping_request(from, request);
                   },
                   [&](const RelayedAck& ack) { on_relayed_ack(from, ack.number); },
                   [&](const Nack& nack) { on_nack(from, nack.number); },
                   [&](const Rumour& rumour) { hear(rumour.claim, Source::Rumour); },
                   [&](const BucketSums& sums) { on_sums(from, sums, carrier); },
                   [&](const BucketFacts&) {},  // on_facts
                   [&](const Fact& fact) { hear(fact.claim, Source::Fact); },
               },
               message);
}

void Swim::on_ping(MemberIndex from, const Ping& ping, Carrier carrier) {
    Member& member = table_.at(from);
    // A stream may hold back what was said long ago.
    if (carrier == Carrier::Datagram) member.heard = now_;
    Letter letter(*out_, table_.node(from), carrier, header_to(from));
    letter.add(Ack{ping.number, ping.stamp, table_.digest()});
    if (options_.buddy && member.state != MemberState::Alive) letter.add(Rumour{claim_of(from)});
    pass_on(letter, from);
    letter.send();
    compare(from, ping.digest, carrier);
}

}  // namespace weft::membership
