#include "node/founding.h"

#include "core/invariant.h"

#include <chrono>

namespace weft::node {

namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

}  // namespace

std::optional<Founding::Question> Founding::next(Instant now, const Seen& seen) {
    may_ask_ = seen.led && (seen.here ? seen.ready : seen.home);
    if (deadline() > now) return std::nullopt;
    const bool missing = state_ == State::Missing;
    state_ = missing ? State::Proposing : State::Asking;
    return missing ? Question::Found : Question::AreThere;
}

void Founding::asked(Instant now, std::optional<OwnTag> tag) {
    if (!tag) return ask_again(now);
    tag_ = *tag;
}

void Founding::on_end(Instant now, const OwnEnd& end) {
    if (end.tag != tag_) return;
    tag_ = {};
    const Reply& reply = end.reply;
    const bool answered = reply.outcome == Outcome::Done || reply.outcome == Outcome::Rejected;
    if (!answered) return ask_again(now);
    if (state_ == State::Asking) {
        state_ = reply.exists ? State::Done : State::Missing;
        return;
    }
    state_ = State::Done;
    const bool by_us = reply.revision.value == reply.index.value;  // else somebody was first
    if (reply.outcome == Outcome::Done && by_us)
        log_.info("mesh.founded", {{"index", reply.index}});
    if (reply.outcome == Outcome::Rejected)
        log_.error("mesh.founding_rejected", {{"why", reply.error.message}});
}

void Founding::ask_again(Instant now) {
    state_ = State::Unknown;
    retry_ = now + kRetry;
}

Instant Founding::deadline() const {
    if (!may_ask_) return Instant::never();
    if (state_ == State::Unknown) return retry_;
    return state_ == State::Missing ? Instant::long_ago() : Instant::never();
}

void Founding::check() const {
    WEFT_INVARIANT(waits() == (tag_ != OwnTag{}), "founding waits for {}", tag_.value);
}

}  // namespace weft::node
