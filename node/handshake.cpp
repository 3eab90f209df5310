#include "node/handshake.h"

#include "core/invariant.h"
#include "core/mutant.h"

#include <utility>

namespace weft::node {

HelloNews Handshake::on_hello(const Frame& frame, const PeerHello& hello, std::string conflict,
                              const Moment& at, HelloTokens& tokens) {
    HelloNews news;
    const std::string told = std::exchange(conflict_, std::move(conflict));
    if (!conflict_.empty()) {
        news.conflict = conflict_ != told;
        return news;
    }
    if (!judge(frame, hello, at, tokens, news)) return news;
    if (!hello.answer) {
        greeting_.on_asked(hello.token);
        news.answer = take_question(at.persisted);
        return news;
    }
    if (!witness_.sound()) return news;
    const Greeting::Answer answer = greeting_.on_answer(hello.token, hello.refused);
    if (answer == Greeting::Answer::Refused) news.refuses_us = hello.refused;
    if (answer != Greeting::Answer::Taken) return news;
    news.wall_ms = hello.wall_ms;
    news.greeted = greeting_.greet(at.now, witness_.vouched(at.persisted));
    return news;
}

bool Handshake::judge(const Frame& frame, const PeerHello& hello, const Moment& at,
                      HelloTokens& tokens, HelloNews& news) {
    using Finding = Witness::Finding;
    const bool answers_us = hello.answer && greeting_.answers_us(hello.token);
    const Witness::Judgement judged =
        witness_.judge({frame.boot, hello.nonce, frame.durable, answers_us}, at.at_hand);
    news.row = judged.row;
    if (judged.finding == Finding::Late) {
        WEFT_PROBE("node.former_boot");
        news.late = true;
    }
    if (judged.finding == Finding::Condemned) {
        WEFT_PROBE("node.peer_condemned");
        news.condemned = judged;
        news.contact_void = judged.row.has_value();
        if (judged.row) greeting_.on_condemned();
    }
    if (judged.finding == Finding::NewBoot) {
        news.former = judged.before.boot;
        news.contact_void = true;
        if (greeting_.on_new_boot(tokens.next())) news.ask = greeting_.ask(at.now);
    }
    return !news.late;
}

// Not before the row of its boot is durable: whoever has our answer may count on it. A peer that is
// refused learns why.
std::optional<HelloToken> Handshake::take_question(RoundSeq persisted) {
    return greeting_.take_question(!witness_.sound() || witness_.vouched(persisted));
}

HelloNews Handshake::on_persisted(Instant now, RoundSeq persisted) {
    HelloNews news;
    news.answer = take_question(persisted);
    news.greeted = greeting_.greet(now, witness_.vouched(persisted));
    return news;
}

Handshake::Heard Handshake::on_frame(const Frame& frame, RoundSeq persisted) {
    if (!witness_.sound() || !conflict_.empty()) return Heard::Refused;
    if (frame.boot < witness_.boot() && !WEFT_MUTANT(FormerBootTaken)) {
        WEFT_PROBE("node.former_boot");
        return Heard::FormerBoot;
    }
    // Nothing is used before we will still know tomorrow which life of its disk said it (S18). It
    // is sent again: we answer no hello until then.
    if (frame.boot > witness_.boot() || !witness_.vouched(persisted)) return Heard::Early;
    witness_.tells(frame.durable);
    return Heard::Counts;
}

void Handshake::check(RoundSeq at_hand) const {
    witness_.check(at_hand);
    greeting_.check(witness_.sound());
}

}  // namespace weft::node
