#include "node/greeting.h"

#include "core/invariant.h"

#include <chrono>
#include <utility>

namespace weft::node {

namespace {

constexpr Duration kHelloInterval = std::chrono::milliseconds(200);

}  // namespace

void Greeting::on_up(HelloToken token) {
    stage_ = Stage::Asking;
    token_ = token;
}

void Greeting::on_down() {
    stage_ = Stage::Down;
    due_ = Instant::never();
}

bool Greeting::on_new_boot(HelloToken token) {
    if (up()) stage_ = Stage::Asking;
    asked_.reset();
    token_ = token;
    return up();
}

HelloToken Greeting::ask(Instant now) {
    if (stage_ <= Stage::Asking) due_ = now + kHelloInterval;
    return token_;
}

std::optional<HelloToken> Greeting::take_question(bool ready) {
    if (!up() || !ready) return std::nullopt;
    return std::exchange(asked_, std::nullopt);
}

Greeting::Answer Greeting::on_answer(HelloToken token, Verdict refused) {
    // An older weft names no question.
    if (!up() || (token != HelloToken{} && token != token_)) return Answer::Late;
    const Verdict before = std::exchange(refuses_us_, refused);
    if (refused != Verdict::Sound)
        return refused == before ? Answer::RefusedAgain : Answer::Refused;
    if (stage_ == Stage::Asking) stage_ = Stage::Answered;
    due_ = Instant::never();
    return Answer::Taken;
}

bool Greeting::greet(Instant now, bool vouched) {
    if (stage_ != Stage::Answered || !vouched) return false;
    stage_ = Stage::Greeted;
    greeted_at_ = now;
    return true;
}

void Greeting::check(bool sound) const {
    const bool due = due_ != Instant::never();
    WEFT_INVARIANT(!due || stage_ == Stage::Asking, "a hello is due in stage {}",
                   std::to_underlying(stage_));
    WEFT_INVARIANT(due || stage_ != Stage::Asking || !sound, "nobody asks a link for its hello");
}

}  // namespace weft::node
