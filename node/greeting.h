#pragma once
// How two nodes come to talk on a link: each asks with a hello until the other has answered, and
// messages pass from when the row of the other's boot is durable (S18). An answer names the hello
// that it answers: one that is late was perhaps to a former process of ours (S32).

#include "core/time.h"
#include "node/events.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>

namespace weft::node {

// Of this process's hellos: they count on from its nonce, so that an answer to a former process
// fits none of them (S32).
class HelloTokens {
public:
    explicit HelloTokens(std::uint64_t nonce) : nonce_(nonce) {}
    HelloToken next() { return {nonce_ + ++given_}; }
    bool gave(HelloToken token) const { return token.value - nonce_ - 1 < given_; }

private:
    std::uint64_t nonce_;
    std::uint64_t given_ = 0;
};

class Greeting {
public:
    // The link is there. `token`: of our hellos, another one for each link and each process.
    void on_up(HelloToken token);
    void on_down();
    // The process behind the link is another one. True: it must be asked.
    bool on_new_boot(HelloToken token);
    // What it answered counts no more. No hello becomes due by this.
    void on_condemned() {
        if (up()) stage_ = Stage::Asking;
    }

    // The token of the hello that is said now. It is due again until it is answered.
    HelloToken ask(Instant now);
    void on_asked(HelloToken question) { asked_ = question; }
    // The question to be answered now. `ready`: whoever has the answer may count on it.
    std::optional<HelloToken> take_question(bool ready);

    enum class Answer : std::uint8_t {
        Late,
        Refused,       // it takes nothing of us, for good
        RefusedAgain,  // that was known
        Taken,
    };
    bool answers_us(HelloToken token) const { return token != HelloToken{} && token == token_; }
    Answer on_answer(HelloToken token, Verdict refused);
    // True: messages pass from now on. `vouched`: the row of its boot is durable.
    bool greet(Instant now, bool vouched);

    bool up() const { return stage_ != Stage::Down; }
    bool greeted() const { return stage_ == Stage::Greeted; }
    HelloToken token() const { return token_; }
    Instant greeted_at() const { return greeted_at_; }
    Verdict refuses_us() const { return refuses_us_; }
    Instant deadline() const { return due_; }
    // `sound`: its disk is.
    void check(bool sound) const;

private:
    enum class Stage : std::uint8_t {
        Down,
        Asking,
        Answered,  // it answered our hello on this link
        Greeted,   // and the row of its boot is durable: messages pass both ways
    };

    Stage stage_ = Stage::Down;
    Instant greeted_at_{};
    Instant due_ = Instant::never();   // our hello
    HelloToken token_;                 // of our hellos on this link
    std::optional<HelloToken> asked_;  // the token of its hello that we still have to answer
    Verdict refuses_us_ = Verdict::Sound;
};

}  // namespace weft::node
