#pragma once
// The first facts of the mesh: `!mesh/facts` is found empty and founded, once, whoever asks. Asked
// by who leads group 0 and by its home, wherever the leader is, and not before somebody could
// answer: the question and the proposal take the way of every command, so a second founder is told
// that there are facts.

#include "core/ids.h"
#include "core/log.h"
#include "core/time.h"
#include "node/own_requests.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace weft::node {

class Founding {
public:
    explicit Founding(weft::Log log) : log_(log) {}

    enum class Question : std::uint8_t { AreThere, Found };
    // What this node sees of group 0.
    struct Seen {
        bool led = false;    // somebody leads it
        bool here = false;   // this node does
        bool ready = false;  // and serves by now
        bool home = false;   // this node is where it belongs; need not be said of one that leads
    };
    // At the end of each round: what is to be asked now. Once it was carried to group 0 that is
    // told by asked().
    std::optional<Question> next(Instant now, const Seen& seen);
    // Nothing: it could not be carried.
    void asked(Instant now, std::optional<OwnTag> tag);
    // The end of any request of this node.
    void on_end(Instant now, const OwnEnd& end);

    // The mesh has its facts, or cannot get them from us.
    bool done() const { return state_ == State::Done; }
    // By what was seen last.
    Instant deadline() const;
    // What is asked was carried.
    void check() const;

    // How long an answer is waited for.
    static constexpr Duration kPatience = std::chrono::seconds(10);

private:
    enum class State : std::uint8_t { Unknown, Asking, Missing, Proposing, Done };
    bool waits() const { return state_ == State::Asking || state_ == State::Proposing; }
    void ask_again(Instant now);

    weft::Log log_;
    State state_ = State::Unknown;
    bool may_ask_ = false;
    Instant retry_ = Instant::long_ago();
    OwnTag tag_;  // of what is asked; zero: of nothing
};

}  // namespace weft::node
